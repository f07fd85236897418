//! Short phrases about a finding that the formats for people share, escaped.

use jiff::Timestamp;

use crate::model::carrier::{Carrier, CarrierKind};
use crate::model::decoder::Decoder;
use crate::model::finding::{Finding, Identity};
use crate::model::fingerprint::Fingerprint;
use crate::model::grade::Confidence;
use crate::model::token_facts::TokenFacts;
use crate::model::witness::{Tried, Witness};
use crate::outputs::escape::{code, visible};
use crate::outputs::place::{is_direct, members};

/// One sentence about a finding, without its place: rule, preview, carrier, decoders, confidence.
#[must_use]
pub fn sentence(finding: &Finding) -> String {
    let mut parts = vec![format!("{} {}", visible(&finding.rule.name), code(&finding.preview))];
    parts.extend(finding.carrier.as_ref().map(|carrier| format!("in {}", carrier_text(carrier))));
    parts.extend(decoders_text(&finding.decoders));
    parts.extend(member_text(finding));
    parts.push(confidence_text(finding.confidence, &finding.reason));
    parts.extend(finding.witness.as_deref().map(|witness| format!("reported by {}", witness_text(witness))));
    parts.join(", ")
}

/// Such as ``header `Authorization` ``.
#[must_use]
pub fn carrier_text(carrier: &Carrier) -> String {
    let kind = match carrier.kind {
        CarrierKind::Scheme => "scheme",
        CarrierKind::Header => "header",
        CarrierKind::Cookie => "cookie",
        CarrierKind::Query => "query",
        CarrierKind::Userinfo => "userinfo",
        CarrierKind::Assignment => "assignment",
        CarrierKind::Option => "option",
        CarrierKind::Element => "element",
        CarrierKind::Prose => "prose",
    };
    if carrier.name.is_empty() { kind.to_owned() } else { format!("{kind} {}", code(&carrier.name)) }
}

/// Such as `decoded from base64, escape`, from the outside in; nothing when the token lay there as it is.
#[must_use]
pub fn decoders_text(decoders: &[Decoder]) -> Option<String> {
    let words: Vec<&str> = decoders.iter().map(|decoder| decoder.as_str()).collect();
    (!words.is_empty()).then(|| format!("decoded from {}", words.join(", ")))
}

/// Such as `confidence high: checksum matches`.
#[must_use]
pub fn confidence_text(confidence: Confidence, reason: &str) -> String {
    let colon = if reason.is_empty() { "" } else { ": " };
    format!("confidence {}{colon}{}", confidence.as_str(), visible(reason))
}

/// Such as `sha256:0123456789ab…`, or that it is withheld.
#[must_use]
pub fn identity_text(identity: &Identity) -> String {
    match identity {
        Identity::Fingerprint { fingerprint, .. } => fingerprint_text(fingerprint),
        Identity::Withheld => "fingerprint withheld".to_owned(),
    }
}

/// Such as `sha256:0123456789ab…` or `hmac-sha256:<key id>:0123456789ab…`.
#[must_use]
pub fn fingerprint_text(fingerprint: &Fingerprint) -> String {
    match fingerprint.key_id() {
        Some(id) => format!("hmac-sha256:{}:{}…", visible(id), fingerprint.short()),
        None => format!("sha256:{}…", fingerprint.short()),
    }
}

/// Such as ``gitleaks 8.24.0, rule `github-pat`, tried: live``.
#[must_use]
pub fn witness_text(witness: &Witness) -> String {
    let version = witness.version.as_ref().map_or_else(String::new, |version| format!(" {}", visible(version)));
    let tried = if witness.tried == Tried::Untried { String::new() } else { format!(", tried: {}", witness.tried.as_str()) };
    format!("{}{version}, rule {}{tried}", visible(&witness.tool), code(&witness.rule))
}

/// Issuer, subject, audiences and expiry as the token states them; nothing when it states none.
#[must_use]
pub fn claims_text(facts: &TokenFacts) -> Option<String> {
    let mut claims = Vec::new();
    claims.extend(facts.iss.as_ref().map(|issuer| format!("iss {}", code(issuer))));
    claims.extend(facts.sub.as_ref().map(|subject| format!("sub {}", code(subject))));
    claims.extend((!facts.aud.is_empty()).then(|| format!("aud {}", facts.aud.iter().map(|name| code(name)).collect::<Vec<_>>().join(" "))));
    claims.extend(facts.exp.map(|seconds| format!("exp {}", time_text(seconds))));
    (!claims.is_empty()).then(|| claims.join(", "))
}

/// Seconds since 1970 as a UTC time, or the number where no calendar holds it.
fn time_text(seconds: i64) -> String {
    Timestamp::from_second(seconds).map_or_else(|_| seconds.to_string(), |time| time.to_string())
}

/// Which member of an archive, and where in it.
fn member_text(finding: &Finding) -> Option<String> {
    let names: Vec<&str> = members(&finding.origin).into_iter().filter(|name| !name.is_empty()).collect();
    let member = if names.is_empty() { "decompressed content".to_owned() } else { format!("member {}", code(&names.join("!"))) };
    (!is_direct(finding)).then(|| format!("{member} at line {}, column {}", finding.position.line, finding.position.column))
}
