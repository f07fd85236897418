//! A state with many alerts in its outbox.

use std::collections::BTreeMap;
use std::path::Path;

use beartrap::delivery::endpoint::alert_id;
use beartrap::model::alert::{Alert, AlertData, AlertToken, Event, Location, Observed};
use beartrap::model::fingerprint::Fingerprint;
use beartrap::model::grade::{Confidence, Severity};
use beartrap::model::instant::Instant;
use beartrap::model::token_key::TokenKey;
use beartrap::store::outbox::{Begins, NewAlert, NewDelivery};
use beartrap::store::sqlite::Sqlite;
use beartrap::store::state_dir::Access;
use beartrap::store::step::Step;
use beartrap::store::store::Store as _;

/// How many are committed together.
const BATCH: usize = 10_000;

/// Queues so many alerts to an endpoint, each of a token of its own.
///
/// # Errors
///
/// The state cannot be written.
pub fn queue(state: &Path, endpoint: &str, count: usize) -> anyhow::Result<()> {
    let mut store = Sqlite::open(state, Access::Owner)?;
    for first in (0..count).step_by(BATCH) {
        let alerts: Vec<NewAlert> = (first..count.min(first + BATCH)).map(|number| new_alert(endpoint, number)).collect();
        store.commit(&Step { alerts: &alerts, ..Step::default() })?;
    }
    Ok(())
}

fn new_alert(endpoint: &str, number: usize) -> NewAlert {
    let alert = alert(number);
    let id = alert_id(&alert);
    let deliveries = vec![NewDelivery { id: id.replacen("alt_", "msg_", 1), endpoint: endpoint.to_owned(), begins: Begins::Due }];
    NewAlert { id, event: alert.event, json: alert.to_json(), token: alert.token_index(), at: alert.timestamp, deliveries }
}

fn alert(number: usize) -> Alert {
    let at = Instant::from_number(1_772_445_600).expect("because it is a time");
    let fp = TokenKey::Fingerprint(Fingerprint::of(&number.to_le_bytes()));
    let location = Location { uri: format!("logs/agent-{}.jsonl", number % 100), line: number as u64 + 1, record: None };
    let data = AlertData {
        finding_id: format!("{number:032x}"),
        supersedes: None,
        rule: "EX-02".to_owned(),
        title: "A live token lies where others may read it".to_owned(),
        severity: Severity::High,
        confidence: Confidence::High,
        token: AlertToken { fp: Some(fp), provider: Some("example".to_owned()), ..AlertToken::default() },
        issued_to: None,
        observed: Observed { time: Some(at), locations: vec![location], ..Observed::default() },
        action: None,
        evidence: vec!["a value of the header `Authorization`".to_owned(), "EX-02: a live token lies where others may read it".to_owned()],
        frameworks: BTreeMap::from([("owasp_asi".to_owned(), vec!["ASI03".to_owned()])]),
        remediation: "Revoke the token and issue a new one".to_owned(),
        links: BTreeMap::from([("explain".to_owned(), "beartrap explain EX-02".to_owned())]),
    };
    Alert { event: Event::Exposed, timestamp: at, data }
}
