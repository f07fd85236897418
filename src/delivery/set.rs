//! Security event tokens (RFC 8417): what is said of a token, a session or a user, signed; as the Shared Signals Framework 1.0 narrows them.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::delivery::jose::{self, JoseError, KeySet};
use crate::model::instant::Instant;

/// The type in the header.
pub const MEDIA_TYPE: &str = "secevent+jwt";
/// CAEP 1.0: a session has been revoked.
pub const SESSION_REVOKED: &str = "https://schemas.openid.net/secevent/caep/event-type/session-revoked";
/// CAEP 1.0: a credential was created, changed, revoked or deleted.
pub const CREDENTIAL_CHANGE: &str = "https://schemas.openid.net/secevent/caep/event-type/credential-change";
/// RISC 1.0: all sessions of somebody have been revoked.
pub const SESSIONS_REVOKED: &str = "https://schemas.openid.net/secevent/risc/event-type/sessions-revoked";
/// CAEP 1.0: the risk of a session or somebody has changed.
pub const RISK_LEVEL_CHANGE: &str = "https://schemas.openid.net/secevent/caep/event-type/risk-level-change";
/// RISC 1.0: a credential is known to others.
pub const CREDENTIAL_COMPROMISE: &str = "https://schemas.openid.net/secevent/risc/event-type/credential-compromise";
/// The OAuth event types: a token was revoked.
pub const TOKEN_REVOKED: &str = "https://schemas.openid.net/secevent/oauth/event-type/token-revoked";
/// The OAuth event types: all tokens of somebody were revoked.
pub const TOKENS_REVOKED: &str = "https://schemas.openid.net/secevent/oauth/event-type/tokens-revoked";
/// SSF 1.0: whether a stream works.
pub const VERIFICATION: &str = "https://schemas.openid.net/secevent/ssf/event-type/verification";

/// How far ahead of ours the transmitter's clock may be, in seconds.
pub const AHEAD: i64 = 600;
/// How long after it was issued one is taken, in seconds: transmitters try again for a while.
pub const OLDEST: i64 = 86_400;

/// The most events that are read of one token.
const MOST: usize = 100;
/// The end of the year 9999, in seconds since 1970.
const LAST_SECOND: i64 = 253_402_300_799;
/// The longest id, in octets.
const LONGEST_ID: usize = 256;

/// One of them, verified.
#[derive(Clone, PartialEq, Debug, Deserialize)]
pub struct SecurityEvent {
    /// Who says it.
    pub iss: String,
    /// Its id, the same in every attempt.
    pub jti: String,
    /// When it was issued, in seconds since 1970.
    #[serde(deserialize_with = "seconds")]
    pub iat: i64,
    /// When that happened of which it tells.
    #[serde(default)]
    pub toe: Option<Value>,
    /// To whom it is said.
    #[serde(default, deserialize_with = "one_or_many")]
    pub aud: Vec<String>,
    /// What events of one cause have in common.
    #[serde(default)]
    pub txn: Option<String>,
    /// Of whom (RFC 9493).
    #[serde(default)]
    pub sub_id: Option<Value>,
    /// What, by the event type's URI.
    pub events: BTreeMap<String, Map<String, Value>>,
    /// A time after which it is nothing; an event has none, a stolen token of another kind has.
    #[serde(default)]
    exp: Option<Value>,
}

/// What a receiver insists on.
#[derive(Clone, Copy, Default, Debug)]
pub struct Expected<'a> {
    /// Who says it.
    pub issuer: Option<&'a str>,
    /// To whom.
    pub audience: Option<&'a str>,
}

/// Why one is not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SetError {
    /// Form or signature is wrong.
    #[error("the event token {0}")]
    Jose(#[from] JoseError),
    /// Its claims are not those of an event token.
    #[error("the event token has not the claims of one: {why}")]
    Claims {
        /// What is wrong.
        why: &'static str,
    },
    /// Somebody else says it.
    #[error("the event token is from another issuer")]
    Issuer,
    /// It is said to somebody else.
    #[error("the event token is for another audience")]
    Audience,
    /// It was issued long ago, or is not yet.
    #[error("the event token was issued {seconds} s ago\nhint: is one of the clocks wrong, or is this a replay?")]
    Time {
        /// How long ago, negative where it lies ahead.
        seconds: i64,
    },
}

