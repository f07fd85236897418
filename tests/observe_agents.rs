//! Log formats of agents, telemetry, CI and containers: what each fixture says, record by record.

use std::fs;
use std::path::Path;

use beartrap::model::fingerprint::Fingerprint;
use beartrap::model::token_key::TokenKey;
use beartrap::observe::observation::Observation;

use crate::logs::{Seen, read};

#[path = "support/logs.rs"]
mod logs;

/// The tokens that stand in the fixtures as `<T1>` and `<T2>`.
fn tokens() -> [(&'static str, String); 2] {
    [("<T1>", "Zq3-".repeat(6)), ("<T2>", "Yw7_".repeat(6))]
}

/// What a reader said, in one line: the format, who and what, and the tokens by their names in the fixture.
fn told(seen: &Seen) -> String {
    match seen {
        Seen::Record { format, observation } => format!("{format}:{}", about(observation)),
        Seen::Carried { format, partial, text } => format!("{format} carries{}: {text}", if *partial { " a part" } else { "" }),
        Seen::Unknown { .. } => "unknown".to_owned(),
    }
}

fn about(observation: &Observation) -> String {
    let Observation { record, presented, .. } = observation;
    let mut text = String::new();
    let mut add = |name: &str, value: Option<String>| text.extend(value.map(|value| format!(" {name}={value}")));
    let word = |value: Option<serde_json::Value>| value.and_then(|value| value.as_str().map(str::to_owned));
    let json = |value: serde_json::Result<serde_json::Value>| value.ok();
    add("at", record.time.map(|time| time.to_string()));
    add("session", record.session_id.clone());
    add("src", word(json(serde_json::to_value(record.session_src))));
    add("agent", record.agent_id.clone());
    add("user", record.user.clone());
    add("tenant", record.tenant.clone());
    add("task", record.task_id.clone());
    add("run", record.run_id.clone());
    add("trace", record.trace_id.as_ref().map(|id| id.chars().take(4).collect()));
    add("id", record.request_id.clone());
    add("rpc", record.rpc_id.clone());
    add("tool", record.tool.clone());
    add("method", record.method.clone());
    add("aud", record.aud.clone());
    add("resource", record.resource.clone());
    add("ip", record.source_ip.map(|ip| ip.to_string()));
    add("peer", record.peer_ip.map(|ip| ip.to_string()));
    add("status", record.status_code.map(|status| status.to_string()));
    add("outcome", word(json(serde_json::to_value(record.outcome))).filter(|outcome| outcome != "unknown"));
    add("place", word(json(serde_json::to_value(record.place))));
    for one in presented {
        let name = tokens().into_iter().find(|(_, token)| one.keys.contains(&TokenKey::Fingerprint(Fingerprint::of(token.as_bytes()))));
        let name = name.map_or_else(|| "other".to_owned(), |(name, _)| name.to_owned());
        text.push_str(&format!(" {}:{name}", String::from(one.scheme.clone())));
    }
    text
}

fn check(file: &str, location: &str, expected: &[&str]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/logs").join(file);
    let written = fs::read_to_string(&path).expect("because the fixture is there");
    let text = tokens().iter().fold(written, |text, (name, token)| text.replace(name, token));
    let found: Vec<String> = read(&text, location).iter().map(told).collect();
    let found: Vec<String> = found.iter().map(|line| tokens().iter().fold(line.clone(), |line, (name, token)| line.replace(token, name))).collect();
    assert_eq!(found.join("\n"), expected.join("\n"), "{file}");
}
