//! What a finding carries of its rule: shared by all findings of that rule.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::grade::Severity;

/// What a token is, which decides what its holder can do with it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TokenKind {
    /// Accepted alone as a credential: access token, personal access token, API key.
    Bearer,
    /// Exchanged for bearer tokens.
    Refresh,
    /// A session cookie or session token.
    Session,
    /// A key that is used with a partner, such as a client secret or a secret access key.
    Secret,
    /// A password.
    Password,
    /// A hash of a password: whoever has it can try guesses at leisure, but cannot sign in with it.
    PasswordHash,
    /// A private key.
    PrivateKey,
    /// A URL that is itself the capability, such as a webhook or a signed URL.
    CapabilityUrl,
    /// Names a key or a session; no secret.
    KeyId,
    /// Says who somebody is, or proves something once; no bearer credential.
    Assertion,
}

impl TokenKind {
    /// The word used in every output.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bearer => "bearer",
            Self::Refresh => "refresh",
            Self::Session => "session",
            Self::Secret => "secret",
            Self::Password => "password",
            Self::PasswordHash => "password-hash",
            Self::PrivateKey => "private-key",
            Self::CapabilityUrl => "capability-url",
            Self::KeyId => "key-id",
            Self::Assertion => "assertion",
        }
    }
}

/// What a rule says to people.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct RuleInfo {
    /// Unique id, lower case with hyphens.
    #[serde(borrow)]
    pub id: Cow<'static, str>,
    /// One line for people.
    #[serde(borrow)]
    pub name: Cow<'static, str>,
    /// Who issues such tokens.
    #[serde(borrow)]
    pub provider: Cow<'static, str>,
    /// What the token is.
    pub kind: TokenKind,
    /// How bad a leak is before the ledger knows more.
    pub severity: Severity,
    /// What to do about a leak.
    #[serde(borrow)]
    pub remedy: Cow<'static, str>,
    /// The vendor's page on revoking it, empty where there is none.
    #[serde(borrow)]
    pub revocation_url: Cow<'static, str>,
}
