//! A token was used for very many things at once.
//!
//! # What it asks
//!
//! Were ten or more tools or resources called within a minute, or ten or more repositories touched within an hour?
//!
//! # Why it matters
//!
//! Whoever finds a token wants to know what it opens, and tries everything.
//!
//! # Evidence
//!
//! The distinct tools, else resources, and the time. Methods that only list what there is do not count.
//!
//! # When it is wrong
//!
//! Agents that index or migrate touch everything too. It rests on behaviour and needs a second sign to raise an alarm.

use crate::detect::detection::{Basis, Detection, Judge, comment, evidence};
use crate::detect::moment::{Moment, first_group, last_first};
use crate::detect::period::Period;
use crate::detect::used::{Answer, Used};
use crate::model::grade::{Confidence, Severity};

/// The question.
pub const DETECTION: Detection = Detection {
    id: "TR-22",
    name: "fan-out burst",
    severity: Severity::Medium,
    basis: Basis::Behavioural,
    about: comment(include_str!("tr_22.rs")),
    judge: Judge::Used(judge),
};

fn judge<'a>(case: &Used<'a>) -> Vec<Answer> {
    let options = case.options;
    let targets = |moment: &Moment<'a>| target(case, moment);
    let repositories = |moment: &Moment<'a>| moment.one.what.record.resource.as_deref().filter(|name| is_repository(name));
    let bursts = [
        burst(case, "tools or resources", (options.fan_out_targets, options.fan_out_window), targets),
        burst(case, "repositories", (options.fan_out_repositories, options.repository_window), repositories),
    ];
    bursts.into_iter().flatten().collect()
}

fn burst<'a>(case: &Used<'a>, what: &str, (count, window): (usize, Period), of: impl Fn(&Moment<'a>) -> Option<&'a str>) -> Option<Answer> {
    let touched: Vec<(Moment, &str)> = case.moments().filter_map(|moment| Some((moment, of(&moment)?))).collect();
    let group = first_group(&touched, count, window)?;
    let names: Vec<&str> = group.iter().filter_map(&of).collect();
    let message = format!("{} {what} were touched with one token within {window}", group.len());
    let verdict = DETECTION.verdict(DETECTION.severity, Confidence::Medium, message, vec![evidence(what, names.join(", "))]);
    Some(case.answer(verdict, what, last_first(&group)))
}

/// What a use was for: its tool, else its resource.
fn target<'a>(case: &Used, moment: &Moment<'a>) -> Option<&'a str> {
    let record = &moment.one.what.record;
    let looks = [&record.method, &record.tool].into_iter().flatten().any(|name| case.options.discovery.iter().any(|one| one == name));
    let tool = record.tool.as_deref().filter(|tool| *tool != "tools/call");
    tool.or(record.resource.as_deref()).filter(|_| !looks)
}

/// Whether a resource is `owner/name`.
fn is_repository(name: &str) -> bool {
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
    name.split_once('/').is_some_and(|(owner, name)| is_word(owner) && is_word(name))
}
