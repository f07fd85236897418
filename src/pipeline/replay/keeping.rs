//! What a run keeps for later ones: uses, places and judgements of whole tokens, committed together.
//!
//! **Invariant:** a token's uses and what was judged of them are in one transaction; the same logs again add no use and no judgement.

use crate::model::exposure::Exposure;
use crate::model::instant::Instant;
use crate::model::judgement::Judgement;
use crate::model::token_key::TokenKey;
use crate::model::token_use::TokenUse;
use crate::pipeline::alerts::posting::Posted;
use crate::pipeline::replay::gather::Rest;
use crate::pipeline::replay::judge::{Bench, Judged, Memory, ReplayError};
use crate::store::step::{NewUse, NewValue, Seen, Step};

/// How many uses are committed together, about.
const TOGETHER: usize = 20_000;

/// What waits to be committed.
pub struct Keeping<'a> {
    bench: &'a Bench<'a>,
    uses: Vec<NewUse>,
    seen: Vec<Seen>,
    judgements: Vec<Judgement>,
    posted: Posted,
}

impl<'a> Keeping<'a> {
    /// Nothing waits.
    #[must_use]
    pub fn new(bench: &'a Bench<'a>) -> Self {
        Self { bench, uses: Vec::new(), seen: Vec::new(), judgements: Vec::new(), posted: Posted::default() }
    }

    /// Uses of this run as they will be kept; none where nothing is.
    #[must_use]
    pub fn new_uses(&self, uses: &[TokenUse]) -> Vec<NewUse> {
        if self.bench.memory == Memory::None { Vec::new() } else { uses.iter().map(new_use).collect() }
    }

    /// Adds the uses that earlier runs kept of a token, one of whose names has this index, to those of this run.
    ///
    /// # Errors
    ///
    /// [`ReplayError`]
    pub fn recall(&self, name: u64, uses: &mut Vec<TokenUse>) -> Result<(), ReplayError> {
        if self.bench.memory == Memory::None {
            return Ok(());
        }
        let mut names: Vec<u64> = uses.iter().flat_map(|what| &what.presented.keys).map(TokenKey::index).collect();
        names.push(name);
        names.sort_unstable();
        names.dedup();
        // A use that this version cannot read is left out; `ledger verify` tells of it.
        self.bench.ledger.store().uses(&names, &mut |json| uses.extend(serde_json::from_str::<TokenUse>(json).ok()))?;
        Ok(())
    }

    /// Takes over uses of a token that is judged later.
    ///
    /// # Errors
    ///
    /// [`ReplayError`]
    pub fn put_off(&mut self, uses: &[TokenUse]) -> Result<(), ReplayError> {
        let new = self.new_uses(uses);
        self.take(new)
    }

    fn take(&mut self, new: Vec<NewUse>) -> Result<(), ReplayError> {
        self.uses.extend(new);
        if self.uses.len() >= TOGETHER { self.commit(Vec::new()) } else { Ok(()) }
    }

    /// Compares what is said of a token with what earlier runs said: an answer that takes another one's place says so.
    ///
    /// # Errors
    ///
    /// [`ReplayError`]
    pub fn compare(&self, judged: &mut Judged) -> Result<(), ReplayError> {
        if self.bench.memory == Memory::None || judged.judgements.is_empty() {
            return Ok(());
        }
        let earlier = self.bench.ledger.store().judgements(&judged.names)?;
        for new in &mut judged.judgements {
            let same = |old: &&Judgement| old.verdict.id == new.verdict.id && old.slot == new.slot && old.id != new.id;
            new.supersedes = earlier.iter().find(same).map(|old| old.id.clone());
        }
        let as_it_was = |new: &&Judgement| earlier.iter().any(|old| old.id == new.id && old.alert == new.alert);
        judged.known = judged.judgements.iter().filter(as_it_was).map(|new| new.id.clone()).collect();
        Ok(())
    }

    /// Takes over who is told of it.
    pub fn post(&mut self, posted: Posted) {
        self.posted.add(posted);
    }

    /// Takes over what is kept of a token that was judged: its new uses, where it lay, and what was said of it.
    ///
    /// # Errors
    ///
    /// [`ReplayError`]
    pub fn keep(&mut self, new: Vec<NewUse>, exposures: &[Exposure], judged: &Judged) -> Result<(), ReplayError> {
        if self.bench.memory == Memory::None {
            return Ok(());
        }
        let noted = judged.record.filter(|_| self.bench.memory == Memory::Kept);
        self.seen.extend(noted.into_iter().flat_map(|record| exposures.iter().map(move |one| Seen { record, exposure: one.clone() })));
        self.judgements.extend(judged.judgements.iter().cloned());
        self.take(new)
    }

    /// Commits what waits, and the rest with it: behind everything that it rests on.
    ///
    /// # Errors
    ///
    /// [`ReplayError`]; then none of it was written.
    pub fn finish(mut self, rest: Rest) -> Result<(), ReplayError> {
        self.seen.extend(rest.seen);
        self.post(rest.posted);
        self.commit(rest.values)
    }

    fn commit(&mut self, mut values: Vec<NewValue>) -> Result<(), ReplayError> {
        values.append(&mut self.posted.values);
        let Posted { alerts, notes, .. } = &self.posted;
        // Alerts of a run without a memory live as long as the run.
        let is_idle = self.bench.memory == Memory::None && alerts.is_empty();
        if !is_idle {
            let step = Step { uses: &self.uses, seen: &self.seen, judgements: &self.judgements, values: &values, alerts, notes, ..Step::default() };
            self.bench.ledger.store().commit(&step)?;
            self.uses.clear();
            self.seen.clear();
            self.judgements.clear();
            self.posted.alerts.clear();
            self.posted.notes.clear();
        }
        Ok(())
    }
}

fn new_use(what: &TokenUse) -> NewUse {
    NewUse {
        names: what.presented.keys.iter().map(TokenKey::index).collect(),
        at: what.record.time.map(Instant::seconds),
        json: serde_json::to_string(what).expect("because uses can be written"),
    }
}
