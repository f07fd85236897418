//! One attempt to deliver: what is written for it, and what the answer means.
//!
//! **Invariant:** a token's octets are in a letter only as long as the step lasts that met them, and never in what an answer means.

use std::fmt;
use std::time::Duration;

use zeroize::Zeroizing;

use crate::model::alert::Alert;
use crate::model::instant::Instant;
use crate::model::secret::Secret;

/// What a payload is written from.
#[derive(Clone, Copy)]
pub struct Letter<'a> {
    /// Its id, such as `msg_…`: the same in every attempt and every run.
    pub id: &'a str,
    /// What is told.
    pub alert: &'a Alert,
    /// The time of this attempt.
    pub at: Instant,
    /// The token itself, for payloads that need it.
    pub token: Option<&'a Secret>,
    /// To whom.
    pub to: &'a Addressee,
}

/// What payloads say of sender and receiver, beside the alert.
#[derive(Clone, Default)]
pub struct Addressee {
    /// Where it goes.
    pub url: String,
    /// Who sends it: `source` of `CloudEvents`, `iss` of security event tokens.
    pub issuer: String,
    /// `aud` of security event tokens.
    pub audience: Option<String>,
    /// The name that the receiver has for the type of token (GitHub, GitLab).
    pub token_type: Option<String>,
    /// Keys to sign with, the present one first; two while one follows the other.
    pub keys: Vec<Key>,
    /// What stands in `Authorization`.
    pub authorization: Option<Authorization>,
}

/// A key that signs what is sent, or verifies what comes: as it is written in Standard Webhooks, `whsec_…`, `whsk_…` or `whpk_…`.
#[derive(Clone)]
pub struct Key(pub std::sync::Arc<Secret>);

/// How the sender shows who it is.
#[derive(Clone)]
pub enum Authorization {
    /// The header's value as it is.
    Header(std::sync::Arc<Secret>),
    /// A client's id and secret, as OAuth clients show them (RFC 6749, section 2.3.1).
    Client {
        /// The id.
        id: String,
        /// The secret.
        secret: std::sync::Arc<Secret>,
    },
}

/// What is posted.
#[derive(Clone, Default)]
pub struct Message {
    /// Headers with their values, `content-type` among them.
    pub headers: Vec<(&'static str, Zeroizing<String>)>,
    /// The body.
    pub body: Zeroizing<Vec<u8>>,
}

/// What came back.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// The status.
    pub status: u16,
    /// The first bytes of the body.
    pub body: &'a [u8],
    /// How long the receiver wants to be left alone.
    pub retry_after: Option<Duration>,
}

/// What it means.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Meaning {
    /// It has arrived.
    Delivered {
        /// What the receiver said of findings, by fingerprint: whether they are true.
        labels: Vec<(String, Label)>,
    },
    /// It is to be tried again.
    Again {
        /// Why, without a byte of what was sent.
        reason: String,
        /// Not earlier than in so long a time.
        after: Option<Duration>,
    },
    /// It will never be taken.
    Refused {
        /// Why.
        reason: String,
    },
    /// Nothing will ever be taken there (410).
    Gone,
}

/// What a receiver says of a finding.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Label {
    /// It was a token.
    TruePositive,
    /// It was none.
    FalsePositive,
}

/// Why a payload cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum LetterError {
    /// The token is no longer in memory.
    #[error("needs the token, which is never kept\nhint: the next run that meets the token sends it")]
    NeedsToken,
    /// The endpoint lacks a setting.
    #[error("endpoint {setting} is missing\nhint: docs/alerts.md says what each format needs")]
    Missing {
        /// The setting.
        setting: &'static str,
    },
    /// A key is none.
    #[error("the signing key is not well formed: {why}\nhint: `beartrap endpoint keygen` makes one")]
    Key {
        /// What is wrong.
        why: &'static str,
    },
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key")
    }
}

impl fmt::Debug for Authorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Authorization")
    }
}

impl Answer<'_> {
    /// What an answer means where the receiver has no words of its own: only 2xx is success, a redirect is none (Standard Webhooks 1.0.0).
    #[must_use]
    pub fn meaning(&self) -> Meaning {
        match self.status {
            200..=299 => Meaning::Delivered { labels: Vec::new() },
            410 => Meaning::Gone,
            status => Meaning::Again { reason: format!("status {status}"), after: self.retry_after },
        }
    }
}
