//! A token lives longer than its purpose.
//!
//! # What it asks
//!
//! Does the token of a task live for more than an hour, an API key or personal access token for more than 90 days, any other
//! for more than a day, or does it never end?
//!
//! # Why it matters
//!
//! What outlives its task is only of use to others. A leak of a short token is over before anybody finds it.
//!
//! # Evidence
//!
//! When it was issued and when it ends, by the record or else by the token's own `iat` and `exp`. Where nobody says when it
//! was issued, it is known to have existed when it was first seen.
//!
//! # When it is wrong
//!
//! Some tokens must live long: `long_lived_ok` with `exception_until` accepts one. Refresh tokens that are rotated at every use
//! live long as a family, not as a token. A token of which nothing is known is left alone.

use jiff::SignedDuration;

use crate::detect::case::between;
use crate::detect::described::Described;
use crate::detect::detection::{Basis, Detection, Judge, comment, evidence};
use crate::model::grade::Severity;
use crate::model::issuance::TokenType;
use crate::model::verdict::Verdict;

/// The question.
pub const DETECTION: Detection = Detection {
    id: "HY-01",
    name: "long-lived token",
    severity: Severity::Medium,
    basis: Basis::Deterministic,
    about: comment(include_str!("hy_01.rs")),
    judge: Judge::Token(judge),
};

fn judge(case: &Described) -> Option<Verdict> {
    if case.is_excepted(|issuance| issuance.long_lived_ok) {
        return None;
    }
    let (whose, most) = limit(case);
    let message = match case.end() {
        Some(end) if between(case.existed(), end) > most => {
            format!("{whose} lives for {}, {} at most is the rule", days(between(case.existed(), end)), days(most))
        }
        None if is_endless(case) => format!("{whose} has no end, {} at most is the rule", days(most)),
        _ => return None,
    };
    let mut grounds = vec![evidence("issued_at", case.existed())];
    grounds.push(case.end().map_or(evidence("expires_at", "never"), |end| evidence("expires_at", end)));
    grounds.extend(case.task().map(|task| evidence("task_id", task)));
    Some(DETECTION.verdict(DETECTION.severity, case.confidence, message, grounds))
}

/// Whose life it is, and how long it may be.
fn limit(case: &Described) -> (&'static str, SignedDuration) {
    match case.token_type {
        TokenType::ApiKey | TokenType::Pat => ("an API key", case.options.api_key_ttl.0),
        TokenType::TxnToken => ("the token of a task", case.options.task_ttl.0),
        _ if case.task().is_some() => ("the token of a task", case.options.task_ttl.0),
        _ => ("a token", case.options.other_ttl.0),
    }
}

/// Whether somebody described the token and named no end.
fn is_endless(case: &Described) -> bool {
    let recorded = case.issuance().is_some_and(|issuance| issuance.issued_at.is_some());
    recorded || case.claims.is_some_and(|token| token.alg.is_some())
}

fn days(time: SignedDuration) -> String {
    let seconds = time.as_secs();
    match (seconds / 86_400, seconds / 3600, seconds / 60) {
        (2.., ..) => format!("{} days", seconds / 86_400),
        (_, 1, _) => "1 hour".to_owned(),
        (_, 2.., _) => format!("{} hours", seconds / 3600),
        _ => format!("{} minutes", seconds / 60),
    }
}
