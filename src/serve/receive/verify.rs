//! Who has sent it: the signatures of Standard Webhooks 1.0.0 and of GitHub, and shared words.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::delivery::key::{Form, VerifyingKey};
use crate::delivery::sign::{self, Headers};
use crate::model::fingerprint::Fingerprint;
use crate::model::instant::Instant;
use crate::serve::receive::inlet::{Inlet, Refusal};
use crate::serve::server::Question;

/// The id of a message whose signature and time are good.
///
/// # Errors
///
/// [`Refusal::Signature`]
pub fn webhook(inlet: &Inlet, question: &Question, now: Instant) -> Result<String, Refusal> {
    let headers = Headers { id: question.header(sign::ID), timestamp: question.header(sign::TIMESTAMP), signature: question.header(sign::SIGNATURE) };
    let keys = inlet.shared.iter().chain(inlet.public.named(None));
    Ok(sign::verify(keys, headers, question.body, now)?.id.to_owned())
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
    let mut keys = inlet.public.named(Some(id)).filter(|key| matches!(key, VerifyingKey::P256(_))).peekable();
    if keys.peek().is_none() {
        return Err(Refusal::Key);
    }
    let is_good = keys.any(|key| key.verifies(question.body, &signature, Form::Der));
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
