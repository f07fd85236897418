//! What every store can do; the contract tests hold all of them to it.
//!
//! **Invariant:** a call that writes is one transaction: all of it is there after a crash, or nothing.

use crate::model::exposure::Exposure;
use crate::model::instant::Instant;
use crate::model::issuance::Issuance;
use crate::model::judgement::Judgement;
use crate::model::known::Gram;
use crate::model::lifecycle::{LifecycleEvent, Target};
use crate::model::token_key::TokenKey;
use crate::store::audit::Audit;
use crate::store::error::StoreError;
use crate::store::outbox::Outbox;
use crate::store::step::{Committed, Step};

/// Number of a record in its store; grows with every new one, and is never given twice.
pub type RecordId = i64;

/// A record and its number.
#[derive(Clone, PartialEq, Debug)]
pub struct Stored {
    /// Its number.
    pub id: RecordId,
    /// The record.
    pub issuance: Issuance,
}

/// A record to be written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewIssuance {
    /// The record as one line of JSON.
    pub json: String,
    /// The indices of its names.
    pub indices: Vec<u64>,
    /// The index of its family (see `Issuance::family_index`), by which it is found too.
    pub family: Option<u64>,
    /// When it expires, in seconds since 1970-01-01T00:00:00Z.
    pub expires: Option<i64>,
    /// Whether a record with one of its names may be there already.
    pub novelty: Novelty,
    /// How it can be found between any bytes.
    pub gram: Option<Gram>,
    /// The token's length in octets, 0 where it is not known; none where no plain fingerprint names the token.
    pub length: Option<u32>,
}

/// Whether a record may be known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Novelty {
    /// No record has any of its names.
    New,
    /// One may have.
    Perhaps,
}

/// What is written together, handed over piece by piece so that a large batch needs little memory.
pub trait Incoming {
    /// The transaction has begun; `last` is the newest record, which others may have written since novelty was judged.
    fn begin(&mut self, last: RecordId);

    /// The next record.
    fn next(&mut self) -> Option<NewIssuance>;

    /// All records were taken; `indices` are those of names and grams that are new.
    fn finish(&mut self, indices: &[u64]) -> Tail;
}

/// What is written after the records.
#[derive(Default, Debug)]
pub struct Tail {
    /// Facts.
    pub events: Vec<LifecycleEvent>,
    /// How far the source has been read.
    pub checkpoint: Option<Checkpoint>,
    /// A filter over the new indices; without one they are kept one by one until filters are merged.
    pub filter: Option<Vec<u8>>,
}

/// A few records and facts.
#[derive(Default, Debug)]
pub struct Few {
    /// Records, each of which may be known.
    pub issued: std::collections::VecDeque<NewIssuance>,
    /// Facts.
    pub events: Vec<LifecycleEvent>,
}

impl Incoming for Few {
    fn begin(&mut self, _: RecordId) {}

    fn next(&mut self) -> Option<NewIssuance> {
        let new = self.issued.pop_front()?;
        Some(NewIssuance { novelty: Novelty::Perhaps, ..new })
    }

    fn finish(&mut self, _: &[u64]) -> Tail {
        Tail { events: std::mem::take(&mut self.events), ..Tail::default() }
    }
}

/// How far a source was imported.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Checkpoint {
    /// The source's name: path, and a hash of its first bytes.
    pub source: String,
    /// Offset in bytes of what comes next.
    pub offset: u64,
    /// Lines before it.
    pub line: u64,
}

/// What came of a batch.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Written {
    /// Records that were not there.
    pub new: u64,
    /// Records that were there with other content, which now holds both.
    pub updated: u64,
    /// Records that were there.
    pub known: u64,
    /// Facts that were not there.
    pub events: u64,
    /// The last number that was given.
    pub last: RecordId,
}

/// A serialized filter over 64-bit indices.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FilterPart {
    /// `merged` parts cover all indices whose upper bits are `number`; others cover one batch.
    pub merged: bool,
    /// Number of the part.
    pub number: u32,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// All parts of the filter, and the indices that none of them covers.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct FilterState {
    /// The parts.
    pub parts: Vec<FilterPart>,
    /// Indices of names and grams that were written since.
    pub late: Vec<u64>,
    /// The last number that was given to what is covered.
    pub last: RecordId,
    /// Lengths that records have told (see `NewIssuance::length`); those of records that are gone may be among them.
    pub lengths: Vec<u32>,
}

/// Numbers about a store.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Counts {
    /// Records.
    pub records: u64,
    /// Names of tokens.
    pub keys: u64,
    /// Facts.
    pub events: u64,
    /// Places where tokens were seen.
    pub exposures: u64,
    /// Tokens that can be found between any bytes.
    pub grams: u64,
    /// Uses of tokens.
    pub uses: u64,
    /// Judgements, superseded ones too.
    pub judgements: u64,
    /// Size on disk in bytes, where it is known.
    pub bytes: u64,
}

/// A store. Every method that writes is atomic and durable when it returns.
pub trait Store: Audit + Outbox + Send {
    /// Writes a batch. Of records that may be known, each is joined with all that share a name with it; the oldest keeps its number.
    ///
    /// # Errors
    ///
    /// [`StoreError`]; then nothing was written.
    fn write(&mut self, batch: &mut dyn Incoming) -> Result<Written, StoreError>;

    /// The records that have this name, compared on all of it.
    ///
    /// # Errors
    ///
    /// [`StoreError`]
    fn find(&self, key: &TokenKey) -> Result<Vec<Stored>, StoreError>;

    /// The records of a family, in the order of their numbers.
    ///
    /// # Errors
    ///
    /// [`StoreError`]
    fn family(&self, id: &str) -> Result<Vec<Stored>, StoreError>;

