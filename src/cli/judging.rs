//! What `beartrap replay` and `beartrap scan --replay` share: from gathered uses to what is told of them.

use std::collections::HashSet;
use std::io::Write;
use std::sync::Arc;

use anyhow::Context as _;

use crate::cli::ledger::{fill_random, open};
use crate::config::file::Settings;
use crate::config::ledger_flags::StateFlags;
use crate::config::replay_flags::JudgingFlags;
use crate::ledger::batch::Ready;
use crate::ledger::import::context::GramOf;
use crate::ledger::import::entry::Entry;
use crate::ledger::ledger::Ledger;
use crate::model::exposure::Reach;
use crate::model::grade::Severity;
use crate::model::instant::Instant;
use crate::model::judgement::Judgement;
use crate::model::problem::Problem;
use crate::observe::mapping::Mapping;
use crate::outputs::judgement::format::JudgementOutput;
use crate::pipeline::alerts::posting::{Posted, Posting};
use crate::pipeline::policy::Policy;
use crate::pipeline::replay::gather::Gathered;
use crate::pipeline::replay::judge::{Bench, Decide, Judged, Memory, ReplayError};
use crate::pipeline::replay::sight::Reading;
use crate::store::sqlite::Sqlite;

/// How uses are judged.
pub struct Judging {
    /// Thresholds, exceptions, issuers.
    pub settings: Settings,
    /// How records of the user's own formats are read.
    pub mapping: Option<Arc<Mapping>>,
    /// What decides about judgements.
    pub policy: Option<Policy>,
    /// The time of judgement.
    pub now: Instant,
    /// Who is told by alerts.
    pub posting: Option<Posting>,
}

/// Which judgements are told.
#[derive(Default)]
pub struct Wanted {
    /// What happened from this time on.
    pub since: Option<Instant>,
    /// Only these detections, where there are any.
    pub only: Vec<String>,
    /// Not these.
    pub disable: Vec<String>,
    /// Also what is not enough for an alert.
    pub all: bool,
    /// Ids of what was told before and is not told again, where somebody remembers.
    pub told: Option<HashSet<String>>,
}

/// What was told.
#[derive(Default)]
pub struct Told {
    /// Judgements.
    pub judgements: u64,
    /// Their ids, as far as somebody remembers them.
    pub ids: Vec<String>,
    /// Judgements that the policy dropped.
    pub dropped: u64,
    /// The worst severity of an alert.
    pub worst: Option<Severity>,
    /// Why decisions were not made.
    pub problems: Vec<Problem>,
}

impl Wanted {
    fn has(&self, judgement: &Judgement) -> bool {
        self.is_about(judgement) && (self.all || judgement.alert) && !self.told.as_ref().is_some_and(|told| told.contains(&judgement.id))
    }

    /// Whether it is told now: where somebody remembers, only what is new.
    fn tells(&self, judgement: &Judgement, judged: &Judged) -> bool {
        self.has(judgement) && (self.told.is_none() || !judged.known.contains(&judgement.id))
    }

    fn is_about(&self, judgement: &Judgement) -> bool {
        let id = &judgement.verdict.id;
        let chosen = (self.only.is_empty() || self.only.contains(id)) && !self.disable.contains(id);
        let recent = self.since.is_none_or(|since| judgement.at.is_none_or(|at| at >= since));
        chosen && recent
    }
}

impl Judging {
    /// Reads settings, mapping and policy.
    ///
    /// # Errors
    ///
    /// A file that cannot be read or is wrong.
    pub fn new(flags: &JudgingFlags, now: Instant) -> anyhow::Result<Self> {
        let settings = Settings::read(flags.settings.config.as_deref())?;
        let policy = flags.policy.as_deref().map(Policy::read).transpose()?;
        Ok(Self { settings, mapping: mapping(flags)?, policy, now, posting: None })
    }

    /// How records are read, by somebody who makes n-grams of raw tokens so.
    #[must_use]
    pub fn reading<'a>(&'a self, reach: Option<Reach>, gram_of: GramOf<'a>) -> Reading<'a> {
        Reading { mapping: self.mapping.as_ref(), reach, now: self.now, options: &self.settings.detect, gram_of, thorough: false }
    }

