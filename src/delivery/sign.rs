//! Signatures of Standard Webhooks 1.0.0: `v1` (HMAC-SHA-256) and `v1a` (Ed25519) over id, time and body.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::delivery::key::{Form, SigningKey, VerifyingKey};
use crate::delivery::letter::{Letter, LetterError, Message};
use crate::model::instant::Instant;

/// The header of the id, which is the same in every attempt.
pub const ID: &str = "webhook-id";
/// The header of the attempt's time, in seconds since 1970.
pub const TIMESTAMP: &str = "webhook-timestamp";
/// The header of the signatures.
pub const SIGNATURE: &str = "webhook-signature";

/// How far the sender's clock may be from ours, in seconds and both ways.
pub const TOLERANCE: i64 = 300;

/// The most signatures that are looked at in one message.
const MOST: usize = 16;
/// The longest id, in octets.
const LONGEST_ID: usize = 256;

/// What is signed.
#[derive(Clone, Copy, Debug)]
pub struct Content<'a> {
    /// The message's id.
    pub id: &'a str,
    /// The attempt's time, in seconds since 1970.
    pub timestamp: i64,
    /// The body, byte for byte.
    pub body: &'a [u8],
}

/// The headers of a message that came.
#[derive(Clone, Copy, Default, Debug)]
pub struct Headers<'a> {
    /// `webhook-id`.
    pub id: Option<&'a str>,
    /// `webhook-timestamp`.
    pub timestamp: Option<&'a str>,
    /// `webhook-signature`.
    pub signature: Option<&'a str>,
}

/// Why a message is not believed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SignatureError {
    /// A header is not there.
    #[error("`{header}` is missing")]
    Missing {
        /// The header.
        header: &'static str,
    },
    /// The id could be taken for more than the id.
    #[error("`webhook-id` is empty, too long, or holds a `.`")]
    Id,
    /// The time is no number.
    #[error("`webhook-timestamp` is no number of seconds")]
    Timestamp,
    /// The time is too far from ours.
    #[error("`webhook-timestamp` is {seconds} s from this machine's clock\nhint: is one of the clocks wrong, or is this a replay?")]
    Stale {
        /// How far, positive where it lies in the past.
        seconds: i64,
    },
    /// No signature is of a version that one of the keys makes.
    #[error("`webhook-signature` holds no signature of a kind that the keys here make")]
    Unknown,
    /// Signatures are there, and none is right.
    #[error("no signature in `webhook-signature` is right")]
    Wrong,
}

/// The value of `webhook-signature`: one signature for each key.
///
/// # Errors
/// Where a key is of a kind that Standard Webhooks does not know.
pub fn signatures(keys: &[SigningKey], content: Content) -> Result<String, LetterError> {
    let signed = content.signed();
    let mut value = String::new();
    for key in keys {
        let version = version(&key.verifying()).ok_or(LetterError::Key { why: "webhooks are signed with `whsec_` or `whsk_` keys" })?;
        let space = if value.is_empty() { "" } else { " " };
        let signature = STANDARD.encode(key.sign(&signed, Form::Fixed));
        write!(value, "{space}{version},{signature}").expect("because a text takes more text");
    }
    Ok(value)
}

/// The message with the three headers, where there are keys to sign with.
///
/// # Errors
/// Where a key is none, or of a kind that Standard Webhooks does not know.
pub fn signed(letter: &Letter, mut message: Message) -> Result<Message, LetterError> {
    let keys = letter.to.keys.iter().map(SigningKey::read).collect::<Result<Vec<_>, _>>()?;
    let content = Content { id: letter.id, timestamp: letter.at.seconds(), body: &message.body };
    let value = signatures(&keys, content)?;
    if !value.is_empty() {
        let headers = [(ID, letter.id.to_owned()), (TIMESTAMP, content.timestamp.to_string()), (SIGNATURE, value)];
        message.headers.extend(headers.map(|(name, value)| (name, Zeroizing::new(value))));
    }
    Ok(message)
}