/// Reads one that came. Whoever acts on it also has to remember its issuer and `jti` for as long as [`OLDEST`].
///
/// # Errors
/// Says what is wrong; [`SetError::code`] is what RFC 8935 answers.
pub fn read(token: &[u8], keys: &KeySet, expected: Expected, now: Instant) -> Result<SecurityEvent, SetError> {
    let claims = jose::verify(token, MEDIA_TYPE, keys)?;
    let event =
        SecurityEvent::deserialize(claims).map_err(|_| SetError::Claims { why: "`iss`, `jti`, `iat` or `events` is missing or malformed" })?;
    if !(1..=MOST).contains(&event.events.len()) {
        return Err(SetError::Claims { why: "no event is in it, or too many" });
    }
    if !(1..=LONGEST_ID).contains(&event.jti.len()) {
        return Err(SetError::Claims { why: "`jti` is empty or too long" });
    }
    if event.exp.is_some() {
        return Err(SetError::Claims { why: "it expires, and what has happened does not" });
    }
    if expected.issuer.is_some_and(|issuer| issuer != event.iss) {
        return Err(SetError::Issuer);
    }
    if expected.audience.is_some_and(|audience| !event.aud.iter().any(|one| one == audience)) {
        return Err(SetError::Audience);
    }
    let seconds = now.seconds().saturating_sub(event.iat);
    if !(-AHEAD..=OLDEST).contains(&seconds) {
        return Err(SetError::Time { seconds });
    }
    Ok(event)
}

impl SecurityEvent {
    /// When an event happened, in seconds since 1970: as it says itself, else as all of them are said to, else when that was told.
    #[must_use]
    pub fn time(&self, event: &Map<String, Value>) -> i64 {
        event.get("event_timestamp").and_then(number).or_else(|| self.toe.as_ref().and_then(number)).unwrap_or(self.iat)
    }
}

impl SetError {
    /// The error code of RFC 8935, section 2.4.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Jose(JoseError::Form { .. }) | Self::Claims { .. } | Self::Time { .. } => "invalid_request",
            Self::Jose(JoseError::Algorithm | JoseError::Key) => "invalid_key",
            Self::Jose(JoseError::Signature) => "authentication_failed",
            Self::Issuer => "invalid_issuer",
            Self::Audience => "invalid_audience",
        }
    }
}

/// A number of seconds may have a fraction (RFC 7519, section 2).
fn number(value: &Value) -> Option<i64> {
    let seconds = value.as_i64().or_else(|| value.as_f64().map(|number| number as i64));
    seconds.filter(|seconds| (0..=LAST_SECOND).contains(seconds))
}

fn seconds<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    number(&Value::deserialize(deserializer)?).ok_or_else(|| serde::de::Error::custom("no number of seconds"))
}

