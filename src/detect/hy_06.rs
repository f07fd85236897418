//! A task ended and its token works on.
//!
//! # What it asks
//!
//! Has the task or run that the token was issued for been over for five minutes, completed, failed, cancelled or out of
//! retries, while the token still works?
//!
//! # Why it matters
//!
//! Nobody needs the token any more, and nobody will notice when it is used.
//!
//! # Evidence
//!
//! The task, its last status and when that was, and that there is neither an expiry nor a revocation since.
//!
//! # When it is wrong
//!
//! When the task went on and nobody reported it; a later report that it runs makes this silent. When the token was issued for
//! more than one task and the record names one.

use crate::detect::case::between;
use crate::detect::described::Described;
use crate::detect::detection::{Basis, Detection, Judge, comment, evidence};
use crate::detect::task_status::{last_status, status_word};
use crate::model::grade::{Confidence, Severity};
use crate::model::ledger_match::Liveness;
use crate::model::verdict::Verdict;

/// The question.
pub const DETECTION: Detection = Detection {
    id: "HY-06",
    name: "not revoked at task end",
    severity: Severity::Medium,
    basis: Basis::Deterministic,
    about: comment(include_str!("hy_06.rs")),
    judge: Judge::Token(judge),
};

fn judge(case: &Described) -> Option<Verdict> {
    let task = case.task()?;
    let last = last_status(&case.matched?.events, task, case.now)?;
    let since = between(last.at, case.now);
    if !last.event.ends_task() || since <= case.options.task_end_grace.0 || case.liveness() != Liveness::Live {
        return None;
    }
    let message = format!("the task `{task}` ended {} minutes ago and its token still works", since.as_mins());
    let mut grounds = vec![evidence("task_id", task), evidence("status", status_word(last.event)), evidence("ended_at", last.at)];
    grounds.extend(case.life());
    Some(DETECTION.verdict(DETECTION.severity, Confidence::High, message, grounds))
}
