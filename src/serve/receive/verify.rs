//! Who has sent it: the signatures of Standard Webhooks 1.0.0, of JSON web tokens (RFC 7515) and of GitHub, and shared words.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Map, Value};

use crate::delivery::public_key::Scheme;
use crate::model::fingerprint::Fingerprint;
use crate::model::instant::Instant;
use crate::model::jwt::object;
use crate::serve::receive::inlet::{Inlet, Refusal};
use crate::serve::server::Question;

/// How far a message's time may be from now, in seconds.
const TOLERANCE: i64 = 300;
/// The longest id of a message, in octets.
const LONGEST_ID: usize = 256;

/// A JSON web token whose signature is good.
pub struct Token {
    /// Its header.
    pub head: Map<String, Value>,
    /// Its claims.
    pub claims: Map<String, Value>,
}

/// The id of a message whose signature and time are good.
///
/// # Errors
///
/// [`Refusal`]
pub fn webhook(inlet: &Inlet, question: &Question, now: Instant) -> Result<String, Refusal> {
    let header = |name, without| question.header(name).ok_or(Refusal::Sender(without));
    let id = header("webhook-id", "`webhook-id` is missing")?;
    let timestamp = header("webhook-timestamp", "`webhook-timestamp` is missing")?;
    let signatures = header("webhook-signature", "`webhook-signature` is missing")?;
    if id.is_empty() || id.len() > LONGEST_ID {
        return Err(Refusal::Sender("`webhook-id` is empty or too long"));
    }
    let message = [id.as_bytes(), b".", timestamp.as_bytes(), b".", question.body].concat();
    let is_good = |signature: &str| match signature.split_once(',') {
        Some(("v1", text)) => STANDARD.decode(text).is_ok_and(|tag| inlet.shared.iter().any(|key| key.verifies(&message, &tag))),
        Some(("v1a", text)) => {
            STANDARD.decode(text).is_ok_and(|signature| inlet.public.iter().any(|key| key.verifies(Scheme::Ed25519, &message, &signature)))
        }
        _ => false,
    };
    if !signatures.split(' ').any(is_good) {
        return Err(Refusal::Sender("no signature is good"));
    }
    let sent: i64 = timestamp.parse().map_err(|_| Refusal::Sender("`webhook-timestamp` is no number"))?;
    if sent.abs_diff(now.seconds()) > TOLERANCE.unsigned_abs() { Err(Refusal::Stale) } else { Ok(id.to_owned()) }
}

/// Reads a JSON web token in compact form and verifies its signature; the allowed algorithms are `EdDSA` and `ES256`.
///
/// # Errors
///
/// [`Refusal`]
pub fn token(inlet: &Inlet, text: &[u8]) -> Result<Token, Refusal> {
    let form = Refusal::Form("no JSON web token in compact form");
    let text = text.trim_ascii();
    let parts: Vec<&[u8]> = text.splitn(4, |octet| *octet == b'.').collect();
    let [head, claims, signature] = parts[..] else { return Err(form) };
    let (head, claims) = (object(head).ok_or(form)?, object(claims).ok_or(form)?);
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| form)?;
    if head.contains_key("crit") {
        return Err(Refusal::Form("it says `crit`, of which nothing is understood"));
    }
    let scheme = match head.get("alg").and_then(Value::as_str) {
        Some("EdDSA") => Scheme::Ed25519,
        Some("ES256") => Scheme::Es256,
        _ => return Err(Refusal::Key),
    };
    let id = head.get("kid").and_then(Value::as_str);
    // A key without a name may be any; one with a name is meant by it alone, where the sender gives one.
    let mut keys = inlet.public.iter().filter(|key| key.fits(scheme) && (id.is_none() || key.id.is_none() || key.id.as_deref() == id)).peekable();
    if keys.peek().is_none() {
        return Err(Refusal::Key);
    }
    let end = text.iter().rposition(|octet| *octet == b'.').unwrap_or_default();
    let is_good = keys.any(|key| key.verifies(scheme, &text[..end], &signature));
    if is_good { Ok(Token { head, claims }) } else { Err(Refusal::Sender("its signature is not good")) }
}

/// Whether GitHub has signed the body.
///
/// # Errors
///
/// [`Refusal`]
pub fn github(inlet: &Inlet, question: &Question) -> Result<(), Refusal> {
    let signature = question.header("github-public-key-signature").and_then(|text| STANDARD.decode(text).ok());
    let signature = signature.ok_or(Refusal::Sender("`Github-Public-Key-Signature` is missing or not base64"))?;
    let id = question.header("github-public-key-identifier").ok_or(Refusal::Sender("`Github-Public-Key-Identifier` is missing"))?;
    let mut keys = inlet.public.iter().filter(|key| key.fits(Scheme::EcdsaDer) && key.id.as_deref().is_none_or(|own| own == id)).peekable();
    if keys.peek().is_none() {
        return Err(Refusal::Key);
    }
    let is_good = keys.any(|key| key.verifies(Scheme::EcdsaDer, question.body, &signature));
    if is_good { Ok(()) } else { Err(Refusal::Sender("its signature is not good")) }
}

/// Whether `Authorization` is what it must be, where it must be something. Digests are compared, which tell nothing by the time that takes.
///
/// # Errors
///
/// [`Refusal::Sender`]
pub fn authorization(inlet: &Inlet, question: &Question) -> Result<(), Refusal> {
    let Some(expected) = &inlet.authorization else { return Ok(()) };
    let shown = question.header("authorization").unwrap_or_default().trim();
    if expected.fingerprint(None) == Fingerprint::of(shown.as_bytes()) { Ok(()) } else { Err(Refusal::Sender("`Authorization` is not good")) }
}
