//! Tokens that stand in documentation and belong to nobody.

use crate::detect::case::Exposed;
use crate::model::fingerprint::Fingerprint;
use crate::model::token_facts::TokenFacts;

/// Fingerprints of credentials that vendors print in their guides and that no account accepts: AWS's access key id and secret access key.
const PUBLISHED: [&str; 2] = [
    "sha256:1a5d44a2dca19669d72edf4c4f1c27c4c1ca4b4408fbb17f6ce4ad452d78ddb3",
    "sha256:78314b11be2e581549ac1c4f616563fad3fdf0c3b71678f6e2299182080e0598",
];
/// `sub` and `iat` of the example of jwt.io, whatever key signed it.
const JWT_IO: (&str, i64) = ("1234567890", 1_516_239_022);
/// `iss` and `exp` of the example of RFC 7519, section 3.1.
const RFC_7519: (&str, i64) = ("joe", 1_300_819_380);

/// Whether the token is a well-known placeholder; one of ours never is.
#[must_use]
pub fn is_placeholder(case: &Exposed) -> bool {
    case.matched.is_none() && (case.finding.fingerprint.is_some_and(is_published) || case.finding.token.is_some_and(is_sample))
}

fn is_published(fingerprint: &Fingerprint) -> bool {
    PUBLISHED.contains(&fingerprint.to_string().as_str())
}

fn is_sample(token: &TokenFacts) -> bool {
    token.sub.as_deref().zip(token.iat) == Some(JWT_IO) || token.iss.as_deref().zip(token.exp) == Some(RFC_7519)
}

#[cfg(test)]
mod tests {
    use crate::detect::placeholder::{is_published, is_sample};
    use crate::model::fingerprint::Fingerprint;
    use crate::model::token_facts::TokenFacts;

    #[test]
    fn examples_of_documentation_are_known() {
        for (octets, expected) in [("AKIAIOSFODNN7EXAMPLE", true), ("another", false)] {
            assert_eq!(is_published(&Fingerprint::of(octets.as_bytes())), expected, "{octets}");
        }
        let sample = |sub: &str, iat| is_sample(&TokenFacts { sub: Some(sub.to_owned()), iat: Some(iat), ..TokenFacts::default() });
        assert!(sample("1234567890", 1_516_239_022));
        assert!(!sample("1234567890", 1_516_239_023) && !sample("joe", 1_516_239_022) && !is_sample(&TokenFacts::default()));
    }
}
