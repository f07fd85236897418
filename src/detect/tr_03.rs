//! A token was used after it was revoked, or after its task had ended.
//!
//! # What it asks
//!
//! Was the token accepted more than a minute after it was revoked, alone or with its family, session or subject? Was it used
//! more than half a minute after its task had completed, failed, been cancelled or run out of retries?
//!
//! # Why it matters
//!
//! A revocation that does not reach the servers is none, and nobody looks any more. When the task is over nobody entitled
//! needs the token, so whoever uses it is somebody else.
//!
//! # Evidence
//!
//! When it was revoked, or the task's last status and its time; the use after that. Refused uses are left out: the revocation
//! did its work.
//!
//! # When it is wrong
//!
//! When a revocation takes longer to reach everybody by design, as with tokens that are valid by signature alone: set
//! `revocation_propagation`. When the task went on and nobody reported it. Times of log lines get 300 seconds.

use crate::detect::detection::{Basis, Detection, Judge, comment, evidence};
use crate::detect::moment::Moment;
use crate::detect::task_status::{last_status, status_word};
use crate::detect::used::{Answer, Used};
use crate::model::grade::{Confidence, Severity};
use crate::model::token_use::Outcome;

/// The question.
pub const DETECTION: Detection = Detection {
    id: "TR-03",
    name: "use after revocation or task end",
    severity: Severity::Critical,
    basis: Basis::Deterministic,
    about: comment(include_str!("tr_03.rs")),
    judge: Judge::Used(judge),
};

fn judge(case: &Used) -> Vec<Answer> {
    let accepted: Vec<Moment> = case.dated().filter(|moment| moment.outcome() != Outcome::Denied).collect();
    revoked(case, &accepted).into_iter().chain(ended(case, &accepted)).collect()
}

fn revoked(case: &Used, accepted: &[Moment]) -> Option<Answer> {
    let revoked = case.issuance()?.revoked(case.events())?;
    let allowed = |moment: &Moment| allowance(case, moment, case.options.revocation_propagation.0);
    let late: Vec<&Moment> = accepted.iter().filter(|moment| moment.after(revoked) > allowed(moment)).collect();
    let first = late.iter().find(|moment| moment.outcome() == Outcome::Success).or(late.first())?;
    let severity = if first.outcome() == Outcome::Success { DETECTION.severity } else { Severity::High };
    let message = format!("the token was used {} seconds after it had been revoked", first.after(revoked).as_secs());
    let grounds = vec![evidence("revoked_at", revoked), evidence("late_uses", late.len())];
    Some(case.answer(DETECTION.verdict(severity, confidence(first), message, grounds), "revoked", vec![first.at]))
}

fn ended(case: &Used, accepted: &[Moment]) -> Option<Answer> {
    let to = case.issued_to()?;
    let task = to.task_id.as_deref().or(to.run_id.as_deref())?;
    let (first, status) = accepted.iter().find_map(|moment| {
        let status = last_status(case.events(), task, moment.time).filter(|status| status.event.ends_task())?;
        (moment.after(status.at) > allowance(case, moment, case.options.task_use_grace.0)).then_some((moment, status))
    })?;
    let message = format!("the token was used {} seconds after its task `{task}` had ended", first.after(status.at).as_secs());
    let grounds = vec![evidence("task_id", task), evidence("status", status_word(status.event)), evidence("ended_at", status.at)];
    Some(case.answer(DETECTION.verdict(Severity::High, confidence(first), message, grounds), "task", vec![first.at]))
}

/// The time that is allowed and how far the log's clock is off, or how far the use's own time may be off.
fn allowance(case: &Used, moment: &Moment, allowed: jiff::SignedDuration) -> jiff::SignedDuration {
    if moment.is_exact() { allowed.saturating_add(case.off(moment)) } else { allowed.max(case.skew(moment)) }
}

fn confidence(moment: &Moment) -> Confidence {
    if moment.is_exact() { Confidence::High } else { Confidence::Medium }
}
