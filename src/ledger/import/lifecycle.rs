//! Lifecycle records: an event with its target, or the task record `{"task_id","status","at"}`.

use serde_json::{Map, Value};

use crate::ledger::import::fault::Fault;
use crate::ledger::import::instants;
use crate::model::instant::Instant;
use crate::model::lifecycle::{LifecycleEvent, LifecycleKind, Target};

const EVENTS: &str = "one of `revoked`, `rotated`, `task_running`, `task_completed`, `task_failed`, `task_cancelled`, `task_retry_exhausted`";
const STATUSES: &str = "one of `running`, `completed`, `failed`, `cancelled`, `retry_exhausted`";
const TARGET: &str = "`{\"key\": ...}`, `{\"family\": ...}`, `{\"session\": ...}`, `{\"task\": ...}` or `{\"subject\": ...}`";
const TIME: &str = "a time: RFC 3339, or seconds or milliseconds since 1970";

/// Whether these are keys of a lifecycle record.
#[must_use]
pub fn is_lifecycle(map: &Map<String, Value>) -> bool {
    map.contains_key("event") && map.contains_key("target") || map.contains_key("task_id") && map.contains_key("status")
}

/// Reads one.
///
/// # Errors
///
/// Which field is wrong.
pub fn read(map: &Map<String, Value>) -> Result<LifecycleEvent, Fault> {
    let at = instant(map)?;
    let reason = map.get("reason").and_then(Value::as_str).map(str::to_owned);
    if let Some(task) = map.get("task_id").filter(|_| map.contains_key("status")) {
        let task = task.as_str().filter(|task| !task.is_empty()).ok_or_else(|| Fault::field("task_id", "a text"))?;
        let event = task_kind(map.get("status").and_then(Value::as_str).unwrap_or_default())?;
        return Ok(LifecycleEvent { event, target: Target::Task(task.to_owned()), at, reason, successor: None });
    }
    let field = |name: &str| map.get(name).cloned().unwrap_or(Value::Null);
    Ok(LifecycleEvent {
        event: serde_json::from_value(field("event")).map_err(|_| Fault::field("event", EVENTS))?,
        target: serde_json::from_value(field("target")).map_err(|_| Fault::field("target", TARGET))?,
        at,
        reason,
        successor: serde_json::from_value(field("successor")).map_err(|_| Fault::field("successor", "a name of a token"))?,
    })
}

fn instant(map: &Map<String, Value>) -> Result<Instant, Fault> {
    match map.get("at") {
        None | Some(Value::Null) => Err(Fault::Missing { field: "at", wants: TIME }),
        Some(Value::String(text)) => instants::read(text).ok_or_else(|| Fault::field("at", TIME)),
        Some(other) => serde_json::from_value(other.clone()).map_err(|_| Fault::field("at", TIME)),
    }
}

fn task_kind(status: &str) -> Result<LifecycleKind, Fault> {
    Ok(match status {
        "running" => LifecycleKind::TaskRunning,
        "completed" => LifecycleKind::TaskCompleted,
        "failed" => LifecycleKind::TaskFailed,
        "cancelled" | "canceled" => LifecycleKind::TaskCancelled,
        "retry_exhausted" => LifecycleKind::TaskRetryExhausted,
        _ => return Err(Fault::field("status", STATUSES)),
    })
}
