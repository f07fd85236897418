//! Several resource servers accept one token.
//!
//! # What it asks
//!
//! Does the token name more than one audience?
//!
//! # Why it matters
//!
//! Each server that receives the token can present it to the others; one that is broken into opens all of them.
//!
//! # Evidence
//!
//! The audiences, by the record or else by the token; those that differ only in case of the host or by a last slash are one.
//!
//! # When it is wrong
//!
//! The issuer itself, such as its user information endpoint, is often a second audience and does not count. Two names of one
//! server count as two.

use std::collections::BTreeSet;

use crate::detect::described::Described;
use crate::detect::detection::{Basis, Detection, Judge, comment, evidence};
use crate::model::grade::Severity;
use crate::model::verdict::Verdict;

/// The question.
pub const DETECTION: Detection = Detection {
    id: "HY-04",
    name: "several audiences",
    severity: Severity::Low,
    basis: Basis::Deterministic,
    about: comment(include_str!("hy_04.rs")),
    judge: Judge::Token(judge),
};

fn judge(case: &Described) -> Option<Verdict> {
    let issuer = case.issuer().map(canonical);
    let others = case
        .audiences()
        .iter()
        .map(|audience| canonical(audience))
        .filter(|audience| !issuer.as_ref().is_some_and(|issuer| is_below(audience, issuer)));
    let servers: BTreeSet<String> = others.collect();
    if servers.len() < 2 {
        return None;
    }
    let message = format!("{} resource servers accept one token", servers.len());
    let grounds = vec![evidence("aud", servers.into_iter().collect::<Vec<_>>().join(", "))];
    Some(DETECTION.verdict(DETECTION.severity, case.confidence, message, grounds))
}

/// Scheme and host in lower case (RFC 3986, section 6.2.2.1), no last slash.
fn canonical(audience: &str) -> String {
    let trimmed = audience.trim_end_matches('/');
    let Some((scheme, rest)) = trimmed.split_once("://") else { return trimmed.to_owned() };
    let host = rest.find('/').unwrap_or(rest.len());
    format!("{}://{}{}", scheme.to_ascii_lowercase(), rest[..host].to_ascii_lowercase(), &rest[host..])
}

fn is_below(audience: &str, issuer: &str) -> bool {
    audience.strip_prefix(issuer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use crate::detect::hy_04::{canonical, is_below};

    #[test]
    fn audiences_are_compared_in_one_writing() {
        for (written, expected) in [
            ("https://API.Example/v1/", "https://api.example/v1"),
            ("https://api.example", "https://api.example"),
            ("Payments", "Payments"),
            ("urn:Payments", "urn:Payments"),
        ] {
            assert_eq!(canonical(written), expected);
        }
        assert!(is_below("https://as.example/userinfo", "https://as.example") && !is_below("https://as.example.org", "https://as.example"));
    }
}
