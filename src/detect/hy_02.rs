//! Several agents hold one token.
//!
//! # What it asks
//!
//! Were three or more agents or workloads seen with this token, or with its service account, within 24 hours?
//!
//! # Why it matters
//!
//! When something is done with the token, nobody can say by whom, and it cannot be revoked without stopping all of them.
//!
//! # Evidence
//!
//! The distinct identities and the time within which they were seen: agent, else workload, else client, as records of uses name
//! them. Of an API key or personal access token, tasks count where no agent is named.
//!
//! # When it is wrong
//!
//! Replicas of one workload may carry ids of their own: the stable part (SPIFFE path, service account) should be logged, not
//! the pod's name. `shared_ok` with `exception_until` accepts sharing. It rests on behaviour, so its confidence is medium.

use std::borrow::Cow;

use crate::detect::detection::{Basis, Detection, Judge, comment, evidence};
use crate::detect::moment::{Moment, first_group, last_first};
use crate::detect::used::{Answer, Use, Used};
use crate::model::grade::{Confidence, Severity};
use crate::model::issuance::TokenType;

/// The question.
pub const DETECTION: Detection = Detection {
    id: "HY-02",
    name: "shared identity",
    severity: Severity::Medium,
    basis: Basis::Behavioural,
    about: comment(include_str!("hy_02.rs")),
    judge: Judge::Used(judge),
};

fn judge(case: &Used) -> Vec<Answer> {
    shared(case).filter(|_| !case.may_be_shared()).into_iter().collect()
}

fn shared(case: &Used) -> Option<Answer> {
    let holders: Vec<(Moment, Cow<str>)> = case.moments().filter_map(|moment| Some((moment, holder(case, moment.one)?))).collect();
    let group = first_group(&holders, case.options.shared_identities, case.options.shared_window)?;
    let names: Vec<Cow<str>> = group.iter().filter_map(|moment| holder(case, moment.one)).collect();
    let message = format!("{} agents or workloads held one token within {}", group.len(), case.options.shared_window);
    let mut grounds = vec![evidence("identities", names.join(", "))];
    grounds.extend(case.issued_to().and_then(|to| to.workload_id.as_ref()).map(|id| evidence("workload_id", id)));
    Some(case.answer(DETECTION.verdict(DETECTION.severity, Confidence::Medium, message, grounds), "", last_first(&group)))
}

/// Who held it.
fn holder<'a>(case: &Used, one: &'a Use) -> Option<Cow<'a, str>> {
    let record = &one.what.record;
    let is_key = matches!(case.token_type(), TokenType::ApiKey | TokenType::Pat);
    let task = record.task_id.as_ref().or(record.run_id.as_ref()).filter(|_| is_key && record.agent_id.is_none());
    task.map(|task| Cow::Borrowed(task.as_str())).or_else(|| case.identity(one))
}
