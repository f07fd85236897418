//! What a state tells of following: counters, and how far each file was read.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::grade::Severity;
use crate::model::instant::Instant;
use crate::model::problem::Problem;
use crate::store::error::StoreError;
use crate::store::step::NewValue;
use crate::store::store::Store;

/// The name under which counters are kept.
const NAME: &str = "watch/counters";

/// How many problems are remembered.
const LAST: usize = 20;

/// What was counted since the beginning of a state.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct Counters {
    /// Bytes.
    pub bytes: u64,
    /// Findings that were told.
    pub findings: u64,
    /// The same by severity.
    pub severities: BTreeMap<Severity, u64>,
    /// Uses that records told of.
    pub uses: u64,
    /// Judgements that were told, until the last step but one.
    pub judgements: u64,
    /// What was not read.
    pub problems: u64,
    /// The last of that, the latest first.
    pub last_problems: Vec<Noted>,
    /// Steps that were committed.
    pub steps: u64,
    /// When the last one was.
    pub at: Option<Instant>,
}

/// A problem as it is kept.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Noted {
    /// When it was met.
    pub at: Instant,
    /// What it is about.
    pub place: String,
    /// The class it falls in.
    pub kind: String,
    /// What happened.
    pub message: String,
}

impl Counters {
    /// Reads what is kept.
    ///
    /// # Errors
    ///
    /// [`StoreError`]
    pub fn read(store: &dyn Store) -> Result<Self, StoreError> {
        Ok(store.value(NAME)?.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default())
    }

    /// Counts a step.
    pub fn add(&mut self, bytes: u64, uses: u64, now: Instant) {
        self.bytes += bytes;
        self.uses += uses;
        self.steps += 1;
        self.at = Some(now);
    }

    /// Counts a finding.
    pub fn add_finding(&mut self, severity: Severity) {
        self.findings += 1;
        *self.severities.entry(severity).or_default() += 1;
    }

    /// Counts a problem.
    pub fn add_problem(&mut self, problem: &Problem, at: Instant) {
        self.problems += 1;
        self.last_problems.truncate(LAST - 1);
        let (place, kind) = (problem.origin.to_string(), problem.kind.as_str().to_owned());
        self.last_problems.insert(0, Noted { at, place, kind, message: problem.message.clone() });
    }

    /// As it is kept.
    #[must_use]
    pub fn to_value(&self) -> NewValue {
        NewValue { name: NAME.to_owned(), bytes: Some(serde_json::to_vec(self).expect("because counters can be written")) }
    }
}
