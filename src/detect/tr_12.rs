//! A refresh token was presented after it had been rotated.
//!
//! # What it asks
//!
//! Was a refresh token used although its successor had been issued?
//!
//! # Why it matters
//!
//! Owner and thief both hold it, and nobody can tell which of them came second. The whole family must be revoked (RFC 9700,
//! section 4.14).
//!
//! # Evidence
//!
//! The token's generation, its successors in the ledger and when they were issued, or the rotation as the issuer reported it. A
//! refresh token that may be used once counts as rotated with its first use.
//!
//! # When it is wrong
//!
//! A client that did not get the answer tries again: for 30 seconds the token right before the newest may come again from the source
//! that rotated it. Older ones may not.

use crate::detect::detection::{Basis, Detection, Judge, comment, evidence};
use crate::detect::moment::Moment;
use crate::detect::used::{Answer, Used};
use crate::model::grade::{Confidence, Severity};
use crate::model::instant::Instant;
use crate::model::issuance::{Issuance, TokenType};
use crate::model::lifecycle::{LifecycleKind, Target};
use crate::model::token_key::TokenKey;
use crate::model::token_use::Outcome;

/// The question.
pub const DETECTION: Detection = Detection {
    id: "TR-12",
    name: "refresh token reused",
    severity: Severity::Critical,
    basis: Basis::Deterministic,
    about: comment(include_str!("tr_12.rs")),
    judge: Judge::Used(judge),
};

fn judge(case: &Used) -> Vec<Answer> {
    reuse(case).into_iter().collect()
}

fn reuse(case: &Used) -> Option<Answer> {
    let issuance = case.issuance()?;
    let rotates = issuance.token_type == TokenType::RefreshToken || (issuance.token_type == TokenType::Other && issuance.generation.is_some());
    if !rotates {
        return None;
    }
    let moments: Vec<Moment> = case.dated().collect();
    let own = |key: &TokenKey| issuance.keys().contains(key);
    let next: Vec<&Issuance> = case.family.iter().filter(|other| follows(issuance, other, own)).collect();
    let rotation = rotated(case, &next, &moments)?;
    let rotator = moments.iter().rfind(|moment| moment.time <= rotation).or(moments.first())?;
    let again = moments.iter().find(|moment| {
        let outdated = case.family.iter().any(|other| is_older(issuance, other, &next) && other.issued_at.is_some_and(|at| at <= moment.time));
        let overlap = moment.after(rotation) <= case.options.rotation_overlap.0 && moment.one.source == rotator.one.source;
        moment.at != rotator.at && moment.time >= rotation && (outdated || !overlap)
    });
    // The only use may itself come too late to be the one that rotated it.
    let late = (rotator.time > rotation && rotator.after(rotation) > case.options.rotation_overlap.0.max(case.skew(rotator))).then_some(rotator);
    let decisive = again.into_iter().chain(late).min_by_key(|moment| moment.at)?;
    let message = format!("a refresh token was presented {} seconds after it had been rotated", decisive.after(rotation).as_secs());
    let mut grounds = vec![evidence("rotated_at", rotation), evidence("action", "revoke the family")];
    grounds.extend(issuance.family_id.as_ref().map(|family| evidence("family_id", family)));
    grounds.extend(issuance.generation.map(|generation| evidence("generation", generation)));
    let mut uses = vec![decisive.at];
    uses.extend((rotator.at != decisive.at).then_some(rotator.at));
    Some(case.answer(DETECTION.verdict(DETECTION.severity, Confidence::High, message, grounds), "", uses))
}

/// When the token was replaced.
fn rotated(case: &Used, next: &[&Issuance], moments: &[Moment]) -> Option<Instant> {
    let keys: Vec<TokenKey> = case.issuance()?.keys();
    let told =
        case.events().iter().filter(|event| event.event == LifecycleKind::Rotated && matches!(&event.target, Target::Key(key) if keys.contains(key)));
    let once = case.issuance()?.max_uses == Some(1);
    let first_use = moments.iter().find(|moment| moment.outcome() != Outcome::Denied).filter(|_| once).map(|moment| moment.time);
    told.map(|event| event.at).chain(next.iter().filter_map(|other| other.issued_at)).chain(first_use).min()
}

/// Whether the other token came after this one in its family.
fn follows(this: &Issuance, other: &Issuance, own: impl Fn(&TokenKey) -> bool) -> bool {
    let same_family = this.family_id.is_some() && this.family_id == other.family_id;
    let later = this.generation.zip(other.generation).is_some_and(|(this, other)| other > this);
    other.token_type == this.token_type && ((same_family && later) || other.parent_fp.as_ref().is_some_and(own))
}

/// Whether the other token makes this one older than the previous.
fn is_older(this: &Issuance, other: &Issuance, next: &[&Issuance]) -> bool {
    let by_generation = this.generation.zip(other.generation).is_some_and(|(this, other)| other > this + 1);
    let of_next = |parent: &TokenKey| next.iter().any(|next| next.keys().contains(parent));
    other.token_type == this.token_type && (by_generation || other.parent_fp.as_ref().is_some_and(of_next))
}