    /// Judges what was gathered, and tells what is wanted of it.
    ///
    /// # Errors
    ///
    /// The ledger fails, or what is told cannot be written.
    pub fn tell(
        &mut self,
        gathered: &mut Gathered,
        (ledger, memory): (&Ledger, Memory),
        wanted: &Wanted,
        (output, out): (&mut dyn JudgementOutput, &mut dyn Write),
    ) -> anyhow::Result<Told> {
        import(ledger, gathered)?;
        let mut told = Told::default();
        let bench = Bench { ledger, options: &self.settings.detect, now: self.now, memory };
        let mut decide = Deciding { policy: self.policy.as_mut(), posting: self.posting.as_mut(), wanted, ledger, now: self.now };
        let judged = bench.judge(gathered, &mut decide, &mut |judged: Judged| {
            told.dropped += judged.judgements.iter().filter(|judgement| wanted.is_about(judgement) && is_dropped(judgement)).count() as u64;
            for judgement in judged.judgements.iter().filter(|judgement| wanted.tells(judgement, &judged)) {
                told.judgements += 1;
                told.ids.extend(wanted.told.is_some().then(|| judgement.id.clone()));
                told.worst = told.worst.max(Some(judgement.verdict.severity).filter(|_| judgement.alert));
                output.judgement(out, judgement).map_err(ReplayError::Output)?;
            }
            Ok(())
        });
        judged.map_err(|error| match error {
            ReplayError::Output(error) => anyhow::Error::from(error),
            error => error.into(),
        })?;
        output.finish(out)?;
        told.problems.extend(self.policy.iter().flat_map(Policy::problems));
        Ok(told)
    }
}

/// Who has a say in what is told and kept: the policy, and who posts alerts.
struct Deciding<'a> {
    policy: Option<&'a mut Policy>,
    posting: Option<&'a mut Posting>,
    wanted: &'a Wanted,
    ledger: &'a Ledger,
    now: Instant,
}

impl Decide for Deciding<'_> {
    fn decide(&mut self, judged: &mut Judged) {
        if let Some(policy) = &mut self.policy {
            policy.decide(&mut judged.judgements, judged.issuance.as_ref());
        }
    }

    fn post(&mut self, judged: &Judged) -> Result<Posted, ReplayError> {
        let Some(posting) = &mut self.posting else { return Ok(Posted::default()) };
        for judgement in judged.judgements.iter().filter(|judgement| self.wanted.tells(judgement, judged) && judgement.alert) {
            posting.judged(judgement, judged.issuance.as_ref(), self.ledger, self.now)?;
        }
        Ok(posting.take())
    }
}

fn is_dropped(judgement: &Judgement) -> bool {
    judgement.decision.as_ref().is_some_and(|decision| decision.dropped)
}

fn mapping(flags: &JudgingFlags) -> anyhow::Result<Option<Arc<Mapping>>> {
    let Some(path) = &flags.mapping else { return Ok(None) };
    let text = std::fs::read_to_string(path).with_context(|| format!("{}: cannot read the mapping", path.display()))?;
    Ok(Some(Arc::new(Mapping::parse(&text).with_context(|| path.display().to_string())?)))
}

/// The user's ledger, or one of this run only.
///
/// # Errors
///
/// A state that cannot be used.
pub fn ledger(flags: &StateFlags) -> anyhow::Result<Arc<Ledger>> {
    if flags.state.is_some() {
        return Ok(Arc::new(open(flags)?));
    }
    let mut random = [0; 16];
    fill_random(&mut random)?;
    Ok(Arc::new(Ledger::open(Box::new(Sqlite::in_memory()?), random)?))
}

/// Takes the issuances and facts over that logs told.
fn import(ledger: &Ledger, gathered: &mut Gathered) -> anyhow::Result<()> {
    let mut entries = gathered.take_entries().into_iter();
    ledger.import(&mut || {
        let ready = match entries.next()? {
            Entry::Issued(issued) => Ready::issued(&issued.record, issued.gram),
            Entry::Event(event) => Ready::Event(event),
        };
        Some((ready, None))
    })?;
    Ok(())
}
