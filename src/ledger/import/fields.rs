//! Values of JSON logs by JSON pointer (RFC 6901).

use serde_json::{Value, json};

use crate::ledger::import::fault::Fault;
use crate::ledger::import::instants;
use crate::model::instant::Instant;
use crate::model::lifecycle::{LifecycleEvent, LifecycleKind, Target};

/// A text that is not empty, or a number as text.
#[must_use]
pub fn text(value: &Value, pointer: &str) -> Option<String> {
    match value.pointer(pointer)? {
        Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The first of several that is there.
#[must_use]
pub fn first(value: &Value, pointers: &[&str]) -> Option<String> {
    pointers.iter().find_map(|pointer| text(value, pointer))
}

/// A point in time.
///
/// # Errors
///
/// A value that is there and no time.
pub fn time(value: &Value, pointer: &str) -> Result<Option<Instant>, Fault> {
    let read = match value.pointer(pointer) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) if text.is_empty() => return Ok(None),
        Some(Value::String(text)) => instants::read(text),
        Some(other) => serde_json::from_value(other.clone()).ok(),
    };
    read.map(Some).ok_or_else(|| Fault::field(pointer, "a time"))
}

/// The first of several times that is there.
///
/// # Errors
///
/// A value that is there and no time.
pub fn first_time(value: &Value, pointers: &[&str]) -> Result<Option<Instant>, Fault> {
    for pointer in pointers {
        if let Some(instant) = time(value, pointer)? {
            return Ok(Some(instant));
        }
    }
    Ok(None)
}

/// A time that an event cannot do without.
///
/// # Errors
///
/// A value that is absent or no time.
pub fn needed_time(value: &Value, pointers: &[&'static str]) -> Result<Instant, Fault> {
    let name = pointers.first().copied().unwrap_or_default();
    first_time(value, pointers)?.ok_or(Fault::Missing { field: name, wants: "the time of the event" })
}

/// So many seconds after a point in time.
#[must_use]
pub fn after(start: Option<Instant>, seconds: Option<i64>) -> Option<Instant> {
    let span = jiff::SignedDuration::from_secs(seconds.filter(|seconds| *seconds > 0)?);
    start?.0.checked_add(span).ok().map(Instant)
}

/// A whole number, also written as text.
#[must_use]
pub fn number(value: &Value, pointer: &str) -> Option<i64> {
    let value = value.pointer(pointer)?;
    value.as_i64().or_else(|| value.as_f64().map(|number| number as i64)).or_else(|| value.as_str()?.parse().ok())
}

/// Where a record came from: the log, the event's name in it and its id.
#[must_use]
pub fn source(log: &str, name: Option<String>, id: Option<String>) -> Value {
    let mut source = json!({ "source": log });
    for (key, value) in [("name", name), ("id", id)] {
        if let Some(value) = value {
            source[key] = Value::String(value);
        }
    }
    source
}

/// A revocation.
#[must_use]
pub fn revoked(target: Target, at: Instant, reason: &str) -> LifecycleEvent {
    LifecycleEvent { event: LifecycleKind::Revoked, target, at, reason: Some(reason.to_owned()), successor: None }
}
