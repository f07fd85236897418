//! A token was used in another session than its own.
//!
//! # What it asks
//!
//! Does the log name a session of the same kind that is not the one for which the token was issued?
//!
//! # Why it matters
//!
//! A session's token lives in one conversation or login. In another one it was carried there: by injection, by a shared memory, or
//! by a thief.
//!
//! # Evidence
//!
//! The session or conversation of the record, the one that was logged, and what sort of id both are.
//!
//! # When it is wrong
//!
//! When the issuer and the log mean different things by a session. Only ids of one kind are compared: the record's `session_id` with
//! sessions of issuers and logs (an issuer's `session_src` can say otherwise), its `conversation_id` with conversations.

use std::collections::BTreeMap;

use crate::detect::detection::{Basis, Detection, Judge, comment, evidence};
use crate::detect::used::{Answer, Used};
use crate::model::grade::{Confidence, Severity};
use crate::model::issuance::IssuedTo;
use crate::model::token_use::SessionSource;

/// The question.
pub const DETECTION: Detection = Detection {
    id: "TR-08",
    name: "wrong session",
    severity: Severity::High,
    basis: Basis::Deterministic,
    about: comment(include_str!("tr_08.rs")),
    judge: Judge::Used(judge),
};

fn judge(case: &Used) -> Vec<Answer> {
    let mut wrong: BTreeMap<&str, (&str, usize)> = BTreeMap::new();
    let Some(to) = case.issued_to() else { return Vec::new() };
    let of_issuer = case.options.of_issuer(case.iss()).and_then(|issuer| issuer.session_src);
    for (at, one) in case.uses.iter().enumerate() {
        let record = &one.what.record;
        if let (Some(id), Some(own)) = (record.session_id.as_deref(), record.session_src.and_then(|kind| own(to, of_issuer, kind)))
            && id != own
        {
            wrong.entry(id).or_insert((own, at));
        }
    }
    let answers = wrong.into_iter().map(|(id, (own, at))| {
        let message = format!("the token of the session `{own}` was used in the session `{id}`");
        case.answer(DETECTION.verdict(DETECTION.severity, Confidence::High, message, vec![evidence("issued_session", own)]), id, vec![at])
    });
    answers.collect()
}

/// The session of this kind for which the token was issued.
fn own(to: &IssuedTo, of_issuer: Option<SessionSource>, kind: SessionSource) -> Option<&str> {
    match (kind, of_issuer) {
        (SessionSource::Conversation, None) => to.conversation_id.as_deref(),
        (SessionSource::Issuer | SessionSource::Session, None) => to.session_id.as_deref(),
        (kind, Some(said)) if kind == said => to.session_id.as_deref(),
        _ => None,
    }
}