/// Whether one of the keys signed the message, and not long ago. Whoever acts on messages also has to remember their ids for as long as the tolerance.
///
/// # Errors
/// Says what is wrong; in an answer to the sender, say less.
pub fn verify<'a, 'k>(
    keys: impl IntoIterator<Item = &'k VerifyingKey>,
    headers: Headers<'a>,
    body: &'a [u8],
    now: Instant,
) -> Result<Content<'a>, SignatureError> {
    let keys: Vec<&VerifyingKey> = keys.into_iter().collect();
    let content = headers.content(body)?;
    let given = headers.signature.ok_or(SignatureError::Missing { header: SIGNATURE })?;
    let seconds = now.seconds().saturating_sub(content.timestamp);
    if seconds.saturating_abs() > TOLERANCE {
        return Err(SignatureError::Stale { seconds });
    }
    let pairs = given.split_ascii_whitespace().filter_map(|one| one.split_once(',')).take(MOST);
    let tried: Vec<(&VerifyingKey, &str)> =
        pairs.flat_map(|(named, text)| keys.iter().copied().filter(move |key| version(key) == Some(named)).map(move |key| (key, text))).collect();
    if tried.is_empty() {
        return Err(SignatureError::Unknown);
    }
    let signed = content.signed();
    let right = |key: &VerifyingKey, text: &str| STANDARD.decode(text).is_ok_and(|signature| key.verifies(&signed, &signature, Form::Fixed));
    if tried.iter().any(|(key, text)| right(key, text)) { Ok(content) } else { Err(SignatureError::Wrong) }
}

/// The version of the signatures that a key makes.
fn version(key: &VerifyingKey) -> Option<&'static str> {
    match key {
        VerifyingKey::Shared(_) => Some("v1"),
        VerifyingKey::Ed25519(_) => Some("v1a"),
        VerifyingKey::P256(_) => None,
    }
}

impl Content<'_> {
    /// `{id}.{timestamp}.{body}`.
    fn signed(self) -> Zeroizing<Vec<u8>> {
        let head = format!("{}.{}.", self.id, self.timestamp);
        Zeroizing::new([head.as_bytes(), self.body].concat())
    }
}

