//! Which records are of one token, and what they say together.
//!
//! A record may name a token by several names that two earlier records knew apart; then all three become one.

use crate::model::issuance::Issuance;
use crate::store::store::{RecordId, Stored};

/// What becomes of the records of one token.
#[derive(Debug)]
pub struct Joined {
    /// The number that stays: the oldest.
    pub keep: RecordId,
    /// What the record says now.
    pub issuance: Issuance,
    /// Records that it takes in.
    pub gone: Vec<Stored>,
    /// Whether anything is to be written.
    pub changed: bool,
}

/// Joins a new record with those that share a name with it, in any order; none where there are none.
#[must_use]
pub fn join(mut found: Vec<Stored>, new: &Issuance) -> Option<Joined> {
    found.sort_by_key(|stored| stored.id);
    found.dedup_by_key(|stored| stored.id);
    let mut found = found.into_iter();
    let first = found.next()?;
    let gone: Vec<Stored> = found.collect();
    let issuance = gone.iter().map(|stored| &stored.issuance).chain([new]).fold(first.issuance.clone(), |all, one| all.merged(one));
    // A record as it came may list names in any order, which is no change.
    let same = issuance == first.issuance || issuance == first.issuance.merged(&first.issuance);
    Some(Joined { keep: first.id, changed: !gone.is_empty() || !same, issuance, gone })
}
