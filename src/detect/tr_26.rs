//! A token woke up somewhere else.
//!
//! # What it asks
//!
//! Was the token not used for 30 days, and does the next use come from a network that had never used it?
//!
//! # Why it matters
//!
//! Forgotten tokens are found in old logs and backups, by people who look for them.
//!
//! # Evidence
//!
//! The last use before, the time between, and the new network.
//!
//! # When it is wrong
//!
//! Jobs that run once a quarter from machines that come and go. When logs of the time between were never read.

use std::collections::BTreeSet;

use crate::detect::detection::{Basis, Detection, Judge, comment, evidence};
use crate::detect::used::{Answer, Source, Used};
use crate::model::grade::{Confidence, Severity};

/// The question.
pub const DETECTION: Detection = Detection {
    id: "TR-26",
    name: "dormant token revived",
    severity: Severity::Medium,
    basis: Basis::Behavioural,
    about: comment(include_str!("tr_26.rs")),
    judge: Judge::Used(judge),
};

fn judge(case: &Used) -> Vec<Answer> {
    let (mut known, mut last, mut answers) = (BTreeSet::new(), None, Vec::new());
    for moment in case.moments() {
        let is_placed = !matches!(moment.one.source, Source::Cloud | Source::Unknown);
        let idle = last.map(|(at, time)| (at, moment.after(time))).filter(|(_, idle)| *idle >= case.options.dormant_after.0);
        if let Some((before, idle)) = idle
            && is_placed
            && !known.is_empty()
            && !known.contains(&moment.one.source)
            && case.expected().holds(moment.one) != Some(true)
        {
            let days = idle.as_hours() / 24;
            let message = format!("the token had not been used for {days} days and came back from `{}`", moment.one.source);
            let grounds = vec![evidence("idle_days", days), evidence("network", moment.one.source)];
            let verdict = DETECTION.verdict(DETECTION.severity, Confidence::Medium, message, grounds);
            answers.push(case.answer(verdict, moment.one.source.to_string(), vec![moment.at, before]));
        }
        if is_placed {
            known.insert(moment.one.source);
        }
        last = Some((moment.at, moment.time));
    }
    answers
}
