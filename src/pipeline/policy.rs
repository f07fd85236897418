//! A policy in Rego, which may raise, lower or drop a judgement and name what is to be done.
//!
//! **Invariant:** what it decided stands in the judgement; a judgement that it failed at stays as it was, and the failure is a problem.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Value, json};

use crate::model::decision::Decision;
use crate::model::grade::Severity;
use crate::model::issuance::Issuance;
use crate::model::judgement::Judgement;
use crate::model::origin::Origin;
use crate::model::problem::{Problem, ProblemKind};

/// The rule that is asked about every judgement.
const RULE: &str = "data.beartrap.decision";

/// Why a policy cannot be used at all.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// The file.
    #[error("{}: cannot read the policy: {source}", path.display())]
    Unreadable {
        /// Where it should be.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// Its text; the message names file, line and column where there are some.
    #[error("{0}\nhint: a policy is Rego in `package beartrap` with a rule `decision` (docs/policy.md)")]
    Invalid(String),
    /// This program.
    #[error("this program was built without Rego\nhint: build it with `--features rego`")]
    NotBuilt,
}

/// What answers: an input -> the rule's value, `None` where it has none; else what went wrong.
type Ask = Box<dyn FnMut(Value) -> Result<Option<Value>, String>>;

/// A policy and what it failed at.
pub struct Policy {
    path: PathBuf,
    ask: Ask,
    failures: BTreeMap<String, u64>,
}

/// What the rule may say; an unknown key is a mistake that would otherwise change nothing in silence.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    severity: Option<Severity>,
    #[serde(default)]
    drop: bool,
    action: Option<String>,
    why: Option<String>,
}

impl Policy {
    /// Reads and checks a policy.
    ///
    /// # Errors
    ///
    /// [`PolicyError`]
    pub fn read(path: &Path) -> Result<Self, PolicyError> {
        let text = std::fs::read_to_string(path).map_err(|source| PolicyError::Unreadable { path: path.to_owned(), source })?;
        let ask = compile(&path.display().to_string(), text)?;
        Ok(Self { path: path.to_owned(), ask, failures: BTreeMap::new() })
    }

    /// Asks about the judgements on one token, and puts what was decided into them, the worst first.
    pub fn decide(&mut self, judgements: &mut [Judgement], issuance: Option<&Issuance>) {
        for judgement in &mut *judgements {
            match self.said(judgement, issuance) {
                Ok(said) => said.into_iter().for_each(|said| self.put(said, judgement)),
                Err(message) => *self.failures.entry(message).or_default() += 1,
            }
        }
        judgements.sort_by_key(|judgement| std::cmp::Reverse(judgement.verdict.severity));
    }

    /// What it failed at, each sort of failure once.
    #[must_use]
    pub fn problems(&self) -> Vec<Problem> {
        let problem = |(message, count): (&String, &u64)| Problem {
            origin: Origin::Memory("policy".into()),
            kind: ProblemKind::Policy,
            message: format!("{message}; {count} of the judgements left as they were"),
        };
        self.failures.iter().map(problem).collect()
    }

    fn said(&mut self, judgement: &Judgement, issuance: Option<&Issuance>) -> Result<Option<Said>, String> {
        let input = match issuance {
            Some(issuance) => json!({"judgement": judgement, "issuance": issuance}),
            None => json!({"judgement": judgement}),
        };
        let Some(value) = (self.ask)(input)? else { return Ok(None) };
        serde_json::from_value(value).map(Some).map_err(|error| format!("{}: `{RULE}` is no decision: {error}", self.path.display()))
    }

    /// The id stays: it says what was judged, so that another policy makes no new judgement of it.
    fn put(&self, said: Said, judgement: &mut Judgement) {
        let before = judgement.verdict.severity;
        let after = said.severity.unwrap_or(before);
        judgement.verdict.severity = after;
        judgement.alert = !said.drop
            && match after.cmp(&before) {
                Ordering::Greater => after >= Severity::Medium,
                Ordering::Equal => judgement.alert,
                Ordering::Less => judgement.alert && after >= Severity::Medium,
            };
        let policy = self.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        judgement.decision = Some(Decision { policy, before, after, dropped: said.drop, action: said.action, why: said.why });
    }
}

#[cfg(feature = "rego")]
fn compile(name: &str, text: String) -> Result<Ask, PolicyError> {
    crate::pipeline::policy::rego::compile(name, text, RULE).map_err(PolicyError::Invalid)
}

#[cfg(not(feature = "rego"))]
fn compile(_: &str, _: String) -> Result<Ask, PolicyError> {
    Err(PolicyError::NotBuilt)
}

#[cfg(feature = "rego")]
mod rego;
