//! A token may do everything.
//!
//! # What it asks
//!
//! Is one of the token's scopes `*`, `all`, `full-access`, `admin` or `*:*`?
//!
//! # Why it matters
//!
//! The harm of a leak is what the token may do, and an agent needs a part of it at any moment.
//!
//! # Evidence
//!
//! The scopes, by the record or else by the token.
//!
//! # When it is wrong
//!
//! The words are compared whole, whatever they mean to the issuer: `all` may be all of very little, and a wide scope may have
//! a narrow name. The list can be changed.

use crate::detect::described::Described;
use crate::detect::detection::{Basis, Detection, Judge, comment, evidence};
use crate::model::grade::Severity;
use crate::model::verdict::Verdict;

/// The question.
pub const DETECTION: Detection = Detection {
    id: "HY-03",
    name: "broad scope",
    severity: Severity::Medium,
    basis: Basis::Deterministic,
    about: comment(include_str!("hy_03.rs")),
    judge: Judge::Token(judge),
};

fn judge(case: &Described) -> Option<Verdict> {
    let is_broad = |scope: &&String| case.options.broad_scopes.iter().any(|broad| broad.eq_ignore_ascii_case(scope));
    let broad: Vec<&str> = case.scopes().iter().filter(is_broad).map(String::as_str).collect();
    if broad.is_empty() {
        return None;
    }
    let message = format!("the token's scope `{}` grants everything", broad.join(" "));
    let grounds = vec![evidence("scope", case.scopes().join(" "))];
    Some(DETECTION.verdict(DETECTION.severity, case.confidence, message, grounds))
}
