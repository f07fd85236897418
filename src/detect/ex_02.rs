//! A token that still works was exposed.
//!
//! # What it asks
//!
//! Did we issue this token, and would it be accepted at this moment: not expired, not revoked alone or with its family,
//! session, task or subject?
//!
//! # Why it matters
//!
//! This is the exposure that cannot wait. Stolen tokens are used within minutes, and every minute until the revocation is
//! confirmed is a minute in which anybody may act with it.
//!
//! # Evidence
//!
//! The issued-token record, its end, the absence of a revocation, and the time that is left. A token that is bound to a key
//! (`cnf`) needs the key as well and counts one step lower.
//!
//! # When it is wrong
//!
//! When the issuer revoked the token and the ledger was not told, or ended a session that it does not report. A token without
//! its signature is of no use to the finder; this stays silent about it. Without a record the answer is not known, and EX-01
//! alone speaks.

use crate::detect::case::{Exposed, Signature, step_down};
use crate::detect::detection::{Basis, Detection, Judge, comment, evidence};
use crate::model::grade::{Confidence, Severity};
use crate::model::verdict::Verdict;

/// The question.
pub const DETECTION: Detection = Detection {
    id: "EX-02",
    name: "live token exposed",
    severity: Severity::Critical,
    basis: Basis::Deterministic,
    about: comment(include_str!("ex_02.rs")),
    judge: Judge::Exposed(judge),
};

fn judge(case: &Exposed) -> Option<Verdict> {
    let matched = case.matched?;
    if !case.is_live() || !case.is_credential() || case.finding.signature == Signature::Stripped {
        return None;
    }
    let severity = if case.binding().is_some() { step_down(DETECTION.severity) } else { DETECTION.severity };
    let mut grounds = case.life();
    grounds.extend(matched.seconds_left.map(|left| evidence("seconds_left", left)));
    grounds.push(evidence("matched_by", matched.by.kind()));
    grounds.extend(case.binding().map(|cnf| evidence("cnf", cnf)));
    grounds.extend(case.seen());
    let message = format!("a token that we issued and that still works lay in {}", case.place());
    Some(DETECTION.verdict(severity, Confidence::High, message, grounds))
}
