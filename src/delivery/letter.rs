//! One attempt to deliver: what is written for it, and what the answer means.
//!
//! **Invariant:** a letter has no place for a token. Payloads that need it get it beside the letter, as long as the step lasts that met it; what an
//! answer means holds no byte of what was sent.

use std::fmt;
use std::time::Duration;

use serde_json::Value;
use zeroize::Zeroizing;

use crate::delivery::{feedback, reveal};
use crate::model::alert::{ActionKind, Alert, Event};
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
    /// To whom.
    pub to: &'a Addressee,
}

/// What payloads say of sender and receiver, beside the alert.
#[derive(Clone, Default, Debug)]
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

/// A key that signs what is sent, or verifies what comes, as it is written: `whsec_…`, `whsk_…` or `whpk_…` (Standard Webhooks), PEM, DER, or JSON with
/// public keys.
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
    /// A key is none, or not one for this format.
    #[error("the signing key cannot be used: {why}\nhint: `beartrap endpoint keygen` makes one")]
    Key {
        /// What is wrong.
        why: &'static str,
    },
    /// Whoever gets this format revokes, and nobody asked for that.
    #[error("is no request to revoke\nhint: send only `token.revocation_requested` there")]
    NoRequest,
    /// The token cannot stand in JSON.
    #[error("the token is not UTF-8, as JSON must be")]
    NotText,
    /// A credential cannot stand in a header.
    #[error("endpoint {setting} holds characters that no header may hold\nhint: is there a line break at its end?")]
    Header {
        /// The setting.
        setting: &'static str,
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

impl<'a> Letter<'a> {
    /// Who sends it.
    ///
    /// # Errors
    /// Where the settings do not say it.
    pub fn issuer(&self) -> Result<&'a str, LetterError> {
        let issuer = self.to.issuer.as_str();
        if issuer.is_empty() { Err(LetterError::Missing { setting: "issuer" }) } else { Ok(issuer) }
    }

    /// Stands before payloads whose receiver revokes what it gets: a finding, a question to a person or a dry run is none.
    ///
    /// # Errors
    /// Where the alert does not ask for it.
    pub fn asks_to_revoke(&self) -> Result<(), LetterError> {
        let action = self.alert.data.action.as_ref().filter(|action| action.kind == ActionKind::RevokeToken && !action.dry_run);
        action.filter(|_| self.alert.event == Event::RevocationRequested).map(|_| ()).ok_or(LetterError::NoRequest)
    }
}

impl Message {
    /// A message with this body, and the sender's authorization where there is one.
    ///
    /// # Errors
    /// Where the authorization cannot stand in a header.
    pub fn new(letter: &Letter, content_type: &str, body: Zeroizing<Vec<u8>>) -> Result<Self, LetterError> {
        let mut headers = vec![("content-type", Zeroizing::new(content_type.to_owned()))];
        if let Some(authorization) = &letter.to.authorization {
            headers.push(("authorization", reveal::authorization(authorization)?));
        }
        Ok(Self { headers, body })
    }

    /// A message of JSON.
    ///
    /// # Errors
    /// As [`Message::new`].
    pub fn json(letter: &Letter, content_type: &str, body: &Value) -> Result<Self, LetterError> {
        Self::new(letter, content_type, Zeroizing::new(body.to_string().into_bytes()))
    }
}

impl Answer<'_> {
    /// To be tried again, for this reason.
    #[must_use]
    pub fn again(&self, reason: String) -> Meaning {
        Meaning::Again { reason, after: self.retry_after }
    }

    /// What an answer means where the receiver has no words of its own: only 2xx is success, a redirect is none (Standard Webhooks 1.0.0). A body of
    /// labels, as partners of GitHub answer, is understood from everybody.
    #[must_use]
    pub fn meaning(&self) -> Meaning {
        match self.status {
            200..=299 => Meaning::Delivered { labels: feedback::labels(self.body) },
            410 => Meaning::Gone,
            status => self.again(format!("status {status}")),
        }
    }
}
