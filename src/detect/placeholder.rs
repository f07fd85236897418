//! Tokens of which nothing is said: those that stand in documentation and belong to nobody, and those that the user ignores.

use std::sync::LazyLock;

use crate::detect::case::Exposed;
use crate::detect::options::Options;
use crate::model::fingerprint::Fingerprint;
use crate::model::issuance::Issuance;
use crate::model::token_facts::TokenFacts;
use crate::model::token_key::{KeyKind, TokenKey, sure};

/// Fingerprints of credentials that vendors print in their guides and that no account accepts: AWS's access key id and secret access key,
/// the two examples of jwt.io, and that of RFC 7519, section 3.1.
static PUBLISHED: LazyLock<[Fingerprint; 5]> = LazyLock::new(|| {
    [
        "sha256:1a5d44a2dca19669d72edf4c4f1c27c4c1ca4b4408fbb17f6ce4ad452d78ddb3",
        "sha256:78314b11be2e581549ac1c4f616563fad3fdf0c3b71678f6e2299182080e0598",
        "sha256:7f75367e7881255134e1375e723d1dea8ad5f6a4fdb79d938df1f1754a830606",
        "sha256:ea143f77d9219e761541f1e02ab820054f5b7441bbf96b1c936f1f0b3b001cfe",
        "sha256:8d4ef6536dc8895f256c1e0d95dcd19763036732d64a095e44a90ed444267ad3",
    ]
    .map(|text| text.parse().expect("because it is written here"))
});
/// `sub` and `iat` of the example of jwt.io, whatever key signed it.
const JWT_IO: (&str, i64) = ("1234567890", 1_516_239_022);
/// `iss` and `exp` of the example of RFC 7519, section 3.1.
const RFC_7519: (&str, i64) = ("joe", 1_300_819_380);

/// Whether the token is a well-known placeholder; one of ours never is.
#[must_use]
pub fn is_placeholder(case: &Exposed) -> bool {
    case.matched.is_none() && (case.finding.fingerprint.is_some_and(is_published) || case.finding.token.is_some_and(is_sample))
}

impl Options {
    /// Whether nothing is said of a token that was met by these names: the user ignores one of them or of its record's, or it is
    /// published and nobody issued it.
    #[must_use]
    pub fn ignores(&self, names: &[TokenKey], issued: Option<&Issuance>) -> bool {
        let recorded = issued.filter(|_| !self.ignore.is_empty()).map(Issuance::keys).unwrap_or_default();
        sure(names).chain(&recorded).any(|name| self.ignore.contains(name)) || (issued.is_none() && sure(names).any(is_published_name))
    }
}

/// Whether a name is of a published credential.
fn is_published_name(name: &TokenKey) -> bool {
    match name {
        TokenKey::Fingerprint(fingerprint) => is_published(fingerprint),
        TokenKey::Named(KeyKind::KeyId, id) => is_published(&Fingerprint::of(id.as_bytes())),
        _ => false,
    }
}

fn is_published(fingerprint: &Fingerprint) -> bool {
    PUBLISHED.contains(fingerprint)
}

fn is_sample(token: &TokenFacts) -> bool {
    token.sub.as_deref().zip(token.iat) == Some(JWT_IO) || token.iss.as_deref().zip(token.exp) == Some(RFC_7519)
}

#[cfg(test)]
mod tests {
    use crate::detect::options::Options;
    use crate::detect::placeholder::{is_published, is_sample};
    use crate::model::fingerprint::Fingerprint;
    use crate::model::issuance::Issuance;
    use crate::model::token_facts::TokenFacts;
    use crate::model::token_key::TokenKey;

    #[test]
    fn examples_of_documentation_are_known() {
        for (octets, expected) in [("AKIAIOSFODNN7EXAMPLE", true), ("another", false)] {
            assert_eq!(is_published(&Fingerprint::of(octets.as_bytes())), expected, "{octets}");
        }
        let sample = |sub: &str, iat| is_sample(&TokenFacts { sub: Some(sub.to_owned()), iat: Some(iat), ..TokenFacts::default() });
        assert!(sample("1234567890", 1_516_239_022));
        assert!(!sample("1234567890", 1_516_239_023) && !sample("joe", 1_516_239_022) && !is_sample(&TokenFacts::default()));
    }

    #[test]
    fn tokens_are_ignored_by_their_names() {
        let [fp, other] = ["a token", "another"].map(|octets| Fingerprint::of(octets.as_bytes()).to_string());
        let issued = |names: &[&str]| Issuance { alt_keys: names.iter().map(|name| key(name)).collect(), ..Issuance::default() };
        let published = Fingerprint::of(b"AKIAIOSFODNN7EXAMPLE").to_string();
        for (ignored, names, record, expected) in [
            (&fp[..], &[&fp[..], "token_id:7"][..], None, true),
            ("token_id:7", &[&fp, "token_id:7"], None, true),
            ("token_id:7", &[&fp], Some(&["token_id:7"][..]), true),
            (&other, &[&fp, "token_id:7"], None, false),
            // A whole token that only claims an ignored id may be forged.
            ("jti:https://as.example#1", &[&fp, "jti:https://as.example#1"], None, false),
            ("jti:https://as.example#1", &["jti:https://as.example#1"], None, true),
            ("jti:https://as.example#1", &[&fp], Some(&["jti:https://as.example#1"]), true),
            (&other, &[&published], None, true),
            (&other, &["kid:AKIAIOSFODNN7EXAMPLE"], None, true),
            (&other, &["kid:AKIAIOSFODNN7EXAMPLE"], Some(&["kid:AKIAIOSFODNN7EXAMPLE"]), false),
        ] {
            let options = Options { ignore: [key(ignored)].into(), ..Options::default() };
            let names: Vec<TokenKey> = names.iter().map(|name| key(name)).collect();
            assert_eq!(options.ignores(&names, record.map(issued).as_ref()), expected, "{ignored} {names:?} {record:?}");
        }
    }

    fn key(text: &str) -> TokenKey {
        text.parse().expect("because it is well formed")
    }
}
