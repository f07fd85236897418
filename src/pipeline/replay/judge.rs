//! The uses of each token -> judgements, with what the ledger knows.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;

use crate::detect::catalogue::judge_uses;
use crate::detect::collapse::collapse;
use crate::detect::options::Options;
use crate::detect::policy::alerts;
use crate::detect::used::{Answer, Habit, Use, Used};
use crate::ledger::ledger::{Ledger, LedgerError};
use crate::model::exposure::Exposure;
use crate::model::instant::Instant;
use crate::model::issuance::Issuance;
use crate::model::judgement::{Judgement, MOST_USES, judgement_id};
use crate::model::ledger_match::LedgerMatch;
use crate::model::token_key::TokenKey;
use crate::model::token_use::TokenUse;
use crate::pipeline::replay::gather::{Gathered, Group};
use crate::pipeline::replay::keeping::Keeping;
use crate::store::store::RecordId;

/// What judgement cannot do without.
pub struct Bench<'a> {
    /// What the ledger knows.
    pub ledger: &'a Ledger,
    /// Thresholds, exceptions, settings of issuers.
    pub options: &'a Options,
    /// The time of judgement.
    pub now: Instant,
    /// Whether uses and judgements are kept in the ledger's store, and earlier ones judged with.
    pub memory: Memory,
}

/// What a run leaves behind.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Memory {
    /// Nothing.
    None,
    /// Uses, places and judgements, for later runs.
    Kept,
}

/// Why a run cannot be judged.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The ledger.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The store.
    #[error(transparent)]
    Store(#[from] crate::store::error::StoreError),
    /// The file for what does not fit in memory.
    #[error("uses cannot be kept in a temporary file: {0}\nhint: set TMPDIR to a directory with more room")]
    Spool(#[from] io::Error),
    /// What is told cannot be written.
    #[error(transparent)]
    Output(io::Error),
}

/// A token that was judged.
pub struct Judged {
    /// Every index of its names.
    pub names: Vec<u64>,
    /// Its record in the ledger.
    pub record: Option<RecordId>,
    /// The issued-token record, where the ledger knows the token.
    pub issuance: Option<Issuance>,
    /// What is told of it, worst first.
    pub judgements: Vec<Judgement>,
}

impl Bench<'_> {
    /// Judges every token that was gathered; `decide` may change what is told and kept of it, and `tell` hears of each of which there is something to tell.
    ///
    /// # Errors
    ///
    /// [`ReplayError`], and what `tell` says.
    pub fn judge(
        &self,
        gathered: &mut Gathered,
        decide: &mut dyn FnMut(&mut Judged),
        tell: &mut dyn FnMut(Judged) -> Result<(), ReplayError>,
    ) -> Result<(), ReplayError> {
        let mut exposed: HashMap<u64, Vec<Exposure>> = HashMap::new();
        for (name, exposure) in std::mem::take(&mut gathered.exposed) {
            exposed.entry(gathered.identities.root(name)).or_default().push(exposure);
        }
        gathered.divide()?;
        let mut habits = Habits::default();
        // What identities are used to depends on all parts.
        if gathered.parts() > 1 {
            for number in 0..gathered.parts() {
                for one in self.collapsed(gathered.part(number)?, &mut Keeping::new(self))? {
                    habits.add(&one.uses, self.options);
                }
            }
        }
        for number in 0..gathered.parts() {
            let mut keeping = Keeping::new(self);
            let tokens = self.collapsed(gathered.part(number)?, &mut keeping)?;
            if gathered.parts() == 1 {
                for one in &tokens {
                    habits.add(&one.uses, self.options);
                }
            }
            for Token { root, keys, uses } in &tokens {
                let exposures = exposed.remove(root).unwrap_or_default();
                let mut judged = self.token(keys, uses, &exposures, &habits)?;
                decide(&mut judged);
                keeping.keep(*root, &exposures, &mut judged)?;
                if !judged.judgements.is_empty() {
                    tell(judged)?;
                }
            }
            keeping.commit()?;
        }
        Ok(())
    }

    /// The uses of each token, with those that earlier runs kept, each once.
    fn collapsed(&self, groups: Vec<Group>, keeping: &mut Keeping) -> Result<Vec<Token>, ReplayError> {
        let mut tokens = Vec::with_capacity(groups.len());
        for (root, mut uses) in groups {
            keeping.recall(root, &mut uses)?;
            tokens.push(Token { root, keys: keys(&uses), uses: collapse(uses, self.options) });
        }
        Ok(tokens)
    }

    fn token(&self, keys: &[TokenKey], uses: &[Use], found: &[Exposure], habits: &Habits) -> Result<Judged, ReplayError> {
        let (record, matched) = self.matched(keys)?.unzip();
        let mut exposures = found.to_vec();
        let issuance = matched.as_ref().map(|matched| &matched.issuance);
        let family = issuance.map_or_else(|| Ok(Vec::new()), |issuance| self.family(issuance))?;
        exposures.extend(matched.iter().flat_map(|matched| matched.exposures.iter().cloned()));
        exposures.sort_by(|a, b| (a.first_seen, &a.location, a.line).cmp(&(b.first_seen, &b.location, b.line)));
        let own = issuance.and_then(|issuance| issuance.fp.clone()).filter(|fp| keys.contains(fp) || !keys.iter().any(is_fingerprint));
        let key = own.or_else(|| keys.first().cloned()).expect("because a use has a key");
        let who: BTreeSet<Cow<str>> = uses.iter().flat_map(|one| identities(one, self.options)).collect();
        let habits: Vec<Habit> = who.iter().flat_map(|identity| habits.of(identity)).collect();
        let case = Used {
            key: &key,
            matched: matched.as_ref(),
            family: &family,
            exposures: &exposures,
            uses,
            habits: &habits,
            now: self.now,
            options: self.options,
        };
        let answers = judge_uses(&case);
        let raised = alerts(&answers, self.options).map(|alarm| alarm.answers).unwrap_or_default();
        let judgements = answers.iter().enumerate().map(|(at, answer)| judgement(&key, uses, answer, raised.contains(&at))).collect();
        let names = keys.iter().map(TokenKey::index).collect();
        Ok(Judged { names, record, judgements, issuance: matched.map(|matched| matched.issuance) })
    }

    /// What the ledger says. A JWT that only claims another token's id is not that token.
    fn matched(&self, keys: &[TokenKey]) -> Result<Option<(RecordId, LedgerMatch)>, ReplayError> {
        let Some((by, stored)) = self.ledger.find(keys)? else { return Ok(None) };
        let known: Vec<TokenKey> = stored.issuance.keys().into_iter().filter(is_fingerprint).collect();
        let forged = matches!(by, TokenKey::JwtId { .. }) && !known.is_empty() && keys.iter().any(is_fingerprint);
        let id = stored.id;
        if forged { Ok(None) } else { Ok(Some((id, self.ledger.answer(by, stored, self.now, self.now)?))) }
    }

    fn family(&self, issuance: &Issuance) -> Result<Vec<Issuance>, ReplayError> {
        let Some(id) = &issuance.family_id else { return Ok(Vec::new()) };
        let all = self.ledger.store().family(id)?;
        Ok(all.into_iter().map(|stored| stored.issuance).filter(|one| one != issuance).collect())
    }
}

