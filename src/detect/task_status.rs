//! What was last heard of a task.

use crate::model::instant::Instant;
use crate::model::lifecycle::{LifecycleEvent, LifecycleKind, Target};

/// The task's last status at a time; of several at one time, an end.
#[must_use]
pub fn last_status<'a>(events: &'a [LifecycleEvent], task: &str, at: Instant) -> Option<&'a LifecycleEvent> {
    let concerns = |event: &&LifecycleEvent| matches!(&event.target, Target::Task(id) if id == task) && event.at <= at;
    let statuses = events.iter().filter(concerns).filter(|event| event.event == LifecycleKind::TaskRunning || event.event.ends_task());
    statuses.max_by_key(|event| (event.at, event.event))
}

/// The status in a word.
#[must_use]
pub fn status_word(event: LifecycleKind) -> &'static str {
    match event {
        LifecycleKind::TaskCompleted => "completed",
        LifecycleKind::TaskFailed => "failed",
        LifecycleKind::TaskCancelled => "cancelled",
        LifecycleKind::TaskRetryExhausted => "retry_exhausted",
        LifecycleKind::TaskRunning | LifecycleKind::Revoked | LifecycleKind::Rotated => "running",
    }
}
