//! A token was used for another task than its own.
//!
//! # What it asks
//!
//! Is the task or run that was logged another than the one for which the token was issued? Without a record: did two or more
//! tasks use one token within 24 hours?
//!
//! # Why it matters
//!
//! A token that passes from task to task is one that outlives its purpose, and the next task may be somebody else's.
//!
//! # Evidence
//!
//! The record's task or run and the one in the log; or the distinct tasks. The first leaves no doubt, the second rests on
//! behaviour.
//!
//! # When it is wrong
//!
//! When a task is retried under a new id. API keys and personal access tokens serve many tasks: of them HY-02 tells.

use std::collections::BTreeMap;

use crate::detect::detection::{Basis, Detection, Judge, comment, evidence};
use crate::detect::moment::{Moment, first_group, last_first};
use crate::detect::used::{Answer, Used};
use crate::model::grade::{Confidence, Severity};
use crate::model::issuance::TokenType;

/// The question.
pub const DETECTION: Detection = Detection {
    id: "TR-09",
    name: "one token, several tasks",
    severity: Severity::High,
    basis: Basis::ByConfidence,
    about: comment(include_str!("tr_09.rs")),
    judge: Judge::Used(judge),
};

fn judge(case: &Used) -> Vec<Answer> {
    if case.matched.is_some() { foreign(case) } else { several(case).into_iter().collect() }
}

/// Tasks that are not the token's own.
fn foreign(case: &Used) -> Vec<Answer> {
    let Some(to) = case.issued_to() else { return Vec::new() };
    let mut wrong: BTreeMap<&str, (&str, usize)> = BTreeMap::new();
    for (at, one) in case.uses.iter().enumerate() {
        let pairs = [(&to.task_id, &one.what.record.task_id), (&to.run_id, &one.what.record.run_id)];
        for (own, said) in pairs.into_iter().filter_map(|(own, said)| own.as_deref().zip(said.as_deref())).filter(|(own, said)| own != said) {
            wrong.entry(said).or_insert((own, at));
        }
    }
    let answers = wrong.into_iter().map(|(said, (own, at))| {
        let message = format!("the token of the task `{own}` was used for the task `{said}`");
        case.answer(DETECTION.verdict(DETECTION.severity, Confidence::High, message, vec![evidence("issued_task", own)]), said, vec![at])
    });
    answers.collect()
}

/// Several tasks on a token of which nothing is recorded.
fn several<'a>(case: &Used<'a>) -> Option<Answer> {
    if matches!(case.token_type(), TokenType::Pat | TokenType::ApiKey) {
        return None;
    }
    // Tasks and runs are counted apart: every use may name one of each.
    let group = [|moment: &Moment<'a>| moment.one.what.record.task_id.as_deref(), |moment: &Moment<'a>| moment.one.what.record.run_id.as_deref()]
        .into_iter()
        .find_map(|id| {
            let tasks: Vec<(Moment, &str)> = case.moments().filter_map(|moment| Some((moment, id(&moment)?))).collect();
            let names = first_group(&tasks, case.options.distinct_tasks, case.options.task_window)?;
            let ids: Vec<&str> = names.iter().filter_map(id).collect();
            Some((names, ids))
        });
    let (group, tasks) = group?;
    let message = format!("{} tasks used one token within {}", group.len(), case.options.task_window);
    let verdict = DETECTION.verdict(Severity::Medium, Confidence::Medium, message, vec![evidence("tasks", tasks.join(", "))]);
    Some(case.answer(verdict, "", last_first(&group)))
}
