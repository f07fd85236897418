//! The record's fields by name, and how the text of a cell becomes a field's value.

use serde_json::{Map, Value};

use crate::ledger::import::fault::Fault;
use crate::ledger::import::instants;
use crate::ledger::import::raw_token;
use crate::model::fingerprint::Fingerprint;

/// What a field holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shape {
    /// A text.
    Text,
    /// A fingerprint.
    Fingerprint,
    /// A list of texts, separated by white space, `,`, `;` or `|`, or a JSON array.
    Texts,
    /// A whole number.
    Number,
    /// A list of whole numbers.
    Numbers,
    /// `true` or `false`, also `yes`, `no`, `1`, `0`.
    Truth,
    /// A time.
    Time,
    /// JSON.
    Json,
}

/// How digests are written in a file that says so.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    /// 64 hexadecimal digits.
    Hex,
    /// Base64 or base64url, with or without padding.
    Base64,
}

/// Every field of the record; those of `issued_to` with its name before them.
pub const FIELDS: [(&str, Shape); 40] = [
    ("v", Shape::Number),
    ("fp", Shape::Fingerprint),
    ("alt_keys", Shape::Texts),
    ("length", Shape::Number),
    ("token_type", Shape::Text),
    ("provider", Shape::Text),
    ("iss", Shape::Text),
    ("jti", Shape::Text),
    ("kid", Shape::Text),
    ("family_id", Shape::Text),
    ("parent_fp", Shape::Fingerprint),
    ("generation", Shape::Number),
    ("issued_to.agent_id", Shape::Text),
    ("issued_to.agent_name", Shape::Text),
    ("issued_to.workload_id", Shape::Text),
    ("issued_to.client_id", Shape::Text),
    ("issued_to.user", Shape::Text),
    ("issued_to.tenant", Shape::Text),
    ("issued_to.session_id", Shape::Text),
    ("issued_to.conversation_id", Shape::Text),
    ("issued_to.task_id", Shape::Text),
    ("issued_to.run_id", Shape::Text),
    ("issued_to.trace_id", Shape::Text),
    ("actor_chain", Shape::Texts),
    ("tools", Shape::Texts),
    ("scope", Shape::Texts),
    ("aud", Shape::Texts),
    ("cnf", Shape::Json),
    ("issued_at", Shape::Time),
    ("not_before", Shape::Time),
    ("expires_at", Shape::Time),
    ("max_uses", Shape::Number),
    ("bound_networks", Shape::Texts),
    ("bound_asn", Shape::Numbers),
    ("bound_ua", Shape::Json),
    ("long_lived_ok", Shape::Truth),
    ("shared_ok", Shape::Truth),
    ("exception_until", Shape::Time),
    ("revoked_at", Shape::Time),
    ("revoked_reason", Shape::Text),
];

/// What a field holds; also of the names under which raw tokens stand.
#[must_use]
pub fn shape(field: &str) -> Option<Shape> {
    let listed = FIELDS.iter().find(|(name, _)| *name == field).map(|(_, shape)| *shape);
    listed.or_else(|| raw_token::NAMES.iter().any(|(name, _)| *name == field).then_some(Shape::Text))
}

/// Whether a column of that name alone can name a token.
#[must_use]
pub fn names_token(field: &str) -> bool {
    matches!(field, "fp" | "alt_keys" | "jti") || raw_token::NAMES.iter().any(|(name, _)| *name == field)
}

/// Puts a value into a record at its field; empty texts are absent.
///
/// # Errors
///
/// When the value is not what the field holds.
pub fn put(record: &mut Map<String, Value>, field: &str, value: Value, encoding: Option<Encoding>) -> Result<(), Fault> {
    let value = match (value, shape(field)) {
        (Value::String(text), Some(shape)) => match text.trim() {
            "" => return Ok(()),
            text => convert(field, text, shape, encoding)?,
        },
        (value, _) => value,
    };
    match field.strip_prefix("issued_to.") {
        None => {
            record.insert(field.to_owned(), value);
        }
        Some(inner) => {
            let place = record.entry("issued_to").or_insert_with(|| Value::Object(Map::new()));
            let value = if let Value::Number(number) = value { Value::String(number.to_string()) } else { value };
            if let Value::Object(map) = place {
                map.insert(inner.to_owned(), value);
            }
        }
    }
    Ok(())
}

fn convert(field: &str, text: &str, shape: Shape, encoding: Option<Encoding>) -> Result<Value, Fault> {
    let wrong = |wants| Fault::field(field, wants);
    match shape {
        Shape::Text => Ok(Value::String(text.to_owned())),
        Shape::Fingerprint => fingerprint(text, encoding).ok_or_else(|| wrong("a fingerprint in the file's encoding")),
        Shape::Number => text.parse::<u64>().map(Value::from).map_err(|_| wrong("a whole number")),
        Shape::Truth => truth(text).map(Value::Bool).ok_or_else(|| wrong("`true` or `false`")),
        Shape::Time => instants::read(text)
            .map(|instant| Value::String(instant.to_string()))
            .ok_or_else(|| wrong("a time with its zone: RFC 3339, or seconds or milliseconds since 1970")),
        Shape::Json => Ok(serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))),
        Shape::Texts | Shape::Numbers if text.starts_with('[') => serde_json::from_str(text).map_err(|_| wrong("a JSON array")),
        Shape::Texts => Ok(parts(text).map(Value::from).collect()),
        Shape::Numbers => {
            let numbers: Option<Vec<u64>> = parts(text).map(|part| part.trim_start_matches("AS").parse().ok()).collect();
            numbers.map(Value::from).ok_or_else(|| wrong("a list of whole numbers"))
        }
    }
}

fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '|')).filter(|part| !part.is_empty())
}

fn truth(text: &str) -> Option<bool> {
    match &*text.to_ascii_lowercase() {
        "true" | "yes" | "1" => Some(true),
        "false" | "no" | "0" => Some(false),
        _ => None,
    }
}

/// A fingerprint in the printed form; without a known encoding whatever the model reads.
fn fingerprint(text: &str, encoding: Option<Encoding>) -> Option<Value> {
    let digest = text.strip_prefix("sha256:").unwrap_or(text);
    let as_said = match encoding {
        None => true,
        Some(Encoding::Hex) => text.starts_with("hmac-") || digest.len() == 64,
        Some(Encoding::Base64) => text.starts_with("hmac-") || digest.trim_end_matches('=').len() == 43,
    };
    let fingerprint: Fingerprint = text.parse().ok().filter(|_| as_said)?;
    Some(Value::String(fingerprint.to_string()))
}
