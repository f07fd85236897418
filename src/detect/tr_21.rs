//! An identity used a tool for the first time, and something else was new too.
//!
//! # What it asks
//!
//! Has the agent, workload or client used at least 50 times what it uses, never this tool within ten days, and does the use also
//! come from a new network, client or agent, or was it refused?
//!
//! # Why it matters
//!
//! Machines have habits. A new tool alone is a new version; with a new network it is a new user.
//!
//! # Evidence
//!
//! The identity's habits by the ledger, the tool, and what else is new. One more sign is low, two are medium.
//!
//! # When it is wrong
//!
//! After a release that brings new tools and moves to new machines. Identities with few uses have no habits, and of them nothing is
//! said.

use std::collections::BTreeSet;

use crate::detect::attribute::{Attribute, names, news};
use crate::detect::case::between;
use crate::detect::detection::{Basis, Detection, Judge, comment, evidence};
use crate::detect::moment::Moment;
use crate::detect::used::{Answer, Use, Used};
use crate::model::grade::{Confidence, Severity};
use crate::model::token_use::Outcome;

/// The question.
pub const DETECTION: Detection = Detection {
    id: "TR-21",
    name: "new tool for an identity",
    severity: Severity::Low,
    basis: Basis::Behavioural,
    about: comment(include_str!("tr_21.rs")),
    judge: Judge::Used(judge),
};

/// What may be new together with the tool.
const SIGNS: [Attribute; 4] = [Attribute::Network, Attribute::Client, Attribute::Tls, Attribute::Platform];

fn judge(case: &Used) -> Vec<Answer> {
    let (mut told, mut answers) = (BTreeSet::new(), Vec::new());
    let mut before: Vec<&Use> = Vec::new();
    for moment in case.moments() {
        let record = &moment.one.what.record;
        let new = case.identity(moment.one).zip(record.tool.clone()).filter(|(identity, tool)| is_new(case, identity, tool, &moment));
        if let Some((identity, tool)) = new.filter(|(_, tool)| !told.contains(tool)) {
            let signs = news(moment.one, &before, &SIGNS);
            let count = signs.len() + usize::from(record.outcome == Outcome::Denied);
            if count > 0 {
                let severity = if count > 1 { Severity::Medium } else { DETECTION.severity };
                let message = format!("`{identity}` used the tool `{tool}` for the first time");
                let mut grounds = vec![evidence("identity", &identity)];
                grounds.extend((!signs.is_empty()).then(|| evidence("also_new", names(&signs))));
                answers.push(case.answer(DETECTION.verdict(severity, Confidence::Medium, message, grounds), &tool, vec![moment.at]));
                told.insert(tool);
            }
        }
        before.push(moment.one);
    }
    answers
}

/// Whether an identity with habits has not used this tool lately.
fn is_new(case: &Used, identity: &str, tool: &str, moment: &Moment) -> bool {
    let mut own = case.habits.iter().filter(|habit| habit.identity == identity && habit.first < moment.time).peekable();
    let settled = own.peek().is_some_and(|habit| habit.uses >= case.options.habit_uses);
    let known = own.any(|habit| habit.tool == tool);
    let lately = |other: &Moment| between(other.time, moment.time) <= case.options.habit_window.0;
    let same = |other: &Moment| other.one.what.record.tool.as_deref() == Some(tool);
    settled && !known && !case.moments().take_while(|other| other.at < moment.at).any(|other| lately(&other) && same(&other))
}
