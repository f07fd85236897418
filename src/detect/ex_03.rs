//! A token stood in the query of a URL.
//!
//! # What it asks
//!
//! Was a token carried by a query parameter?
//!
//! # Why it matters
//!
//! URLs are written down by everybody on the way: proxies, servers, browsers' histories, `Referer` headers, traces. The OAuth
//! security practice (RFC 9700, section 4.3.2) and OAuth 2.1 forbid it, and so does the MCP authorization specification.
//!
//! # Evidence
//!
//! The parameter's name and the place. Low when the token is dead, one step lower when it is bound to a key.
//!
//! # When it is wrong
//!
//! The body of a form looks like a query; there, a token is in its place, but a log that keeps bodies is not. URLs that are
//! themselves the capability, such as signed URLs and webhooks, are left out, since they cannot be written in any other way.

use crate::detect::case::Exposed;
use crate::detect::detection::{Basis, Detection, Judge, comment, evidence};
use crate::model::carrier::CarrierKind;
use crate::model::grade::Severity;
use crate::model::rule_info::TokenKind;
use crate::model::verdict::Verdict;

/// The question.
pub const DETECTION: Detection = Detection {
    id: "EX-03",
    name: "token in URL query",
    severity: Severity::High,
    basis: Basis::Deterministic,
    about: comment(include_str!("ex_03.rs")),
    judge: Judge::Exposed(judge),
};

fn judge(case: &Exposed) -> Option<Verdict> {
    let carrier = case.exposure.carrier.as_ref().filter(|carrier| carrier.kind == CarrierKind::Query)?;
    if !case.is_credential() || case.finding.rule.kind == TokenKind::CapabilityUrl {
        return None;
    }
    let mut grounds = vec![evidence("carrier", &carrier.name)];
    grounds.extend(case.seen());
    grounds.extend(case.life());
    let message = format!("the query parameter `{}` carried a token in {}", carrier.name, case.place());
    Some(DETECTION.verdict(case.adjusted(DETECTION.severity), case.confidence(), message, grounds))
}
