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

use std::collections::{BTreeSet, HashMap};

use crate::detect::attribute::{Attribute, names, news};
use crate::detect::detection::{Basis, Detection, Judge, comment, evidence};
use crate::detect::used::{Answer, Use, Used};
use crate::model::grade::{Confidence, Severity};
use crate::model::instant::Instant;
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
    if case.habits.is_empty() {
        return answers;
    }
    let mut before: Vec<&Use> = Vec::new();
    let mut latest: HashMap<&str, Instant> = HashMap::new();
    for moment in case.moments() {
        let record = &moment.one.what.record;
        let Some(tool) = record.tool.as_deref() else {
            before.push(moment.one);
            continue;
        };
        let lately = latest.insert(tool, moment.time).is_some_and(|time| moment.after(time) <= case.options.habit_window.0);
        let identity = case.identity(moment.one).filter(|identity| !lately && is_new(case, identity, tool, moment.time));
        if let Some(identity) = identity.filter(|_| !told.contains(tool)) {
            let signs = news(moment.one, &before, &SIGNS);
            let count = signs.len() + usize::from(record.outcome == Outcome::Denied);
            if count > 0 {
                let severity = if count > 1 { Severity::Medium } else { DETECTION.severity };
                let message = format!("`{identity}` used the tool `{tool}` for the first time");
                let mut grounds = vec![evidence("identity", &identity)];
                grounds.extend((!signs.is_empty()).then(|| evidence("also_new", names(&signs))));
                answers.push(case.answer(DETECTION.verdict(severity, Confidence::Medium, message, grounds), tool, vec![moment.at]));
                told.insert(tool);
            }
        }
        before.push(moment.one);
    }
    answers
}

/// Whether an identity with habits had not used this tool before.
fn is_new(case: &Used, identity: &str, tool: &str, time: Instant) -> bool {
    let own = || case.habits.iter().filter(|habit| habit.identity == identity);
    let settled = own().any(|habit| habit.since < time && habit.uses >= case.options.habit_uses);
    settled && !own().any(|habit| habit.tool.0 == tool && habit.tool.1 < time)
}
