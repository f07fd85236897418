//! The uses of each token -> judgements, with what the ledger knows.

use std::collections::{BTreeSet, HashSet};
use std::io;

use crate::detect::catalogue::judge_uses;
use crate::detect::clock::Clocks;
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
use crate::model::origin::Origin;
use crate::model::problem::{Problem, ProblemKind};
use crate::model::token_key::TokenKey;
use crate::model::token_use::TokenUse;
use crate::pipeline::alerts::posting::Posted;
use crate::pipeline::replay::gather::{Gathered, Learned};
use crate::pipeline::replay::habits::{Habits, Mark, Marker, Numbers};
use crate::pipeline::replay::hot::Hot;
use crate::pipeline::replay::keeping::Keeping;
use crate::pipeline::replay::packed::{Head, Kind, Unpacked};
use crate::pipeline::replay::recognize::recognize;
use crate::store::step::NewUse;
use crate::store::store::RecordId;

/// How long after a record could still be late a token that has none is judged once more, in seconds.
const LATER: i64 = 60;

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
    /// The same but for places, which somebody else notes.
    Placeless,
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

impl ReplayError {
    /// What it means for a run that goes on.
    #[must_use]
    pub fn problem(&self) -> Problem {
        Problem { origin: Origin::Memory("replay".into()), kind: ProblemKind::Ledger, message: self.to_string() }
    }
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
    /// Ids of those that an earlier run kept as they are.
    pub known: Vec<String>,
}

/// Who has a say in what is told and kept of a token.
pub trait Decide {
    /// May change it.
    fn decide(&mut self, judged: &mut Judged);

    /// What is committed with it: alerts, once it is known what earlier runs kept.
    ///
    /// # Errors
    ///
    /// [`ReplayError`]
    fn post(&mut self, judged: &Judged) -> Result<Posted, ReplayError>;
}

/// Nobody.
pub struct Nobody;

impl Decide for Nobody {
    fn decide(&mut self, _: &mut Judged) {}

    fn post(&mut self, _: &Judged) -> Result<Posted, ReplayError> {
        Ok(Posted::default())
    }
}

impl<'b> Bench<'b> {
    /// Judges every token that was gathered; `decide` may change what is told and kept of it, and `tell` hears of each of which there is something
    /// to tell.
    ///
    /// # Errors
    ///
    /// [`ReplayError`], and what `tell` says.
    pub fn judge(
        &'b self,
        gathered: &mut Gathered,
        decide: &mut dyn Decide,
        tell: &mut dyn FnMut(Judged) -> Result<(), ReplayError>,
    ) -> Result<(), ReplayError> {
        let mut habits = std::mem::take(&mut gathered.habits);
        let mut hot = gathered.hot.take();
        let clocks = gathered.requests.clocks();
        let root = |name| gathered.identities.root(name);
        let mut parts = std::mem::take(&mut gathered.spool).divide(&root)?;
        let mut hearing = Hearing { keeping: Keeping::new(self), decide, tell };
        let mut rest = std::mem::take(&mut gathered.rest);
        let lasts = gathered.learned != Learned::Dropped;
        // What was kept of earlier runs is met only now.
        let least = if self.memory == Memory::None { self.options.habit_uses } else { 0 };
        // How often somebody used anything is known when all tokens have been seen; it matters where a tool may be new.
        let mut later = Vec::with_capacity(parts.len());
        let (mut ignored, mut seen) = (0, HashSet::new());
        for part in &mut parts {
            let (loaded, mut waiting) = (part.load(&root)?, Vec::new());
            for (root, things) in loaded.tokens() {
                let told = Told::unpack(loaded.things(things))?;
                if let Some(hot) = &mut hot
                    && told.exposures.is_empty()
                    && hot.puts_off(&told.uses, self.now)
                {
                    hearing.keeping.put_off(&told.uses)?;
                    continue;
                }
                let new_tool = told.marks(self.options, &habits.numbers).any(|mark| habits.may_be_new(mark, least));
                let token = match self.token(root, told, &hearing.keeping)? {
                    Met::Token(token) => token,
                    Met::Ignored(uses) => {
                        ignored += uses;
                        continue;
                    }
                    Met::Unused => continue,
                };
                self.note(&token, &mut hot, &clocks);
                if lasts {
                    seen.insert(root);
                }
                let case = self.case(&token, &[], &clocks);
                if !case.is_handle() {
                    habits.count(&case);
                }
                if new_tool && !case.is_handle() {
                    waiting.push(root);
                } else {
                    let judged = self.judged(&token, &judge_uses(&case));
                    hearing.hear(judged, *token)?;
                }
            }
            later.push(waiting);
        }
        // Tokens that have waited, and those of which something else was told, are judged with the uses that were kept.
        let mut further: BTreeSet<u64> = hot.iter_mut().flat_map(|hot| hot.take_due(self.now)).collect();
        further.extend(std::mem::take(&mut gathered.concerned).into_iter().filter(|name| lasts && !seen.contains(&root(*name))));
        for name in further {
            self.judge_again(name, (&mut habits, &mut hot), &clocks, &mut hearing)?;
        }
        for (part, waiting) in parts.iter_mut().zip(later).filter(|(_, waiting)| !waiting.is_empty()) {
            let loaded = part.load(&root)?;
            for root in waiting {
                let Met::Token(token) = self.token(root, Told::unpack(loaded.things(loaded.of(root)))?, &hearing.keeping)? else { continue };
                let own = habits.of(&self.case(&token, &[], &clocks));
                let judged = self.judged(&token, &judge_uses(&self.case(&token, &own, &clocks)));
                hearing.hear(judged, *token)?;
            }
        }
        gathered.coverage.ignored += ignored;
        rest.values.extend(hot.iter_mut().flat_map(Hot::values));
        habits.limit();
        if gathered.learned == Learned::Kept {
            rest.values.extend([habits.to_value(), gathered.requests.to_value()]);
        }
        hearing.keeping.finish(rest)?;
        if lasts {
            (gathered.habits, gathered.hot) = (habits, hot);
        }
        Ok(())
    }

