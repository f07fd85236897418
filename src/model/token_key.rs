//! One way to name a token: its fingerprint, or a name that its issuer and its users both log.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::fingerprint::{Fingerprint, shown};

/// A name of one token; printed and read as `<kind>:<value>`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, JsonSchema, borsh::BorshSerialize, borsh::BorshDeserialize)]
#[schemars(with = "String")]
pub enum TokenKey {
    /// `sha256:<hex>` or `hmac-sha256:<key id>:<hex>` of the token's octets.
    Fingerprint(Fingerprint),
    /// `unsigned:sha256:<hex>`: of a JWT's header and payload, for logs that strip its signature.
    Unsigned(Fingerprint),
    /// `jti:<iss>#<jti>`: issuer and JWT id (RFC 7519, sections 4.1.1 and 4.1.7).
    JwtId {
        /// The issuer.
        iss: String,
        /// The token's id.
        jti: String,
    },
    /// A name with a kind.
    Named(KeyKind, String),
}

/// Kinds of names that are one text.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, borsh::BorshSerialize, borsh::BorshDeserialize)]
pub enum KeyKind {
    /// `kid:AKIA...`: a public key id.
    KeyId,
    /// `token_id:...`: a vendor's id of the token.
    TokenId,
    /// `vault_accessor:...`.
    VaultAccessor,
    /// `k8s:JTI=...`: a Kubernetes credential id.
    Kubernetes,
    /// `session:<ARN>@<creation time>`: a cloud session.
    Session,
    /// `biscuit:<hex>`: a Biscuit revocation id.
    Biscuit,
}

const KINDS: [(KeyKind, &str); 6] = [
    (KeyKind::KeyId, "kid"),
    (KeyKind::TokenId, "token_id"),
    (KeyKind::VaultAccessor, "vault_accessor"),
    (KeyKind::Kubernetes, "k8s"),
    (KeyKind::Session, "session"),
    (KeyKind::Biscuit, "biscuit"),
];

/// Why a text is no token key.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "{text} names no token\nhint: write a fingerprint (`sha256:<hex>`), `jti:<iss>#<jti>`, `kid:`, `token_id:`, `vault_accessor:`, `k8s:`, `session:<arn>@<time>` or `biscuit:`"
)]
pub struct TokenKeyError {
    text: String,
}

impl TokenKey {
    /// 64 bits that spread evenly: the start of the digest, or of the SHA-256 of the printed form.
    #[must_use]
    pub fn index(&self) -> u64 {
        match self {
            Self::Fingerprint(fingerprint) if fingerprint.key_id().is_none() => fingerprint.index(),
            _ => Fingerprint::of(self.to_string().as_bytes()).index(),
        }
    }

    /// Whether it is of the token's own octets.
    #[must_use]
    pub const fn is_fingerprint(&self) -> bool {
        matches!(self, Self::Fingerprint(_))
    }

    /// What sort of name it is, in a few words.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Fingerprint(fingerprint) if fingerprint.key_id().is_some() => "keyed fingerprint",
            Self::Fingerprint(_) => "fingerprint",
            Self::Unsigned(_) => "JWT without signature",
            Self::JwtId { .. } => "issuer and JWT id",
            Self::Named(KeyKind::KeyId, _) => "public key id",
            Self::Named(KeyKind::TokenId, _) => "vendor's token id",
            Self::Named(KeyKind::VaultAccessor, _) => "Vault accessor",
            Self::Named(KeyKind::Kubernetes, _) => "Kubernetes credential id",
            Self::Named(KeyKind::Session, _) => "session",
            Self::Named(KeyKind::Biscuit, _) => "Biscuit revocation id",
        }
    }
}

/// The names of a token that was met which are sure to be its own. A JWT's id is not where the token itself was there: anybody can write it into a
/// forged one.
pub fn sure(names: &[TokenKey]) -> impl Iterator<Item = &TokenKey> {
    let whole = names.iter().any(TokenKey::is_fingerprint);
    names.iter().filter(move |name| !whole || !matches!(name, TokenKey::JwtId { .. }))
}

impl fmt::Display for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fingerprint(fingerprint) => fingerprint.fmt(f),
            Self::Unsigned(fingerprint) => write!(f, "unsigned:{fingerprint}"),
            Self::JwtId { iss, jti } => write!(f, "jti:{iss}#{jti}"),
            Self::Named(kind, value) => {
                let (_, word) = KINDS.iter().find(|(one, _)| one == kind).expect("because every kind has a word");
                write!(f, "{word}:{value}")
            }
        }
    }
}

impl FromStr for TokenKey {
    type Err = TokenKeyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || TokenKeyError { text: shown(text) };
        if let Ok(fingerprint) = text.parse() {
            return Ok(Self::Fingerprint(fingerprint));
        }
        let (word, value) = text.split_once(':').filter(|(_, value)| !value.is_empty()).ok_or_else(error)?;
        match word {
            "unsigned" => value.parse().map(Self::Unsigned).map_err(|_| error()),
            "jti" => {
                let (iss, jti) = value.rsplit_once('#').filter(|(_, jti)| !jti.is_empty()).ok_or_else(error)?;
                Ok(Self::JwtId { iss: iss.to_owned(), jti: jti.to_owned() })
            }
            _ => {
                let (kind, _) = KINDS.iter().find(|(_, one)| *one == word).ok_or_else(error)?;
                Ok(Self::Named(*kind, value.to_owned()))
            }
        }
    }
}

impl Serialize for TokenKey {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TokenKey {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use crate::model::token_key::{KINDS, TokenKey};

    #[test]
    fn keys_are_printed_and_read_back() {
        let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        for text in [
            format!("sha256:{digest}"),
            format!("hmac-sha256:k1:{digest}"),
            format!("unsigned:sha256:{digest}"),
            "jti:https://issuer.example#a-b#c".to_owned(),
            "session:arn:aws:sts::1:assumed-role/r/s@2026-01-01T00:00:00Z".to_owned(),
        ]
        .into_iter()
        .chain(KINDS.iter().map(|(_, word)| format!("{word}:x")))
        {
            let key: TokenKey = text.parse().expect("because it is well formed");
            assert_eq!(key.to_string(), text);
            assert!(!key.kind().is_empty());
        }
        for text in ["", "kid:", "nothing", "jti:x", "unsigned:x", "weird:x"] {
            assert!(text.parse::<TokenKey>().is_err(), "{text}");
        }
        for (text, expected) in
            [("hunter2hunter2", "a text of 14 characters names"), ("weird:hunter2", "`weird:...` names"), ("Hunter2:x", "a text of 9")]
        {
            let message = text.parse::<TokenKey>().expect_err("because it names none").to_string();
            assert!(message.starts_with(expected) && !message.contains("unter2"), "{message}");
        }
    }
}
