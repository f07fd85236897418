//! Somebody else than its holder used a token.
//!
//! # What it asks
//!
//! Is the agent, workload or client that was authenticated another than the one that the token was issued to, and none that acts
//! for it (`act`, `may_act`, the record's `actor_chain`)?
//!
//! # Why it matters
//!
//! This is theft in the plainest form: the token is in other hands.
//!
//! # Evidence
//!
//! The identity as the called system authenticated it, and those that may hold the token. Workloads are compared by what stays
//! when instances come and go: SPIFFE path, role, service account, pool.
//!
//! # When it is wrong
//!
//! Where only the caller's own word names another agent, as `clientInfo` does, it is a note (info): names are easily given. When
//! replicas are known by different ids: declare them as a pool. Ids of different kinds, a role and an agent's name, are not
//! compared.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::detect::detection::{Basis, Detection, Judge, comment, evidence};
use crate::detect::person::is_nobody;
use crate::detect::used::{Answer, Use, Used};
use crate::detect::workload::is_workload;
use crate::model::grade::{Confidence, Severity};

/// The question.
pub const DETECTION: Detection = Detection {
    id: "TR-07",
    name: "wrong agent, workload or client",
    severity: Severity::Critical,
    basis: Basis::Deterministic,
    about: comment(include_str!("tr_07.rs")),
    judge: Judge::Used(judge),
};

fn judge<'a>(case: &Used<'a>) -> Vec<Answer> {
    let Some(holders) = Holders::of(case) else { return Vec::new() };
    let mut strangers: BTreeMap<String, (Severity, usize)> = BTreeMap::new();
    let named = |one: &'a Use| {
        let record = &one.what.record;
        [&record.principal, &record.client_id, &record.agent_id, &record.user]
    };
    for (at, one) in case.firsts(named) {
        for (stranger, severity) in holders.strangers(case, one) {
            let known = strangers.entry(stranger).or_insert((severity, at));
            if severity > known.0 {
                *known = (severity, at);
            }
        }
    }
    let answers = strangers.into_iter().map(|(stranger, (severity, at))| {
        let how = if severity == Severity::Info { "somebody that calls itself" } else { "" };
        let message = format!("the token was used by {how} `{stranger}`, to whom it was not issued").replace("by  ", "by ");
        let grounds = vec![evidence("issued_to", holders.holds.iter().cloned().collect::<Vec<_>>().join(" "))];
        case.answer(DETECTION.verdict(severity, Confidence::High, message, grounds), stranger, vec![at])
    });
    answers.collect()
}

/// Who may hold a token.
struct Holders {
    /// To whom it was issued, and who acts for them, by the record.
    holds: BTreeSet<String>,
    /// Also whom the token itself names.
    may: BTreeSet<String>,
}

impl Holders {
    fn of(case: &Used) -> Option<Self> {
        let issuance = case.issuance()?;
        let to = &issuance.issued_to;
        let named = [&to.agent_id, &to.agent_name, &to.workload_id, &to.client_id].into_iter().flatten();
        let holds: BTreeSet<String> = named.chain(&issuance.actor_chain).map(|id| case.workload(id)).collect();
        let mut may = holds.clone();
        may.extend(to.user.clone());
        may.extend(issuance.other.get("may_act").into_iter().flat_map(actors).map(|id| case.workload(id)));
        if let Some(token) = case.claims() {
            may.extend(token.act.iter().flat_map(actors).chain(token.sub.as_deref()).chain(token.client_id.as_deref()).map(|id| case.workload(id)));
        }
        (!holds.is_empty()).then_some(Self { holds, may })
    }

    /// Who of those that a use names is none of them.
    fn strangers(&self, case: &Used, one: &Use) -> Vec<(String, Severity)> {
        let (record, to) = (&one.what.record, case.issued_to());
        let mut strangers = Vec::new();
        if let Some(id) = record.principal.as_deref().filter(|id| !is_nobody(id)) {
            let stable = case.workload(id);
            let same_kind = self.holds.iter().any(|holder| is_workload(holder) == is_workload(&stable));
            // A person's name says nothing of the agent that acts for them.
            let is_user = record.user.as_deref() == Some(id);
            if same_kind && !is_user && !self.may.contains(&stable) {
                strangers.push((stable, DETECTION.severity));
            }
        }
        let client = record.client_id.as_ref().filter(|id| to.is_some_and(|to| to.client_id.is_some()) && !self.may.contains(id.as_str()));
        strangers.extend(client.map(|id| (id.to_string(), DETECTION.severity)));
        let agent = record.agent_id.as_ref().filter(|id| to.is_some_and(|to| to.agent_id.is_some()) && !self.may.contains(&case.workload(id)));
        if strangers.is_empty() {
            strangers.extend(agent.map(|id| (id.to_string(), Severity::Info)));
        }
        strangers
    }
}

/// Every `sub` of a chain of actors (RFC 8693, sections 4.1 and 4.4).
fn actors(chain: &Value) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(chain), |actor| actor.get("act"))
        .take(16)
        .filter_map(|actor| actor.get("sub").and_then(Value::as_str).or(actor.as_str()))
}
