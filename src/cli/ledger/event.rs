//! `beartrap ledger event`: a fact about tokens.

use crate::cli::exit::Exit;
use crate::cli::ledger::{now, open};
use crate::cli::terminal::say;
use crate::config::ledger_flags::{EventFlags, EventWord, TaskStatus};
use crate::config::state::{Direction, time};
use crate::ledger::batch::Ready;
use crate::model::lifecycle::{LifecycleEvent, LifecycleKind, Target};

/// Records one fact.
///
/// # Errors
///
/// Flags that do not fit together, a state that cannot be used.
pub fn event(flags: &EventFlags) -> anyhow::Result<Exit> {
    let now = now();
    let target = match (&flags.key, &flags.family, &flags.session, &flags.task, &flags.subject) {
        (Some(key), ..) => Target::Key(key.parse()?),
        (_, Some(family), ..) => Target::Family(family.clone()),
        (_, _, Some(session), ..) => Target::Session(session.clone()),
        (_, _, _, Some(task), _) => Target::Task(task.clone()),
        (.., subject) => Target::Subject(subject.clone().unwrap_or_default()),
    };
    let kind = match (flags.event, flags.status) {
        (EventWord::Revoke, _) => LifecycleKind::Revoked,
        (EventWord::Rotate, _) => LifecycleKind::Rotated,
        (EventWord::TaskEnd, TaskStatus::Completed) => LifecycleKind::TaskCompleted,
        (EventWord::TaskEnd, TaskStatus::Failed) => LifecycleKind::TaskFailed,
        (EventWord::TaskEnd, TaskStatus::Cancelled) => LifecycleKind::TaskCancelled,
        (EventWord::TaskEnd, TaskStatus::RetryExhausted) => LifecycleKind::TaskRetryExhausted,
    };
    if kind.ends_task() && !matches!(target, Target::Task(_)) {
        anyhow::bail!("`task-end` is about a task\nhint: name it with `--task ID`");
    }
    if kind == LifecycleKind::Rotated && !matches!(target, Target::Key(_)) {
        anyhow::bail!("`rotate` is about one token\nhint: name it with `--key`, and the new one with `--successor`");
    }
    let event = LifecycleEvent {
        event: kind,
        target,
        at: flags.at.as_ref().map(|text| time(text, now, Direction::Ago)).transpose()?.unwrap_or(now),
        reason: flags.reason.clone(),
        successor: flags.successor.as_ref().map(|key| key.parse()).transpose()?,
    };
    let mut ready = Some(Ready::Event(event));
    let written = open(&flags.state)?.import(&mut || ready.take().map(|ready| (ready, None)))?;
    say(format_args!("{}", if written.events > 0 { "recorded" } else { "known already" }));
    Ok(Exit::Clean)
}