impl<'a> Headers<'a> {
    fn content(self, body: &'a [u8]) -> Result<Content<'a>, SignatureError> {
        let id = self.id.ok_or(SignatureError::Missing { header: ID })?;
        let timestamp = self.timestamp.ok_or(SignatureError::Missing { header: TIMESTAMP })?;
        if id.is_empty() || id.len() > LONGEST_ID || id.contains('.') {
            return Err(SignatureError::Id);
        }
        // Only digits: `+5` is a number to Rust, but its text is not what was signed.
        let digits = timestamp.bytes().all(|byte| byte.is_ascii_digit());
        let timestamp = timestamp.parse().ok().filter(|_| digits).ok_or(SignatureError::Timestamp)?;
        Ok(Content { id, timestamp, body })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use standardwebhooks::Webhook;
    use zeroize::Zeroizing;

    use crate::delivery::key::{KeyKind, SigningKey, VerifyingKey, generate};
    use crate::delivery::letter::Key;
    use crate::delivery::sign::{Content, Headers, SignatureError, signatures, verify};
    use crate::model::instant::Instant;
    use crate::model::secret::Secret;

    fn key(text: String) -> Key {
        Key(Arc::new(Secret::new(text.into_bytes())))
    }

    /// A shared key, as it is written and ready to sign.
    fn shared(octet: u8) -> (String, SigningKey) {
        let text = format!("whsec_{}", STANDARD.encode([octet; 32]));
        (text.clone(), SigningKey::read(&key(text)).expect("because it is one"))
    }

    fn at(seconds: i64) -> Instant {
        Instant::from_number(seconds).expect("because it is a time")
    }

    #[test]
    fn signatures_are_those_of_the_specification() {
        // The examples of the reference libraries; the keys are put together here because they look like keys.
        let symmetric = key(["whsec_", "C2FVsBQIhrscChlQIMV+", "b5sSYspob7oD"].concat());
        let asymmetric = key(format!("whsk_{}", STANDARD.encode("TESTSIGNINGKEYDONOTUSETHISFORANY")));
        let check = |key: &Key, content: Content, expected: &str| {
            let key = SigningKey::read(key).expect("because it is one");
            assert_eq!(signatures(&[key], content).expect("because it signs"), expected);
        };
        let body = br#"{"email":"test@example.com","username":"test_user"}"#;
        let content = Content { id: "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk", timestamp: 1_649_367_553, body };
        check(&symmetric, content, "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=");
        let content = Content { id: "msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp: 1_614_265_330, body: br#"{"test": 2432232314}"# };
        check(&asymmetric, content, "v1a,tQ9V2XOqn7jL/DQenEFpqIugdBVtiMmER5mhSkXBNwM0mkATuDe6KYYUuxqtaiHeYGb7KaaBRdM5WqyeFiL8Ag==");
    }

    #[test]
    fn the_reference_library_understands_us_and_we_it() {
        let (text, ours) = shared(7);
        let theirs = Webhook::new(&text).expect("because it is a key");
        let verifying = [ours.verifying()];
        // The library asks the system for the time.
        let now = jiff::Timestamp::now().as_second();
        for body in [&b"{}"[..], b"", "\u{e9}\n".as_bytes()] {
            let value = signatures(std::slice::from_ref(&ours), Content { id: "msg_1", timestamp: now, body }).expect("because it signs");
            let mut headers = ureq::http::HeaderMap::new();
            for (name, value) in [("webhook-id", "msg_1"), ("webhook-timestamp", &now.to_string()), ("webhook-signature", &value)] {
                headers.insert(name, value.parse().expect("because it is a value"));
            }
            assert!(theirs.verify(body, &headers).is_ok());
            let signed = theirs.sign("msg_1", now, body).expect("because it signs");
            let headers = Headers { id: Some("msg_1"), timestamp: Some(&now.to_string()), signature: Some(&signed) };
            assert!(verify(&verifying, headers, body, at(now)).is_ok());
        }
    }

    #[test]
    fn messages_are_believed_only_if_signed_and_fresh() {
        let (_, ours) = shared(7);
        let verifying = [ours.verifying()];
        let value = signatures(&[ours], Content { id: "msg_1", timestamp: 1000, body: b"{}" }).expect("because it signs");
        let good = Headers { id: Some("msg_1"), timestamp: Some("1000"), signature: Some(&value) };
        let several = format!("v1,AAAA v2,AAAA junk v1a,AAAA {value} v1,BBBB");
        let wrong = Err(SignatureError::Wrong);
        let check = |headers: Headers, body: &[u8], now: i64, expected: Result<(), SignatureError>| {
            assert_eq!(verify(&verifying, headers, body, at(now)).map(|_| ()), expected, "{headers:?}");
        };
        for now in [1000, 700, 1300] {
            check(good, b"{}", now, Ok(()));
        }
        check(good, b"{}", 699, Err(SignatureError::Stale { seconds: -301 }));
        check(good, b"{}", 1301, Err(SignatureError::Stale { seconds: 301 }));
        check(good, b"{ }", 1000, wrong);
        check(Headers { signature: Some(&several), ..good }, b"{}", 1000, Ok(()));
        check(Headers { id: Some("msg_2"), ..good }, b"{}", 1000, wrong);
        check(Headers { id: Some("msg_1.1000"), ..good }, b"{}", 1000, Err(SignatureError::Id));
        check(Headers { id: Some(&"a".repeat(257)), ..good }, b"{}", 1000, Err(SignatureError::Id));
        check(Headers { id: Some(""), ..good }, b"{}", 1000, Err(SignatureError::Id));
        check(Headers { id: None, ..good }, b"{}", 1000, Err(SignatureError::Missing { header: "webhook-id" }));
        check(Headers { timestamp: None, ..good }, b"{}", 1000, Err(SignatureError::Missing { header: "webhook-timestamp" }));
        check(Headers { signature: None, ..good }, b"{}", 1000, Err(SignatureError::Missing { header: "webhook-signature" }));
        for timestamp in ["", "+1000", "-1000", "1e3", "99999999999999999999"] {
            check(Headers { timestamp: Some(timestamp), ..good }, b"{}", 1000, Err(SignatureError::Timestamp));
        }
        check(Headers { timestamp: Some("9223372036854775807"), ..good }, b"{}", 1000, Err(SignatureError::Stale { seconds: 1000 - i64::MAX }));
        check(Headers { timestamp: Some("1001"), ..good }, b"{}", 1000, wrong);
        for signature in ["v1,", "v1,!", "v1,AAAA"] {
            check(Headers { signature: Some(signature), ..good }, b"{}", 1000, wrong);
        }
        for signature in ["", "v1", "v1a,AAAA", "v9,AAAA"] {
            check(Headers { signature: Some(signature), ..good }, b"{}", 1000, Err(SignatureError::Unknown));
        }
    }

    #[test]
    fn while_keys_change_either_receiver_believes() {
        let (_, old) = shared(1);
        let (new, public) = generate(KeyKind::Ed25519, &Zeroizing::new([2; 32]));
        let receivers = [vec![old.verifying()], vec![public.expect("because it has one")], vec![old.verifying(), VerifyingKey::Ed25519([0; 32])]];
        let keys = [SigningKey::read(&new).expect("because it is one"), old];
        let value = signatures(&keys, Content { id: "a", timestamp: 5, body: b"b" }).expect("because they sign");
        assert_eq!(value.split(' ').map(|one| one.split_once(',').map(|(version, _)| version)).collect::<Vec<_>>(), [Some("v1a"), Some("v1")]);
        for receiver in receivers {
            assert!(verify(&receiver, Headers { id: Some("a"), timestamp: Some("5"), signature: Some(&value) }, b"b", at(5)).is_ok());
        }
    }
}
