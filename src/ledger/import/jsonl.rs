//! `jsonl`: issued-token records and lifecycle records, one JSON object on a line, in any order.

use serde_json::{Map, Value};

use crate::ledger::import::entry::{Entry, Parsed};
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
};

fn recognizes(object: &Map<String, Value>) -> bool {
    let has = |name: &str| object.contains_key(name);
    has("fp") || has("alt_keys") || has("issued_to") || (has("iss") && has("jti")) || lifecycle::is_lifecycle(object)
}

fn parse(text: &str, mapping: Option<&Mapping>) -> Parsed {
    match mapping {
        None => finish(record::from_text(text)?),
        Some(mapping) => {
            let value: Value = serde_json::from_str(text).map_err(|_| record::explain(text).unwrap_or(Fault::NotObject))?;
            finish(record::from_map(mapping.map(&|source| find(&value, source))?)?)
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
pub fn finish(mut record: Issuance) -> Parsed {
    let mut beside = Vec::new();
    if record.other.is_empty() {
        record.issuer_event.iter_mut().for_each(raw_token::redact);
    } else if lifecycle::is_lifecycle(&record.other) {
        return Ok(vec![Entry::Event(lifecycle::read(&record.other)?)]);
    } else {
        beside = raw_token::extract(&mut record);
    }
    let named = record.fp.is_some() || !record.alt_keys.is_empty() || (record.iss.is_some() && record.jti.is_some());
    if !named {
        return Err(Fault::NoKey);
    }
    let mut entries = Vec::with_capacity(1 + beside.len());
    entries.push(Entry::issued(record));
    entries.extend(beside.into_iter().map(Entry::issued));
    Ok(entries)
}
