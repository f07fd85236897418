//! A token was used from a network other than its first.
//!
//! # What it asks
//!
//! Does a use come from a network that is none of those from which the token was first used?
//!
//! # Why it matters
//!
//! A token of a task or machine stays where it was handed out. A thief's network is another one, often seconds later.
//!
//! # Evidence
//!
//! The first networks and the new one. Tokens of tasks, instances and CI are locked to their first use; a person's session or
//! personal access token learns for ten minutes or five uses. What else is new with the network (client, TLS fingerprint, agent) makes
//! it high.
//!
//! # When it is wrong
//!
//! People travel and change networks. Machines with several ways out: declare them (`bound_networks`, `declared_egress`). What
//! was learned holds for six hours of a temporary cloud credential, for seven days of any other token, and never beyond its end.

use std::collections::BTreeSet;

use crate::detect::attribute::{CALLER, names, news};
use crate::detect::case::between;
use crate::detect::detection::{Basis, Detection, Judge, comment, evidence};
use crate::detect::moment::Moment;
use crate::detect::used::{Answer, Source, Use, Used};
use crate::model::grade::{Confidence, Severity};
use crate::model::issuance::TokenType;

/// The question.
pub const DETECTION: Detection = Detection {
    id: "TR-15",
    name: "outside its first networks",
    severity: Severity::Medium,
    basis: Basis::Behavioural,
    about: comment(include_str!("tr_15.rs")),
    judge: Judge::Used(judge),
};

/// What was learned of a token.
struct Lock<'a> {
    first: Moment<'a>,
    learned: Vec<&'a Use>,
}

fn judge(case: &Used) -> Vec<Answer> {
    let mut lock: Option<Lock> = None;
    let expected = case.expected();
    let (mut told, mut answers) = (BTreeSet::new(), Vec::new());
    for moment in case.placed() {
        match &mut lock {
            Some(lock) if lock.holds(case, &moment) => {
                if lock.learns(case, &moment) {
                    lock.learned.push(moment.one);
                } else if !lock.knows(&moment) && expected.holds(moment.one) != Some(true) && told.insert(moment.one.source) {
                    answers.push(lock.broken(case, &moment));
                }
            }
            _ => lock = Some(Lock { first: moment, learned: vec![moment.one] }),
        }
    }
    answers
}

impl Lock<'_> {
    fn holds(&self, case: &Used, moment: &Moment) -> bool {
        let most = if case.token_type() == TokenType::Sts { case.options.lock_temporary } else { case.options.lock_other };
        let ended = case.end().is_some_and(|end| end < moment.time && end >= self.first.time);
        moment.after(self.first.time) <= most.0 && !ended
    }

    fn learns(&self, case: &Used, moment: &Moment) -> bool {
        let options = case.options;
        case.is_personal() && moment.after(self.first.time) <= options.learning_window.0 && self.learned.len() < options.learning_uses
    }

    fn knows(&self, moment: &Moment) -> bool {
        self.learned.iter().any(|one| one.source == moment.one.source)
    }

    fn broken(&self, case: &Used, moment: &Moment) -> Answer {
        let also = news(moment.one, &self.learned, &CALLER);
        let severity = if also.is_empty() { DETECTION.severity } else { Severity::High };
        let first: BTreeSet<Source> = self.learned.iter().map(|one| one.source).collect();
        let first: Vec<String> = first.iter().map(ToString::to_string).collect();
        let gap = between(self.first.time, moment.time).as_secs();
        let message = format!("the token came from `{}`, {gap} seconds after its first use elsewhere", moment.one.source);
        let mut grounds = vec![evidence("network", moment.one.source), evidence("first_networks", first.join(" "))];
        grounds.extend((!also.is_empty()).then(|| evidence("also_new", names(&also))));
        let verdict = DETECTION.verdict(severity, Confidence::Medium, message, grounds);
        case.answer(verdict, moment.one.source.to_string(), vec![moment.at, self.first.at])
    }
}
