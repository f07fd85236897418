//! A JWT lacks what makes it safe to accept.
//!
//! # What it asks
//!
//! Is the token unsigned (`alg` `none`), signed with a shared secret although its issuer is public (`HS256` and the like),
//! without an id (`jti`), or without an audience (`aud`)?
//!
//! # Why it matters
//!
//! Anybody can write an unsigned token, and everybody who can check a shared secret can sign with it. Without `jti` it cannot
//! be revoked or counted, without `aud` every server of the issuer accepts it (RFC 8725, sections 2.1 and 3.9; RFC 9068,
//! section 2.2).
//!
//! # Evidence
//!
//! The algorithm, issuer, id and audience that stand in the token's own header and claims.
//!
//! # When it is wrong
//!
//! An issuer counts as public when it is an `https` URL whose host is not a private name; one that checks its own tokens may
//! sign them with a secret. Claims that were too long to be kept look absent.

use crate::detect::described::Described;
use crate::detect::detection::{Basis, Detection, Judge, comment, evidence};
use crate::model::grade::Severity;
use crate::model::token_facts::TokenFacts;
use crate::model::verdict::Verdict;

/// The question.
pub const DETECTION: Detection = Detection {
    id: "HY-07",
    name: "weak token",
    severity: Severity::Medium,
    basis: Basis::Deterministic,
    about: comment(include_str!("hy_07.rs")),
    judge: Judge::Token(judge),
};

fn judge(case: &Described) -> Option<Verdict> {
    let token = case.claims?;
    let flaws = flaws(token)?;
    if flaws.is_empty() {
        return None;
    }
    let message = format!("a JWT {}", flaws.join(", "));
    let mut grounds = vec![evidence("alg", token.alg.as_deref().unwrap_or_default())];
    grounds.extend(token.iss.as_ref().map(|issuer| evidence("iss", issuer)));
    grounds.push(evidence("jti", token.jti.as_deref().unwrap_or("absent")));
    grounds.push(evidence("aud", if token.aud.is_empty() { "absent".to_owned() } else { token.aud.join(", ") }));
    Some(DETECTION.verdict(DETECTION.severity, case.confidence, message, grounds))
}

/// What is wrong with a JWT; `None` for tokens of other formats.
fn flaws(token: &TokenFacts) -> Option<Vec<&'static str>> {
    let alg = token.alg.as_ref()?.to_ascii_uppercase();
    let checks = [
        (alg == "NONE", "is not signed"),
        (alg.starts_with("HS") && token.iss.as_deref().is_some_and(is_public), "of a public issuer is signed with a shared secret"),
        (token.jti.is_none(), "has no id (`jti`)"),
        (token.aud.is_empty(), "has no audience (`aud`)"),
    ];
    Some(checks.into_iter().filter(|(holds, _)| *holds).map(|(_, flaw)| flaw).collect())
}

/// Whether others than the issuer check its tokens.
fn is_public(issuer: &str) -> bool {
    let Some(rest) = issuer.strip_prefix("https://") else { return false };
    let host = rest.split(['/', ':', '?']).next().unwrap_or(rest).to_ascii_lowercase();
    let private = [".local", ".internal", ".localhost", ".lan", ".svc", ".cluster.local", ".home.arpa"];
    host.contains('.') && !private.iter().any(|end| host.ends_with(end)) && host.parse::<std::net::Ipv4Addr>().is_err()
}

#[cfg(test)]
mod tests {
    use crate::detect::hy_07::is_public;

    #[test]
    fn public_issuers_are_told_from_private_ones() {
        for (issuer, expected) in [
            ("https://login.example.com/tenant", true),
            ("https://login.example.com:8443", true),
            ("https://issuer.internal", false),
            ("https://kubernetes.default.svc", false),
            ("https://localhost:8080", false),
            ("https://10.0.0.1", false),
            ("http://login.example.com", false),
            ("joe", false),
        ] {
            assert_eq!(is_public(issuer), expected, "{issuer}");
        }
    }
}
