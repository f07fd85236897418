//! A token was used before it was issued.
//!
//! # What it asks
//!
//! Was the token presented more than a minute before its `nbf`, or before it was issued at all?
//!
//! # Why it matters
//!
//! Nobody can hold a token that does not exist yet. Either it was forged with a stolen key, or a record was altered.
//!
//! # Evidence
//!
//! From when on it is valid, by the record or else by its own `iat`, and the time of the earliest use.
//!
//! # When it is wrong
//!
//! When clocks differ by more than the allowance: 60 seconds, 300 where the time is a log line's, which also counts as low
//! and does not raise an alarm alone. When the ledger noted the time of import as the time of issue.

use crate::detect::detection::{Basis, Detection, Judge, comment, evidence};
use crate::detect::used::{Answer, Used};
use crate::model::grade::{Confidence, Severity};

/// The question.
pub const DETECTION: Detection = Detection {
    id: "TR-02",
    name: "use before issue",
    severity: Severity::High,
    basis: Basis::Deterministic,
    about: comment(include_str!("tr_02.rs")),
    judge: Judge::Used(judge),
};

fn judge(case: &Used) -> Vec<Answer> {
    let Some(begin) = case.begin() else { return Vec::new() };
    let early: Vec<_> = case.dated().filter(|moment| -moment.after(begin) > case.skew(moment)).collect();
    let Some(first) = early.iter().find(|moment| moment.is_exact()).or(early.first()) else { return Vec::new() };
    let (severity, confidence) = if first.is_exact() { (DETECTION.severity, Confidence::High) } else { (Severity::Low, Confidence::Medium) };
    let message = format!("the token was used {} seconds before it was valid", -first.after(begin).as_secs());
    let verdict = DETECTION.verdict(severity, confidence, message, vec![evidence("not_before", begin), evidence("early_uses", early.len())]);
    vec![case.answer(verdict, "", vec![first.at])]
}
