//! A token was used that nobody issued.
//!
//! # What it asks
//!
//! Does the ledger know nothing of the token, although the issuer reports every token that it issues (`authoritative`)?
//!
//! # Why it matters
//!
//! Such a token was forged with a stolen key, or issued around the process that everybody trusts.
//!
//! # Evidence
//!
//! The issuer that the token names, and that the record has not come a quarter of an hour after the first use.
//!
//! # When it is wrong
//!
//! When records come later than that, or when an import failed. Of an issuer that does not report everything, and of a token that names
//! no issuer, the answer is only a note (info).

use crate::detect::detection::{Basis, Detection, Judge, comment, evidence};
use crate::detect::used::{Answer, Used};
use crate::model::grade::{Confidence, Severity};

/// The question.
pub const DETECTION: Detection = Detection {
    id: "TR-13",
    name: "unknown token",
    severity: Severity::Medium,
    basis: Basis::Deterministic,
    about: comment(include_str!("tr_13.rs")),
    judge: Judge::Used(judge),
};

fn judge(case: &Used) -> Vec<Answer> {
    let first = case.moments().next();
    let too_early = first.is_some_and(|first| -first.after(case.now) <= case.options.lateness.0);
    if case.matched.is_some() || case.uses.is_empty() || too_early {
        return Vec::new();
    }
    let authoritative = case.options.of_issuer(case.iss()).is_some_and(|issuer| issuer.authoritative);
    let severity = if authoritative { DETECTION.severity } else { Severity::Info };
    let issuer = case.iss().map_or("an unknown issuer".to_owned(), |iss| format!("`{iss}`"));
    let message = format!("a token of {issuer} was used that the ledger does not know");
    let grounds = vec![evidence("iss", case.iss().unwrap_or("unknown")), evidence("authoritative", authoritative)];
    let uses = vec![first.map_or(0, |first| first.at)];
    vec![case.answer(DETECTION.verdict(severity, Confidence::High, message, grounds), "", uses)]
}
