//! What a state tells of following: counters, and how far each file was read.

use serde::{Deserialize, Serialize};

use crate::model::instant::Instant;
use crate::store::error::StoreError;
use crate::store::step::NewValue;
use crate::store::store::Store;

/// The name under which counters are kept.
const NAME: &str = "watch/counters";

/// What was counted since the beginning of a state.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct Counters {
    /// Bytes.
    pub bytes: u64,
    /// Findings that were told.
    pub findings: u64,
    /// Uses that records told of.
    pub uses: u64,
    /// Judgements that were told, until the last step but one.
    pub judgements: u64,
    /// Steps that were committed.
    pub steps: u64,
    /// When the last one was.
    pub at: Option<Instant>,
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
    pub fn add(&mut self, bytes: u64, findings: u64, uses: u64, now: Instant) {
        self.bytes += bytes;
        self.findings += findings;
        self.uses += uses;
        self.steps += 1;
        self.at = Some(now);
    }

    /// As it is kept.
    #[must_use]
    pub fn to_value(&self) -> NewValue {
        NewValue { name: NAME.to_owned(), bytes: Some(serde_json::to_vec(self).expect("because counters can be written")) }
    }
}
