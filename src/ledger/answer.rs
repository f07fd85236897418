//! What the ledger says about one token at one place: the record, its life, its relatives, its other places.

use crate::ledger::ledger::Ledger;
use crate::model::exposure::Exposure;
use crate::model::instant::Instant;
use crate::model::ledger_match::{LedgerMatch, Liveness};
use crate::model::token_key::TokenKey;
use crate::store::error::StoreError;
use crate::store::step::{Seen, Step};
use crate::store::store::Stored;

/// How many generations are followed back.
const GENERATIONS: usize = 32;

impl Ledger {
    /// Everything known of a record; `then` is when it was exposed.
    ///
    /// # Errors
    ///
    /// [`StoreError`]
    pub fn answer(&self, by: TokenKey, stored: Stored, then: Instant, now: Instant) -> Result<LedgerMatch, StoreError> {
        let Stored { id, issuance } = stored;
        let events = self.store().events(&issuance.targets())?;
        let exposures = self.store().exposures(id)?;
        let liveness_now = issuance.liveness(&events, now);
        let left = issuance.expires_at.filter(|_| liveness_now == Liveness::Live).map(|end| end.seconds() - now.seconds());
        Ok(LedgerMatch {
            by,
            liveness_then: issuance.liveness(&events, then),
            liveness_now,
            seconds_left: left,
            parents: self.parents(issuance.parent_fp.clone())?,
            events,
            exposures,
            issuance,
        })
    }

    /// The tokens that a token was made from, the nearest first.
    fn parents(&self, mut next: Option<TokenKey>) -> Result<Vec<TokenKey>, StoreError> {
        let mut parents = Vec::new();
        while let Some(parent) = next.filter(|parent| parents.len() < GENERATIONS && !parents.contains(parent)) {
            next = self.find(std::slice::from_ref(&parent))?.and_then(|(_, stored)| stored.issuance.parent_fp);
            parents.push(parent);
        }
        Ok(parents)
    }

    /// Counts places where tokens were seen.
    ///
    /// # Errors
    ///
    /// [`StoreError`]
    pub fn expose(&self, seen: &[(i64, Exposure)]) -> Result<(), StoreError> {
        let seen: Vec<Seen> = seen.iter().map(|(record, exposure)| Seen { record: *record, exposure: exposure.clone() }).collect();
        self.store().commit(&Step { seen: &seen, ..Step::default() }).map(drop)
    }
}
