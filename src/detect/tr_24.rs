//! A token was exposed, and then somebody new used it.
//!
//! # What it asks
//!
//! After the token lay somewhere for the first time, was it used from a network or by an agent that had not been seen with it
//! before, while it worked?
//!
//! # Why it matters
//!
//! This is the leak and its consequence in one: somebody read the place and helped himself.
//!
//! # Evidence
//!
//! The place and when the token was first seen there; who had used it before, to whom it was issued; the new user.
//!
//! # When it is wrong
//!
//! When the owner moved to another network or machine after the exposure. Of a token that nobody had used before and that
//! the ledger does not know, everybody is new: that is low. Exposures are dated by the scan where the place has no dates, so the true
//! one may be earlier.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::detect::attribute::Attribute;
use crate::detect::detection::{Basis, Detection, Judge, comment, evidence};
use crate::detect::moment::Moment;
use crate::detect::place_kind;
use crate::detect::subject::Expected;
use crate::detect::used::{Answer, Use, Used};
use crate::model::grade::{Confidence, Severity};
use crate::model::ledger_match::Liveness;

/// The question.
pub const DETECTION: Detection = Detection {
    id: "TR-24",
    name: "exposed, then used",
    severity: Severity::Critical,
    basis: Basis::Deterministic,
    about: comment(include_str!("tr_24.rs")),
    judge: Judge::Used(judge),
};

fn judge(case: &Used) -> Vec<Answer> {
    used_by_a_stranger(case).into_iter().collect()
}

fn used_by_a_stranger(case: &Used) -> Option<Answer> {
    let exposure = case.exposures.iter().min_by_key(|exposure| (exposure.first_seen, &exposure.location, exposure.line))?;
    let (before, after): (Vec<Moment>, Vec<Moment>) = case.moments().partition(|moment| moment.time <= exposure.first_seen);
    let known = Known::of(case, &before);
    let (moment, what) = after.iter().filter(|moment| worked(case, moment)).find_map(|moment| Some((moment, known.is_new(case, moment.one)?)))?;
    let baseless = before.is_empty() && case.matched.is_none();
    let (severity, confidence) = match before.is_empty() {
        _ if baseless => (Severity::Low, Confidence::Low),
        true => (DETECTION.severity, Confidence::Medium),
        false => (DETECTION.severity, Confidence::High),
    };
    let place = format!("{} `{}`", place_kind::words(exposure.kind), exposure.location);
    let message = format!("the token lay in {place}, and {} seconds later somebody new used it", moment.after(exposure.first_seen).as_secs());
    let grounds = vec![
        evidence("exposed_at", exposure.first_seen),
        evidence("exposure", format_args!("{}:{}", exposure.location, exposure.line)),
        evidence("new", what),
        evidence("networks_before", known.networks.iter().cloned().collect::<Vec<_>>().join(" ")),
    ];
    Some(case.answer(DETECTION.verdict(severity, confidence, message, grounds), "", vec![moment.at]))
}

/// Who was known with the token when it was exposed.
struct Known {
    networks: BTreeSet<String>,
    agents: BTreeSet<String>,
    expected: Expected,
}

impl Known {
    fn of(case: &Used, before: &[Moment]) -> Self {
        let mut agents: BTreeSet<String> = before.iter().filter_map(|moment| case.identity(moment.one)).map(Cow::into_owned).collect();
        if let Some(to) = case.issued_to() {
            agents.extend([&to.agent_id, &to.workload_id, &to.client_id].into_iter().flatten().map(|id| case.workload(id)));
        }
        Self { networks: Attribute::Network.values(before.iter().map(|moment| moment.one)), agents, expected: case.expected() }
    }

    /// What of a use is new. Where no network was known, its agent decides; where nobody was, everybody is new.
    fn is_new(&self, case: &Used, one: &Use) -> Option<&'static str> {
        let (network, agent) = (Attribute::Network.of(one), self.agent(case, one));
        let expected = self.expected.holds(one) == Some(true);
        let new_network = network.as_ref().is_some_and(|network| !self.networks.contains(network)) && !expected;
        match agent {
            Some(false) => Some("agent"),
            Some(true) if self.networks.is_empty() => None,
            _ if new_network => Some("network"),
            _ => None,
        }
    }

    /// Whether the agent is a known one; `None` where the use names none or none was known.
    fn agent(&self, case: &Used, one: &Use) -> Option<bool> {
        let record = &one.what.record;
        let said: Vec<String> = [&record.agent_id, &record.principal, &record.client_id].into_iter().flatten().map(|id| case.workload(id)).collect();
        (!said.is_empty() && !self.agents.is_empty()).then(|| said.iter().any(|id| self.agents.contains(id)))
    }
}

/// Whether the token worked then; what was not known to be dead did.
fn worked(case: &Used, moment: &Moment) -> bool {
    let known = case.issuance().map_or(Liveness::Unknown, |issuance| issuance.liveness(case.events(), moment.time));
    known >= Liveness::Unknown && case.end().is_none_or(|end| moment.time < end)
}
