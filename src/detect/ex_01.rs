//! A token lay where tokens do not belong.
//!
//! # What it asks
//!
//! Was a credential found in a prompt, a configuration file, a log, a transcript or any other place that is read by more
//! than the one it was issued to?
//!
//! # Why it matters
//!
//! A bearer token proves possession, not purpose: whoever can read the place can act as the intended caller until the token
//! dies. Copies are made faster than people look, in backups, indexes, mirrors and the contexts of models.
//!
//! # Evidence
//!
//! The place, what carried the token, and whether the token works. The severity follows from the two: works and others can
//! read it, critical; works and read inside only, high; unknown, high for a vendor's format and medium otherwise; expired or
//! revoked, low. A token that is bound to a key (`cnf`) or that lost its signature counts one step lower.
//!
//! # When it is wrong
//!
//! Placeholders out of documentation are left out, names of keys too; other samples and test tokens are not known to be
//! harmless unless a comment or an ignore file accepts them. Without a record nobody knows whether the token works.

use crate::detect::case::Exposed;
use crate::detect::detection::{Basis, Detection, Judge, comment, evidence};
use crate::detect::exposure_severity::exposure_severity;
use crate::model::grade::Severity;
use crate::model::rule_info::TokenKind;
use crate::model::verdict::Verdict;

/// The question.
pub const DETECTION: Detection = Detection {
    id: "EX-01",
    name: "token in log, prompt or config",
    severity: Severity::High,
    basis: Basis::Deterministic,
    about: comment(include_str!("ex_01.rs")),
    judge: Judge::Exposed(judge),
};

fn judge(case: &Exposed) -> Option<Verdict> {
    if case.finding.rule.kind == TokenKind::KeyId {
        return None;
    }
    let severity = exposure_severity(case)?;
    let mut grounds = case.seen();
    grounds.extend(case.exposure.carrier.as_ref().map(|carrier| evidence("carrier", &carrier.name)));
    grounds.extend(case.life());
    let reader = if case.is_external() { "others can read it" } else { "it is read inside only" };
    grounds.push(evidence("reach", reader));
    let message = format!("a token of {} lay in {}", case.finding.rule.provider, case.place());
    Some(DETECTION.verdict(severity, case.confidence(), message, grounds))
}