fn is_fingerprint(key: &TokenKey) -> bool {
    matches!(key, TokenKey::Fingerprint(_))
}

/// Every name, fingerprints first.
fn keys(uses: &[TokenUse]) -> Vec<TokenKey> {
    let keys: BTreeSet<&TokenKey> = uses.iter().flat_map(|what| &what.presented.keys).collect();
    keys.into_iter().cloned().collect()
}

/// A token and its uses.
struct Token {
    root: u64,
    keys: Vec<TokenKey>,
    uses: Vec<Use>,
}

/// What identities used, over all tokens of a run.
#[derive(Default)]
struct Habits(HashMap<String, Custom>);

/// How often an identity used anything, and each tool for the first time.
#[derive(Default)]
struct Custom {
    uses: u64,
    tools: BTreeMap<String, Instant>,
}

impl Habits {
    fn of(&self, identity: &str) -> Vec<Habit> {
        let Some(own) = self.0.get(identity) else { return Vec::new() };
        let habit = |(tool, first): (&String, &Instant)| Habit { identity: identity.to_owned(), tool: tool.clone(), first: *first, uses: own.uses };
        own.tools.iter().map(habit).collect()
    }

    fn add(&mut self, uses: &[Use], options: &Options) {
        for one in uses {
            for identity in identities(one, options) {
                if !self.0.contains_key(&*identity) {
                    self.0.insert(identity.clone().into_owned(), Custom::default());
                }
                let own = self.0.get_mut(&*identity).expect("because it was just put there");
                own.uses += 1;
                let (Some(tool), Some(time)) = (&one.what.record.tool, one.what.record.time) else { continue };
                match own.tools.get_mut(tool) {
                    Some(first) => *first = time.min(*first),
                    None => drop(own.tools.insert(tool.clone(), time)),
                }
            }
        }
    }
}

/// The names under which somebody has habits, each once.
fn identities<'a>(one: &'a Use, options: &Options) -> Vec<Cow<'a, str>> {
    let record = &one.what.record;
    let workload = record.principal.as_ref().map(|id| options.workload(id, None)).filter(|id| Some(id) != record.principal.as_ref());
    let said = [&record.agent_id, &record.client_id, &record.principal].into_iter().flatten().map(|id| Cow::Borrowed(id.as_str()));
    let mut all: Vec<Cow<str>> = said.chain(workload.map(Cow::Owned)).collect();
    all.sort_unstable();
    all.dedup();
    all
}

fn judgement(key: &TokenKey, uses: &[Use], answer: &Answer, alert: bool) -> Judgement {
    let origins: Vec<_> = answer.uses.iter().filter_map(|at| uses[*at].hops.first()).take(MOST_USES).cloned().collect();
    Judgement {
        id: judgement_id(&answer.verdict.id, key, &answer.slot, answer.verdict.severity, origins.first()),
        supersedes: None,
        token: key.clone(),
        slot: answer.slot.clone(),
        at: answer.at,
        verdict: answer.verdict.clone(),
        uses: origins,
        alert,
        decision: None,
    }
}
