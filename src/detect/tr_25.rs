//! A token was refused again and again.
//!
//! # What it asks
//!
//! Was the same operation refused five times within five minutes, and did it succeed then?
//!
//! # Why it matters
//!
//! Either somebody tries a door until it opens, or an agent runs in circles with a token that should be taken from it. A success
//! after the refusals means that the door opened.
//!
//! # Evidence
//!
//! The refusals of one operation (tool, else method and resource, at one server), and the success after them. The answer asks
//! for the token's revocation.
//!
//! # When it is wrong
//!
//! An expired token in a loop is refused for good reason. Retries that carry one request id are one use.

use std::collections::BTreeMap;

use crate::detect::detection::{Basis, Detection, Judge, comment, evidence};
use crate::detect::moment::{Moment, first_burst, last_first};
use crate::detect::used::{Answer, Use, Used};
use crate::model::grade::{Confidence, Severity};
use crate::model::text::Text;
use crate::model::token_use::Outcome;

/// The question.
pub const DETECTION: Detection = Detection {
    id: "TR-25",
    name: "denial storm",
    severity: Severity::Medium,
    basis: Basis::Behavioural,
    about: comment(include_str!("tr_25.rs")),
    judge: Judge::Used(judge),
};

fn judge(case: &Used) -> Vec<Answer> {
    if case.moments().filter(|moment| moment.outcome() == Outcome::Denied).count() < case.options.denials {
        return Vec::new();
    }
    let mut operations: BTreeMap<String, Vec<Moment>> = BTreeMap::new();
    for moment in case.moments() {
        operations.entry(operation(moment.one)).or_default().push(moment);
    }
    operations.into_iter().filter_map(|(operation, moments)| storm(case, &operation, &moments)).collect()
}

fn storm(case: &Used, operation: &str, moments: &[Moment]) -> Option<Answer> {
    let denied: Vec<Moment> = moments.iter().filter(|moment| moment.outcome() == Outcome::Denied).copied().collect();
    let burst = first_burst(&denied, case.options.denials, case.options.denial_window)?;
    let last = burst.last()?;
    let opened = moments
        .iter()
        .find(|moment| moment.outcome() == Outcome::Success && moment.at > last.at && moment.after(last.time) <= case.options.denial_window.0);
    let severity = if opened.is_some() { Severity::High } else { DETECTION.severity };
    let then = if opened.is_some() { ", and then it was granted" } else { "" };
    let message = format!("`{operation}` was refused {} times within {}{then}", burst.len(), case.options.denial_window);
    let grounds = vec![evidence("operation", operation), evidence("denials", denied.len()), evidence("action", "request revocation")];
    let uses = opened.map(|moment| moment.at).into_iter().chain(last_first(burst)).collect();
    Some(case.answer(DETECTION.verdict(severity, Confidence::Medium, message, grounds), operation, uses))
}

/// What was asked for.
fn operation(one: &Use) -> String {
    let record = &one.what.record;
    let asked = match &record.tool {
        Some(tool) => vec![tool.as_str()],
        None => [&record.method, &record.resource].into_iter().flatten().map(Text::as_str).collect(),
    };
    let words: Vec<&str> = asked.into_iter().chain(record.aud.as_deref()).collect();
    if words.is_empty() { "a request".to_owned() } else { words.join(" ") }
}
