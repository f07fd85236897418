//! A token that is bound to a key was used without it.
//!
//! # What it asks
//!
//! Is the token bound (`cnf`), and was it sent as a plain `Bearer` although it is bound for `DPoP`, with a proof by another key,
//! with another client certificate, or with a proof that was made for another token (`ath`)?
//!
//! # Why it matters
//!
//! The binding is what makes a stolen token useless. Whoever presents it without the key did not get it from its owner's hands.
//!
//! # Evidence
//!
//! The thumbprint that the record or the token names (`jkt`, `x5t#S256`) and the one that was seen (RFC 9449, section 4.3; RFC 8705,
//! section 3).
//!
//! # When it is wrong
//!
//! When a proxy ends TLS or `DPoP` and passes the token on as `Bearer`: log at the proxy. When the key was renewed and
//! the record was not. What the log does not say is not held against anybody.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::detect::detection::{Basis, Detection, Judge, comment, evidence};
use crate::detect::used::{Answer, Use, Used};
use crate::model::grade::{Confidence, Severity};
use crate::model::token_key::TokenKey;
use crate::model::token_use::Scheme;
use crate::model::verdict::Evidence;

/// The question.
pub const DETECTION: Detection = Detection {
    id: "TR-10",
    name: "binding broken",
    severity: Severity::Critical,
    basis: Basis::Deterministic,
    about: comment(include_str!("tr_10.rs")),
    judge: Judge::Used(judge),
};

fn judge(case: &Used) -> Vec<Answer> {
    let binding = Binding::of(case);
    if binding.key.is_none() && binding.certificate.is_none() {
        return Vec::new();
    }
    let mut broken: BTreeMap<&str, (&str, Vec<Evidence>, usize)> = BTreeMap::new();
    for (at, one) in case.uses.iter().enumerate() {
        if let Some((slot, how, grounds)) = breach(&binding, one) {
            broken.entry(slot).or_insert((how, grounds, at));
        }
    }
    let answers = broken.into_iter().map(|(slot, (how, grounds, at))| {
        let message = format!("the token is bound to a key and was {how}");
        case.answer(DETECTION.verdict(DETECTION.severity, Confidence::High, message, grounds), slot, vec![at])
    });
    answers.collect()
}

/// What the token is bound to.
struct Binding<'a> {
    /// Thumbprint of a key.
    key: Option<&'a str>,
    /// Thumbprint of a certificate.
    certificate: Option<&'a str>,
    /// What `ath` must be.
    hash: Option<String>,
}

impl<'a> Binding<'a> {
    fn of(case: &Used<'a>) -> Self {
        let (key, certificate) = (case.bound("jkt").or(case.bound("jwk_thumbprint")), case.bound("x5t#S256"));
        Self { key, certificate, hash: key.or(certificate).and_then(|_| hash(case)) }
    }
}

/// How a use breaks the binding: a short name, in words, and on what evidence.
fn breach(binding: &Binding, one: &Use) -> Option<(&'static str, &'static str, Vec<Evidence>)> {
    let (presented, record) = (&one.what.presented, &one.what.record);
    let Binding { key, certificate, .. } = *binding;
    let proof = presented.proof.as_deref();
    let differ = |bound: Option<&str>, seen: Option<&str>| bound.zip(seen).is_some_and(|(bound, seen)| bare(bound) != bare(seen));
    let (shown, seen_certificate) = (proof.and_then(|proof| proof.jkt.as_deref()), record.tls_client_x5t.as_deref());
    let of_proof = proof.and_then(|proof| proof.ath.as_deref());
    if differ(key, shown) {
        let grounds = vec![evidence("jkt", key.unwrap_or_default()), evidence("proof_jkt", shown.unwrap_or_default())];
        return Some(("jkt", "presented with a proof by another key", grounds));
    }
    if key.is_some() && proof.is_none() && presented.scheme == Scheme::Bearer {
        return Some(("scheme", "sent as a plain bearer token", vec![evidence("jkt", key.unwrap_or_default()), evidence("scheme", "bearer")]));
    }
    if differ(certificate, seen_certificate) {
        let grounds = vec![evidence("x5t#S256", certificate.unwrap_or_default()), evidence("tls_client_x5t", seen_certificate.unwrap_or_default())];
        return Some(("x5t", "presented with another client certificate", grounds));
    }
    differ(binding.hash.as_deref(), of_proof)
        .then(|| ("ath", "presented with a proof for another token", vec![evidence("ath", of_proof.unwrap_or_default())]))
}

/// What `ath` must be: base64url of the token's SHA-256, where the token is known by it.
fn hash(case: &Used) -> Option<String> {
    case.keys().find_map(|key| match key {
        TokenKey::Fingerprint(fingerprint) if fingerprint.key_id().is_none() => Some(URL_SAFE_NO_PAD.encode(fingerprint.digest())),
        _ => None,
    })
}

/// A thumbprint without padding.
fn bare(thumbprint: &str) -> &str {
    thumbprint.trim_end_matches('=')
}
