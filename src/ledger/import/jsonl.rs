//! `jsonl`: issued-token records and lifecycle records, one JSON object on a line, in any order.

use serde_json::{Map, Value};

use crate::ledger::import::context::GramOf;
use crate::ledger::import::entry::{Entry, Issued, Parsed};
use crate::ledger::import::fault::Fault;
use crate::ledger::import::format::{Format, Framing};
use crate::ledger::import::mapping::Mapping;
use crate::ledger::import::{lifecycle, raw_token, record};
use crate::model::issuance::Issuance;

/// The format.
pub const FORMAT: Format = Format {
    name: "jsonl",
    about: "issued-token and lifecycle records, one JSON object on a line; with a mapping, any JSON lines",
    framing: Framing::Lines(parse),
    recognizes,
    marks: &["\"issued_to\"", "\"issued_at\"", "\"event\"", "\"task_id\""],
};

fn recognizes(object: &Map<String, Value>) -> bool {
    let has = |name: &str| object.contains_key(name);
    has("fp") || has("alt_keys") || has("issued_to") || (has("iss") && has("jti")) || lifecycle::is_lifecycle(object)
}

fn parse(text: &str, mapping: Option<&Mapping>, gram_of: GramOf) -> Parsed {
    match mapping {
        None => finish(record::from_text(text)?, gram_of),
        Some(mapping) => {
            let value: Value = serde_json::from_str(text).map_err(|_| record::explain(text).unwrap_or(Fault::NotObject))?;
            finish(record::from_map(mapping.map(&|source| find(&value, source))?)?, gram_of)
        }
    }
}

/// A value by JSON pointer (RFC 6901), or by the name of a key of the object.
fn find(value: &Value, source: &str) -> Option<Value> {
    if source.starts_with('/') { value.pointer(source).cloned() } else { value.get(source).cloned() }
}

/// The entries of a record that was read: itself without raw tokens, or the lifecycle event that it is.
///
/// # Errors
///
/// A record that names no token.
pub fn finish(mut record: Issuance, gram_of: GramOf) -> Parsed {
    let issued = if record.other.is_empty() {
        record.issuer_event.iter_mut().for_each(raw_token::redact);
        vec![Issued { record, gram: None }]
    } else if lifecycle::is_lifecycle(&record.other) {
        return Ok(vec![Entry::Event(lifecycle::read(&record.other)?)]);
    } else {
        raw_token::extract(record, gram_of)
    };
    if !issued.first().is_some_and(|own| is_named(&own.record)) {
        return Err(Fault::NoKey);
    }
    Ok(issued.into_iter().map(|issued| Entry::Issued(Box::new(issued))).collect())
}

fn is_named(record: &Issuance) -> bool {
    record.fp.is_some() || !record.alt_keys.is_empty() || (record.iss.is_some() && record.jti.is_some())
}
