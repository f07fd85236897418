//! A token was used after its end.
//!
//! # What it asks
//!
//! Was the token presented more than a minute after it expired, and was it accepted?
//!
//! # Why it matters
//!
//! A server that accepts an expired token does not check it, and every token that ever leaked works there. Denied attempts show
//! somebody who holds old tokens and tries them.
//!
//! # Evidence
//!
//! The end, by the record or else by the token's own `exp`, and the time of the use. Accepted is critical, refused low, and
//! medium from three refusals on; where the log does not say what came of it, medium.
//!
//! # When it is wrong
//!
//! When clocks differ by more than the allowance (60 seconds). The time of a log line, written later or without a zone, gets 300
//! seconds and counts as low: it does not raise an alarm alone.

use crate::detect::detection::{Basis, Detection, Judge, comment, evidence};
use crate::detect::moment::{Moment, last_first};
use crate::detect::used::{Answer, Used};
use crate::model::grade::{Confidence, Severity};
use crate::model::token_use::Outcome;

/// The question.
pub const DETECTION: Detection = Detection {
    id: "TR-01",
    name: "use after expiry",
    severity: Severity::Critical,
    basis: Basis::Deterministic,
    about: comment(include_str!("tr_01.rs")),
    judge: Judge::Used(judge),
};

fn judge(case: &Used) -> Vec<Answer> {
    let Some(end) = case.end() else { return Vec::new() };
    let late: Vec<Moment> = case.dated().filter(|moment| moment.after(end) > case.skew(moment)).collect();
    let denied: Vec<Moment> = late.iter().filter(|moment| moment.is_exact() && moment.outcome() == Outcome::Denied).copied().collect();
    let graded = late.iter().map(|moment| (severity(moment), vec![moment.at]));
    let many = denied.get(..case.options.expired_denials.max(1)).map(|denied| (Severity::Medium, last_first(denied)));
    let worst = graded.chain(many).max_by(|a, b| a.0.cmp(&b.0).then(b.1[0].cmp(&a.1[0])));
    let Some((severity, uses)) = worst else { return Vec::new() };
    let decisive = case.uses[uses[0]].what.record.time.map(|time| time.seconds() - end.seconds()).unwrap_or_default();
    let message = format!("the token was used {decisive} seconds after it had expired");
    let confidence = if severity == Severity::Low { Confidence::Medium } else { Confidence::High };
    let grounds = vec![evidence("expires_at", end), evidence("late_uses", late.len())];
    vec![case.answer(DETECTION.verdict(severity, confidence, message, grounds), "", uses)]
}

fn severity(moment: &Moment) -> Severity {
    match moment.outcome() {
        _ if !moment.is_exact() => Severity::Low,
        Outcome::Success => Severity::Critical,
        Outcome::Unknown => Severity::Medium,
        Outcome::Denied => Severity::Low,
    }
}
