//! What happened to tokens after they were issued: revocations, rotations, ends of tasks.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::fingerprint::Fingerprint;
use crate::model::instant::Instant;
use crate::model::token_key::TokenKey;

/// What a fact is about.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Target {
    /// One token.
    Key(TokenKey),
    /// All tokens of a family.
    Family(String),
    /// All tokens of a session.
    Session(String),
    /// All tokens of a task.
    Task(String),
    /// All tokens of an agent, workload, client or user.
    Subject(String),
}

/// What happened.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LifecycleKind {
    /// The tokens were revoked.
    Revoked,
    /// The token was replaced by its successor.
    Rotated,
    /// The task runs.
    TaskRunning,
    /// The task ended well.
    TaskCompleted,
    /// The task ended in failure.
    TaskFailed,
    /// The task was cancelled.
    TaskCancelled,
    /// The task gave up after retries.
    TaskRetryExhausted,
}

impl LifecycleKind {
    /// Whether a task has ended with it.
    #[must_use]
    pub fn ends_task(self) -> bool {
        matches!(self, Self::TaskCompleted | Self::TaskFailed | Self::TaskCancelled | Self::TaskRetryExhausted)
    }
}

/// One fact; one JSON object on a line.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize, JsonSchema)]
pub struct LifecycleEvent {
    /// What happened.
    pub event: LifecycleKind,
    /// To which tokens: `{"key": ...}`, `{"family": ...}`, `{"session": ...}`, `{"task": ...}` or `{"subject": ...}`.
    pub target: Target,
    /// When.
    pub at: Instant,
    /// Why, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Of a rotation, the new token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub successor: Option<TokenKey>,
}

impl Target {
    /// 64 bits by which facts about it are found.
    #[must_use]
    pub fn index(&self) -> u64 {
        let text = match self {
            Self::Key(key) => return key.index(),
            Self::Family(id) => format!("family:{id}"),
            Self::Session(id) => format!("session-of:{id}"),
            Self::Task(id) => format!("task:{id}"),
            Self::Subject(id) => format!("subject:{id}"),
        };
        Fingerprint::of(text.as_bytes()).index()
    }
}