    /// Judges the token with this name by what was kept of it.
    fn judge_again(
        &'b self,
        name: u64,
        (habits, hot): (&mut Habits, &mut Option<Hot>),
        clocks: &Clocks,
        hearing: &mut Hearing<'_, 'b>,
    ) -> Result<(), ReplayError> {
        let Met::Token(token) = self.token(name, Told::default(), &hearing.keeping)? else { return Ok(()) };
        self.note(&token, hot, clocks);
        let case = self.case(&token, &[], clocks);
        let own = if case.is_handle() { Vec::new() } else { habits.recounted(&case) };
        let judged = self.judged(&token, &judge_uses(&self.case(&token, &own, clocks)));
        hearing.hear(judged, *token)
    }

    /// Notes that a token is judged, and when once more: one that its issuer's ledger should know is missed only when its record may be late no more.
    fn note(&'b self, token: &Token, hot: &mut Option<Hot>, clocks: &Clocks) {
        let Some(hot) = hot else { return };
        hot.judged(&token.keys, &token.uses, self.now);
        let case = self.case(token, &[], clocks);
        let is_missed = case.matched.is_none() && self.options.of_issuer(case.iss()).is_some_and(|issuer| issuer.authoritative);
        let first = token.uses.iter().filter_map(|one| one.what.record.time).min().filter(|_| is_missed);
        let until = first.map(|first| first.seconds() + self.options.lateness.0.as_secs() + LATER);
        if let Some(until) = until.filter(|until| *until > self.now.seconds()) {
            hot.look_again(token.key(), until);
        }
    }

    /// A token of what was told of it, with the uses that earlier runs kept, each once.
    fn token(&self, root: u64, Told { mut uses, mut exposures }: Told, keeping: &Keeping) -> Result<Met, ReplayError> {
        let (new, logged) = (keeping.new_uses(&uses), uses.len() as u64);
        keeping.recall(root, &mut uses)?;
        if uses.is_empty() {
            return Ok(Met::Unused);
        }
        let keys = keys(&uses);
        let (record, matched) = match recognize(self.ledger, &keys)? {
            Some((by, stored)) => (Some(stored.id), Some(self.ledger.answer(by, stored, self.now, self.now)?)),
            None => (None, None),
        };
        if self.options.ignores(&keys, matched.as_ref().map(|matched| &matched.issuance)) {
            return Ok(Met::Ignored(logged));
        }
        let family = matched.as_ref().map_or_else(|| Ok(Vec::new()), |matched| self.family(&matched.issuance))?;
        let found = exposures.clone();
        exposures.extend(matched.iter().flat_map(|matched| matched.exposures.iter().cloned()));
        exposures.sort_by(|a, b| (a.first_seen, &a.location, a.line).cmp(&(b.first_seen, &b.location, b.line)));
        Ok(Met::Token(Box::new(Token { uses: collapse(uses, self.options), keys, record, matched, family, found, exposures, new })))
    }

    fn case<'t>(&'t self, token: &'t Token, habits: &'t [Habit], clocks: &'t Clocks) -> Used<'t> {
        Used {
            key: token.key(),
            matched: token.matched.as_ref(),
            family: &token.family,
            exposures: &token.exposures,
            uses: &token.uses,
            habits,
            clocks,
            now: self.now,
            options: self.options,
        }
    }

