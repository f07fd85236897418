//! A judgement -> an alert that a token was replayed.

use std::collections::BTreeMap;

use crate::detect::frameworks::Frameworks;
use crate::model::alert::{Alert, AlertData, AlertToken, Event, Location, Observed};
use crate::model::instant::Instant;
use crate::model::issuance::Issuance;
use crate::model::judgement::Judgement;
use crate::pipeline::alerts::from_finding::{complete, issued_to, issued_token};

/// The alert.
#[must_use]
pub fn replayed(judgement: &Judgement, issuance: Option<&Issuance>, frameworks: &Frameworks, now: Instant) -> Alert {
    let verdict = &judgement.verdict;
    let said = |names: &[&str]| verdict.evidence.iter().find(|fact| names.contains(&fact.name.as_str())).map(|fact| fact.value.clone());
    let locations = judgement.uses.iter().map(|origin| Location {
        uri: origin.uri.to_string(),
        line: origin.line,
        record: origin.record_id.as_deref().map(str::to_owned),
    });
    let mut token = issuance.map(issued_token).unwrap_or_default();
    // It is told under the name by which it was judged.
    if token.fp.as_ref() != Some(&judgement.token) {
        token.alt_keys.extend(token.fp.replace(judgement.token.clone()));
        token.alt_keys.retain(|name| *name != judgement.token);
    }
    let mut data = AlertData {
        finding_id: judgement.id.clone(),
        supersedes: judgement.supersedes.clone(),
        rule: verdict.id.clone(),
        title: verdict.message.clone(),
        severity: verdict.severity,
        confidence: verdict.confidence,
        token: AlertToken { ..token },
        issued_to: issuance.map(issued_to),
        observed: Observed {
            time: judgement.at,
            source_ip: said(&["source_ip", "source"]),
            agent_id: said(&["agent_id", "agent", "identity"]),
            session_id: said(&["session_id", "session"]),
            task_id: said(&["task_id"]),
            tools: said(&["tool", "tools"]).into_iter().collect(),
            aud: said(&["aud"]),
            locations: locations.collect(),
        },
        action: None,
        evidence: verdict.evidence.iter().map(|fact| format!("{}: {}", fact.name, fact.value)).collect(),
        frameworks: BTreeMap::new(),
        remediation: String::new(),
        links: BTreeMap::new(),
    };
    complete(&mut data, frameworks);
    let event = if judgement.supersedes.is_some() { Event::Updated } else { Event::ReplayDetected };
    Alert { event, timestamp: judgement.at.unwrap_or(now), data }
}