/// An audience is one text or several (RFC 7519, section 4.1.3).
fn one_or_many<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Audience {
        One(String),
        Many(Vec<String>),
    }
    Ok(match Audience::deserialize(deserializer)? {
        Audience::One(one) => vec![one],
        Audience::Many(many) => many,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};

    use crate::delivery::jose::{JoseError, KeySet, sign};
    use crate::delivery::key::VerifyingKey;
    use crate::delivery::payload::sample;
    use crate::delivery::set::{Expected, MEDIA_TYPE, SESSION_REVOKED, SecurityEvent, SetError, read};
    use crate::model::instant::Instant;

    fn claims() -> Value {
        json!({
            "iss": "https://issuer.example", "jti": "1", "iat": 100_000, "aud": ["a", "b"], "txn": "t",
            "sub_id": { "format": "opaque", "id": "s1" },
            "events": { SESSION_REVOKED: { "event_timestamp": 99_990 } },
        })
    }

    #[test]
    fn events_are_taken_only_from_whom_and_when_expected() {
        let key = sample::ed25519_key(3);
        let keys = KeySet::from(vec![VerifyingKey::read(&key).expect("because it is one")]);
        let expected = Expected { issuer: Some("https://issuer.example"), audience: Some("b") };
        let check = |change: &dyn Fn(&mut Value), now: i64, error: Option<(SetError, &str)>| {
            let mut claims = claims();
            change(&mut claims);
            let token = sign(std::slice::from_ref(&key), MEDIA_TYPE, &claims).expect("because it signs");
            let event = read(token.as_bytes(), &keys, expected, Instant::from_number(now).expect("because it is a time"));
            let code = event.as_ref().err().map(SetError::code);
            let same = matches!((&event, &error), (Err(SetError::Claims { .. }), Some((SetError::Claims { .. }, _))));
            assert!(same || event.as_ref().err() == error.as_ref().map(|(error, _)| error), "{event:?}");
            assert_eq!(code, error.map(|(_, code)| code));
        };
        let why = || SetError::Claims { why: "" };
        for now in [100_000, 99_400, 186_400] {
            check(&|_| {}, now, None);
        }
        check(&|_| {}, 99_399, Some((SetError::Time { seconds: -601 }, "invalid_request")));
        check(&|_| {}, 186_401, Some((SetError::Time { seconds: 86_401 }, "invalid_request")));
        check(&|claims| claims["aud"] = json!("b"), 100_000, None);
        check(&|claims| claims["aud"] = json!("c"), 100_000, Some((SetError::Audience, "invalid_audience")));
        check(&|claims| claims["aud"] = json!([]), 100_000, Some((SetError::Audience, "invalid_audience")));
        check(&|claims| claims["iss"] = json!("https://issuer.example/"), 100_000, Some((SetError::Issuer, "invalid_issuer")));
        check(&|claims| claims["exp"] = json!(200_000), 100_000, Some((why(), "invalid_request")));
        check(&|claims| claims["events"] = json!({}), 100_000, Some((why(), "invalid_request")));
        check(&|claims| claims["events"] = json!({ "a": 1 }), 100_000, Some((why(), "invalid_request")));
        for jti in [Value::Null, json!(""), json!("j".repeat(257))] {
            check(&|claims| claims["jti"] = jti.clone(), 100_000, Some((why(), "invalid_request")));
        }
        for iat in [Value::Null, json!("100000"), json!(-1), json!(1e18)] {
            check(&|claims| claims["iat"] = iat.clone(), 100_000, Some((why(), "invalid_request")));
        }
        check(&|claims| claims["iat"] = json!(100_000.5), 100_000, None);
        let many: Map<String, Value> = (0..101).map(|number| (format!("urn:{number}"), json!({}))).collect();
        check(&|claims| claims["events"] = json!(many), 100_000, Some((why(), "invalid_request")));
        let forged = sign(&[sample::ed25519_key(4)], MEDIA_TYPE, &claims()).expect("because it signs");
        let read = read(forged.as_bytes(), &keys, expected, Instant::from_number(100_000).expect("because it is a time"));
        assert_eq!(read, Err(SetError::Jose(JoseError::Key)));
        assert_eq!(SetError::Jose(JoseError::Signature).code(), "authentication_failed");
    }

    #[test]
    fn events_happened_when_they_say() {
        let time = |event: Value, toe: Value| {
            let mut claims = claims();
            claims["toe"] = toe;
            let event = event.as_object().cloned().unwrap_or_default();
            serde_json::from_value::<SecurityEvent>(claims).expect("because it is one").time(&event)
        };
        assert_eq!(time(json!({ "event_timestamp": 5 }), json!(6)), 5);
        assert_eq!(time(json!({ "event_timestamp": 5.9 }), json!(6)), 5);
        assert_eq!(time(json!({ "event_timestamp": "5" }), json!(6)), 6);
        assert_eq!(time(json!({}), json!("6")), 100_000);
        assert_eq!(time(json!({}), Value::Null), 100_000);
    }
}