    /// The grams with this hash.
    ///
    /// # Errors
    ///
    /// [`StoreError`]
    fn grams(&self, hash: u64) -> Result<Vec<Gram>, StoreError>;

    /// Whether any token can be found between any bytes.
    ///
    /// # Errors
    ///
    /// [`StoreError`]
    fn has_grams(&self) -> Result<bool, StoreError>;

    /// Facts about any of these, oldest first.
    ///
    /// # Errors
    ///
    /// [`StoreError`]
    fn events(&self, targets: &[Target]) -> Result<Vec<LifecycleEvent>, StoreError>;

    /// Records from a number on, in order, at most `limit`.
    ///
    /// # Errors
    ///
    /// [`StoreError`]
    fn page(&self, from: RecordId, limit: u32) -> Result<Vec<Stored>, StoreError>;

    /// All facts, oldest first.
    ///
    /// # Errors
    ///
    /// [`StoreError`]
    fn all_events(&self) -> Result<Vec<LifecycleEvent>, StoreError>;

    /// Writes a step: a use is kept once however often it comes, and a judgement beside those whose place it takes.
    ///
    /// # Errors
    ///
    /// [`StoreError`]; then nothing was written.
    fn commit(&mut self, step: &Step) -> Result<Committed, StoreError>;

    /// The JSON of all kept uses of the token with these names, each once, oldest first by the second, those without a time before them.
    /// Names are of one token when they occur together in a use or in a record, directly or through others. `tell` must not ask the store.
    ///
    /// # Errors
    ///
    /// [`StoreError`]; some may have been told by then.
    fn uses(&self, names: &[u64], tell: &mut dyn FnMut(&str)) -> Result<(), StoreError>;

    /// The judgements of the token with these names, understood as by `uses`, but for superseded ones; oldest first.
    ///
    /// # Errors
    ///
    /// [`StoreError`]
    fn judgements(&self, names: &[u64]) -> Result<Vec<Judgement>, StoreError>;

    /// All judgements that are not older than a time, superseded ones and those without a time too; oldest first by the second.
    /// `tell` must not ask the store.
    ///
    /// # Errors
    ///
    /// [`StoreError`]; some may have been told by then.
    fn all_judgements(&self, since: Option<Instant>, tell: &mut dyn FnMut(Judgement)) -> Result<(), StoreError>;

    /// Where a token was seen, oldest first.
    ///
    /// # Errors
    ///
    /// [`StoreError`]
    fn exposures(&self, record: RecordId) -> Result<Vec<Exposure>, StoreError>;

    /// How far a source was imported.
    ///
    /// # Errors
    ///
    /// [`StoreError`]
    fn checkpoint(&self, source: &str) -> Result<Option<Checkpoint>, StoreError>;

    /// The filter.
    ///
    /// # Errors
    ///
    /// [`StoreError`]
    fn filter(&self) -> Result<FilterState, StoreError>;

    /// The last number that was given: a write that adds a name or gram takes one, even where it adds no record.
    ///
    /// # Errors
    ///
    /// [`StoreError`]
    fn last(&self) -> Result<RecordId, StoreError>;

    /// Indices of names and grams from `first` to `last`, in any order.
    ///
    /// # Errors
    ///
    /// [`StoreError`]
    fn indices(&self, first: u64, last: u64) -> Result<Vec<u64>, StoreError>;

    /// Replaces the whole filter by merged parts, if nobody has written after `judged_at`; says whether it did.
    ///
    /// # Errors
    ///
    /// [`StoreError`]; then nothing was written.
    fn merge_filter(&mut self, parts: &[FilterPart], judged_at: RecordId) -> Result<bool, StoreError>;

    /// Removes records that expired before a time, with their names, grams and places and the facts about them alone, from the disk too;
    /// says how many. Their uses stay.
    ///
    /// # Errors
    ///
    /// [`StoreError::Lingering`] when they were removed and their bytes could not be yet; otherwise nothing was removed.
    fn forget(&mut self, expired_before: Instant) -> Result<u64, StoreError>;

    /// Removes uses from before a time, and what they alone said of names, from the disk too; says how many.
    ///
    /// # Errors
    ///
    /// [`StoreError::Lingering`] when they were removed and their bytes could not be yet; otherwise nothing was removed.
    fn forget_uses(&mut self, before: Instant) -> Result<u64, StoreError>;

    /// Removes judgements of what happened before a time, with those whose place they took, from the disk too; says how many.
    ///
    /// # Errors
    ///
    /// [`StoreError::Lingering`] when they were removed and their bytes could not be yet; otherwise nothing was removed.
    fn forget_judgements(&mut self, before: Instant) -> Result<u64, StoreError>;

    /// Numbers.
    ///
    /// # Errors
    ///
    /// [`StoreError`]
    fn counts(&self) -> Result<Counts, StoreError>;

    /// What is wrong with the store, one sentence each; empty when it is whole.
    ///
    /// # Errors
    ///
    /// [`StoreError`]
    fn verify(&self) -> Result<Vec<String>, StoreError>;

    /// A value by name.
    ///
    /// # Errors
    ///
    /// [`StoreError`]
    fn value(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError>;

    /// All values whose names begin so, in the order of their names.
    ///
    /// # Errors
    ///
    /// [`StoreError`]
    fn values(&self, prefix: &str) -> Result<Vec<(String, Vec<u8>)>, StoreError>;

    /// Sets a value if it is not set; returns the one that is.
    ///
    /// # Errors
    ///
    /// [`StoreError`]
    fn set_once(&mut self, name: &str, value: &[u8]) -> Result<Vec<u8>, StoreError>;
}