    fn judged(&self, token: &Token, answers: &[Answer]) -> Judged {
        let raised = alerts(answers, self.options).map(|alarm| alarm.answers).unwrap_or_default();
        let judgement = |(at, answer)| judgement(token.key(), &token.uses, answer, raised.contains(&at));
        Judged {
            names: token.keys.iter().map(TokenKey::index).collect(),
            record: token.record,
            issuance: token.matched.as_ref().map(|matched| matched.issuance.clone()),
            judgements: answers.iter().enumerate().map(judgement).collect(),
            known: Vec::new(),
        }
    }

    fn family(&self, issuance: &Issuance) -> Result<Vec<Issuance>, ReplayError> {
        let Some(id) = &issuance.family_id else { return Ok(Vec::new()) };
        let all = self.ledger.store().family(id)?;
        Ok(all.into_iter().map(|stored| stored.issuance).filter(|one| one != issuance).collect())
    }
}

/// What was told of a token.
#[derive(Default)]
struct Told {
    uses: Vec<TokenUse>,
    exposures: Vec<Exposure>,
}

impl Told {
    fn unpack<'p>(things: impl ExactSizeIterator<Item = (Head, &'p [u8])>) -> io::Result<Self> {
        let (mut uses, mut exposures) = (Unpacked::with_capacity(things.len()), Vec::new());
        for (head, bytes) in things {
            match head.kind {
                Kind::Use | Kind::Again => uses.push(head, bytes)?,
                Kind::Exposure => exposures.push(serde_json::from_slice(bytes)?),
            }
        }
        Ok(Self { uses: uses.into_uses(), exposures })
    }

    /// What its records say of habits.
    fn marks(&self, options: &Options, numbers: &Numbers) -> impl Iterator<Item = Mark> {
        let mut marker = Marker::default();
        self.uses.iter().filter_map(move |what| marker.mark(&what.record, options, numbers))
    }
}

/// Who hears of tokens that were judged, in turn.
struct Hearing<'a, 'b> {
    keeping: Keeping<'b>,
    decide: &'a mut dyn Decide,
    tell: &'a mut dyn FnMut(Judged) -> Result<(), ReplayError>,
}

impl Hearing<'_, '_> {
    fn hear(&mut self, mut judged: Judged, token: Token) -> Result<(), ReplayError> {
        self.decide.decide(&mut judged);
        self.keeping.compare(&mut judged)?;
        self.keeping.post(self.decide.post(&judged)?);
        self.keeping.keep(token.new, &token.found, &judged)?;
        if judged.judgements.is_empty() { Ok(()) } else { (self.tell)(judged) }
    }
}

/// Every name, fingerprints first.
fn keys(uses: &[TokenUse]) -> Vec<TokenKey> {
    let mut keys: Vec<&TokenKey> = uses.iter().flat_map(|what| &what.presented.keys).collect();
    // Nearly all uses have the same ones.
    keys.dedup();
    keys.sort();
    keys.dedup();
    keys.into_iter().cloned().collect()
}

/// What things that were gathered under one name are of.
enum Met {
    /// A token that is judged.
    Token(Box<Token>),
    /// One of which nothing is said, with so many uses in this run.
    Ignored(u64),
    /// One that was never used.
    Unused,
}

/// A token and all that is known of it.
struct Token {
    /// Every name, fingerprints first.
    keys: Vec<TokenKey>,
    uses: Vec<Use>,
    record: Option<RecordId>,
    matched: Option<LedgerMatch>,
    family: Vec<Issuance>,
    /// Where it lay in this run.
    found: Vec<Exposure>,
    /// Where it lay, by the ledger too.
    exposures: Vec<Exposure>,
    /// Uses of this run, to be kept.
    new: Vec<NewUse>,
}

impl Token {
    /// The name by which it is judged: the record's fingerprint where it was logged or nothing better was.
    fn key(&self) -> &TokenKey {
        let own = self.matched.as_ref().and_then(|matched| matched.issuance.fp.as_ref());
        let own = own.filter(|fp| self.keys.contains(fp) || !self.keys.iter().any(TokenKey::is_fingerprint));
        own.or_else(|| self.keys.first()).expect("because a use has a key")
    }
}

fn judgement(key: &TokenKey, uses: &[Use], answer: &Answer, alert: bool) -> Judgement {
    let origins: Vec<_> = answer.uses.iter().filter_map(|at| uses[*at].origins().first()).take(MOST_USES).cloned().collect();
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
