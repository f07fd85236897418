//! A token that could be bound to a key is not.
//!
//! # What it asks
//!
//! Is this an access, refresh, transaction or workload token, for which proof of possession is defined (`DPoP`, RFC 9449; mutual
//! TLS, RFC 8705), without a confirmation claim (`cnf`, RFC 7800)?
//!
//! # Why it matters
//!
//! A bound token is of no use to its finder. Where this one is exposed, the next one of its issuer will be.
//!
//! # Evidence
//!
//! The token's type, and the absence of `cnf` in the record and in the token.
//!
//! # When it is wrong
//!
//! An opaque token may be bound without saying so: the issuer knows, and the record should. Some clients cannot hold a key.

use crate::detect::described::Described;
use crate::detect::detection::{Basis, Detection, Judge, comment, evidence};
use crate::model::grade::Severity;
use crate::model::issuance::TokenType;
use crate::model::verdict::Verdict;

/// The question.
pub const DETECTION: Detection = Detection {
    id: "HY-05",
    name: "no sender constraint",
    severity: Severity::Info,
    basis: Basis::Deterministic,
    about: comment(include_str!("hy_05.rs")),
    judge: Judge::Token(judge),
};

fn judge(case: &Described) -> Option<Verdict> {
    // Who says nothing of a token does not say that it is unbound.
    let described = case.matched.is_some() || case.claims.is_some();
    let kind = name(case.token_type)?;
    if !described || case.binding().is_some() {
        return None;
    }
    let message = format!("{kind} is not bound to its holder: whoever has it can use it");
    let grounds = vec![evidence("token_type", kind), evidence("cnf", "absent")];
    Some(DETECTION.verdict(DETECTION.severity, case.confidence, message, grounds))
}

/// Types that can be bound, for people.
fn name(kind: TokenType) -> Option<&'static str> {
    match kind {
        TokenType::AccessToken => Some("an access token"),
        TokenType::RefreshToken => Some("a refresh token"),
        TokenType::TxnToken => Some("a transaction token"),
        TokenType::Svid => Some("a workload's token"),
        _ => None,
    }
}
