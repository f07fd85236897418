//! What may be used once was used again.
//!
//! # What it asks
//!
//! Did the same proof of possession (key, target, `jti`) come with two different requests within five minutes? Was a token used
//! more often than its `max_uses`?
//!
//! # Why it matters
//!
//! One use is the whole protection of such tokens: the second user has a copy.
//!
//! # Evidence
//!
//! Both requests. The same request from the same source within five seconds is a retry and does not count; refused uses do not
//! use a token up.
//!
//! # When it is wrong
//!
//! When a client retries later than that with the same proof instead of making a new one (RFC 9449, section 11.1, wants a new
//! one). Refresh tokens are not asked about here: TR-12 knows rotation.

use std::collections::BTreeMap;

use crate::detect::detection::{Basis, Detection, Judge, comment, evidence};
use crate::detect::moment::Moment;
use crate::detect::used::{Answer, Used};
use crate::model::grade::{Confidence, Severity};
use crate::model::issuance::TokenType;
use crate::model::token_use::Outcome;

/// The question.
pub const DETECTION: Detection = Detection {
    id: "TR-11",
    name: "single-use reused",
    severity: Severity::High,
    basis: Basis::Deterministic,
    about: comment(include_str!("tr_11.rs")),
    judge: Judge::Used(judge),
};

fn judge(case: &Used) -> Vec<Answer> {
    proofs(case).into_iter().chain(tokens(case)).collect()
}

/// One answer for each proof that came twice.
fn proofs(case: &Used) -> Vec<Answer> {
    let mut seen: BTreeMap<[&str; 3], Vec<Moment>> = BTreeMap::new();
    for moment in case.moments() {
        let Some(proof) = moment.one.what.presented.proof.as_deref() else { continue };
        if let Some(jti) = proof.jti.as_deref() {
            seen.entry([jti, proof.jkt.as_deref().unwrap_or_default(), proof.htu.as_deref().unwrap_or_default()]).or_default().push(moment);
        }
    }
    let reused = seen.into_iter().filter_map(|([jti, ..], uses)| {
        let mut pairs = uses.windows(2);
        let again = pairs.find(|pair| pair[1].after(pair[0].time) <= case.options.proof_window.0 && !is_retry(case, &pair[0], &pair[1]))?;
        let message = "one proof of possession came with two requests".to_owned();
        let verdict = DETECTION.verdict(DETECTION.severity, Confidence::High, message, vec![evidence("proof_jti", jti)]);
        Some(case.answer(verdict, jti, vec![again[1].at, again[0].at]))
    });
    reused.collect()
}

/// A token that was used more often than it may be.
fn tokens(case: &Used) -> Option<Answer> {
    let most = usize::try_from(case.issuance()?.max_uses?).ok()?;
    if case.token_type() == TokenType::RefreshToken {
        return None;
    }
    let mut counted: Vec<Moment> = Vec::new();
    for moment in case.moments() {
        let is_retry = counted.iter().rev().take(8).any(|earlier| is_retry(case, earlier, &moment));
        if counted.len() >= most && !is_retry {
            let message = format!("a token that may be used {most} times was used again");
            let verdict = DETECTION.verdict(DETECTION.severity, Confidence::High, message, vec![evidence("max_uses", most)]);
            let uses = std::iter::once(moment.at).chain(counted.last().map(|last| last.at)).collect();
            return Some(case.answer(verdict, "", uses));
        }
        if moment.outcome() != Outcome::Denied && !is_retry {
            counted.push(moment);
        }
    }
    None
}

/// Whether the second is the first once more: the same request from the same source, a few seconds later.
fn is_retry(case: &Used, first: &Moment, second: &Moment) -> bool {
    let request = |moment: &Moment| {
        let record = &moment.one.what.record;
        [&record.method, &record.aud, &record.resource, &record.tool].map(Clone::clone)
    };
    second.after(first.time) <= case.options.retry_window.0 && first.one.source == second.one.source && request(first) == request(second)
}
