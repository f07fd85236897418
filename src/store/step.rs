//! What one step writes together: uses, places, judgements, how far their sources were read, and what the audit log says of it.

use sha2::{Digest as _, Sha256};

use crate::model::exposure::Exposure;
use crate::model::judgement::Judgement;
use crate::model::lifecycle::LifecycleEvent;
use crate::store::audit::Note;
use crate::store::outbox::NewAlert;
use crate::store::store::{Checkpoint, RecordId};

/// Everything that is written in one transaction.
#[derive(Clone, Copy, Default, Debug)]
pub struct Step<'a> {
    /// Uses of tokens.
    pub uses: &'a [NewUse],
    /// Places to be counted; one that is known is brought up to date, one of a record that is gone is left out.
    pub seen: &'a [Seen],
    /// Judgements. One whose id is known changes nothing.
    pub judgements: &'a [Judgement],
    /// How far sources were read.
    pub checkpoints: &'a [Checkpoint],
    /// Values by name; each takes the place of the one that was there.
    pub values: &'a [NewValue],
    /// Alerts to be told. One whose id is known adds only deliveries that are not known.
    pub alerts: &'a [NewAlert],
    /// Facts. One that is known changes nothing.
    pub events: &'a [LifecycleEvent],
    /// What is appended to the audit log, in this order.
    pub notes: &'a [Note],
}

/// A value to be kept under a name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewValue {
    /// The name.
    pub name: String,
    /// The value; none to remove it.
    pub bytes: Option<Vec<u8>>,
}

/// A use to be kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewUse {
    /// The indices of all its names, the first one its home. A use without a name cannot be asked for, and is left out.
    pub names: Vec<u64>,
    /// When, in seconds since 1970-01-01T00:00:00Z. A use without a time never becomes old.
    pub at: Option<i64>,
    /// The use as one line of JSON, which is what it is known by.
    pub json: String,
}

/// A place where a token was seen, to be counted.
#[derive(Clone, PartialEq, Debug)]
pub struct Seen {
    /// The token's record.
    pub record: RecordId,
    /// The place.
    pub exposure: Exposure,
}

/// What of a step was new.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Committed {
    /// Uses.
    pub uses: u64,
    /// Judgements.
    pub judgements: u64,
    /// Deliveries.
    pub deliveries: u64,
}

/// What a use is known by: 16 bytes of the SHA-256 of its JSON.
#[must_use]
pub fn use_digest(json: &str) -> [u8; 16] {
    *Sha256::digest(json.as_bytes()).first_chunk().expect("because a digest has 32 bytes")
}
