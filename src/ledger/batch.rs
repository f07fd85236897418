//! One import's records on their way into the store: judges which can be new, and counts.

use std::collections::{BTreeSet, HashSet};

use crate::ledger::filter::{Filter, part_of};
use crate::model::instant::Instant;
use crate::model::issuance::Issuance;
use crate::model::known::{Gram, MayHold as _};
use crate::model::lifecycle::LifecycleEvent;
use crate::model::token_key::TokenKey;
use crate::store::store::{Checkpoint, Incoming, NewIssuance, Novelty, RecordId, Tail};

/// From this many new indices on, a batch brings a part of the filter.
const PART_FROM: usize = 20_000;

/// One record or fact, ready to be written.
#[derive(Debug)]
pub enum Ready {
    /// A record.
    Issued(NewIssuance),
    /// A fact.
    Event(LifecycleEvent),
}

impl Ready {
    /// A record with the way to find it between any bytes.
    #[must_use]
    pub fn issued(issuance: &Issuance, gram: Option<Gram>) -> Self {
        let keys = issuance.keys();
        let is_plain = keys.iter().any(|key| matches!(key, TokenKey::Fingerprint(fingerprint) if fingerprint.key_id().is_none()));
        Self::Issued(NewIssuance {
            json: serde_json::to_string(issuance).expect("because records can be written"),
            indices: keys.iter().map(TokenKey::index).collect(),
            family: issuance.family_index(),
            expires: issuance.expires_at.map(Instant::seconds),
            novelty: Novelty::Perhaps,
            gram,
            length: is_plain.then(|| issuance.length.unwrap_or(0)),
        })
    }
}

/// Records and facts up to a limit, from wherever they come.
pub struct Batch<'a> {
    /// What is known.
    pub filter: &'a Filter,
    /// Where records come from; none when the source has ended.
    pub source: &'a mut dyn FnMut() -> Option<(Ready, Option<Checkpoint>)>,
    /// How many records at most.
    pub limit: usize,
    /// Whether the source has ended.
    pub ended: bool,
    /// The indices that became known, and the part over them.
    pub written: (Vec<u64>, Option<Vec<u8>>),
    /// Lengths of its tokens (see `NewIssuance::length`).
    pub lengths: BTreeSet<u32>,
    seen: HashSet<u64>,
    judged: bool,
    events: Vec<LifecycleEvent>,
    checkpoint: Option<Checkpoint>,
    taken: usize,
}

impl<'a> Batch<'a> {
    /// A batch that begins now.
    #[must_use]
    pub fn new(filter: &'a Filter, limit: usize, source: &'a mut dyn FnMut() -> Option<(Ready, Option<Checkpoint>)>) -> Self {
        Self {
            filter,
            source,
            limit,
            ended: false,
            written: (Vec::new(), None),
            lengths: BTreeSet::new(),
            seen: HashSet::new(),
            judged: true,
            events: Vec::new(),
            checkpoint: None,
            taken: 0,
        }
    }

    /// Whether nobody else had written since the filter was read.
    #[must_use]
    pub fn was_judged(&self) -> bool {
        self.judged
    }

    /// A record is new when neither the filter nor this batch knows any of its names.
    fn novelty(&mut self, indices: &[u64]) -> Novelty {
        let known = !self.judged || indices.iter().any(|index| self.filter.may_hold(*index));
        let twice = indices.iter().filter(|index| !self.seen.insert(**index)).count() > 0;
        if known || twice { Novelty::Perhaps } else { Novelty::New }
    }
}

impl Incoming for Batch<'_> {
    fn begin(&mut self, last: RecordId) {
        self.judged = last == self.filter.last();
    }

    fn next(&mut self) -> Option<NewIssuance> {
        while self.taken < self.limit {
            let Some((ready, checkpoint)) = (self.source)() else {
                self.ended = true;
                return None;
            };
            self.checkpoint = checkpoint.or(self.checkpoint.take());
            self.taken += 1;
            match ready {
                Ready::Event(event) => self.events.push(event),
                Ready::Issued(new) => {
                    let novelty = self.novelty(&new.indices);
                    self.lengths.extend(new.length);
                    return Some(NewIssuance { novelty, ..new });
                }
            }
        }
        None
    }

    fn finish(&mut self, indices: &[u64]) -> Tail {
        let filter = if indices.len() >= PART_FROM { part_of(indices) } else { None };
        self.written = (indices.to_vec(), filter.clone());
        Tail { events: std::mem::take(&mut self.events), checkpoint: self.checkpoint.take(), filter }
    }
}
