//! Log formats of agents, telemetry, CI and containers: what each fixture says, record by record.

use std::fs;
use std::path::{Path, PathBuf};

use beartrap::model::text::Text;
use beartrap::observe::observation::Observation;

use crate::logs::{Seen, read};

#[path = "support/logs.rs"]
mod logs;
#[path = "support/marks.rs"]
mod marks;

/// Each format, and the path of its log where that tells something.
const FORMATS: [(&str, &str); 22] = [
    ("otlp-logs.json", ""),
    ("otlp-traces.jsonl", ""),
    ("flat-telemetry.jsonl", ""),
    ("claude-code.jsonl", ""),
    ("codex.jsonl", ""),
    ("gemini-cli.json", ""),
    ("continue.json", ""),
    ("openhands.jsonl", "/home/ann/.openhands/sessions/oh-1/events.jsonl"),
    ("swe-agent.traj", "/runs/acme__shop-17.traj"),
    ("amp.json", ""),
    ("opencode.jsonl", ""),
    ("cursor.jsonl", ""),
    ("langsmith.json", ""),
    ("chat-messages.jsonl", ""),
    ("mcp-jsonrpc.jsonl", ""),
    ("mcp-client-log.log", ""),
    ("docker.jsonl", ""),
    ("cri.log", ""),
    ("journald.jsonl", ""),
    ("github-actions.txt", "actions/runs/42/3_build.txt"),
    ("gitlab-trace.log", "jobs/77/trace.log"),
    ("generic.jsonl", ""),
];

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
    let mut add = |name: &str, value: Option<Text>| text.extend(value.map(|value| format!(" {name}={value}")));
    let word = |value: Option<serde_json::Value>| value.and_then(|value| value.as_str().map(Text::from));
    let json = |value: serde_json::Result<serde_json::Value>| value.ok();
    add("at", record.time.map(|time| time.to_string().into()));
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
    add("ip", record.source_ip.map(|ip| ip.to_string().into()));
    add("peer", record.peer_ip.map(|ip| ip.to_string().into()));
    add("status", record.status_code.map(|status| status.to_string().into()));
    add("outcome", word(json(serde_json::to_value(record.outcome))).filter(|outcome| outcome != "unknown"));
    add("place", word(json(serde_json::to_value(record.place))));
    for one in presented {
        let keys: Vec<String> = one.keys.iter().map(ToString::to_string).collect();
        text.push_str(&format!(" [{} {}]", String::from(one.scheme.clone()), keys.join(" ")));
    }
    text
}

fn fixture(file: &str) -> (PathBuf, String) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/logs").join(file);
    let template = fs::read_to_string(&path).expect("because the fixture is there");
    (path.with_extension("said.txt"), template)
}

#[test]
fn every_fixture_says_exactly_what_is_expected() {
    for (file, location) in FORMATS {
        let (path, template) = fixture(file);
        let said: Vec<String> = read(&marks::fill(&template), location).iter().map(told).collect();
        let said = marks::unfill(&template, &said.join("\n")) + "\n";
        if std::env::var_os("BLESS").is_some() {
            fs::write(&path, &said).expect("because there is room");
        }
        let expected = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert_eq!(said, expected, "{file}");
    }
}

#[test]
fn no_raw_token_gets_through() {
    for (file, location) in FORMATS {
        let (_, template) = fixture(file);
        let seen = read(&marks::fill(&template), location);
        let records: Vec<&Seen> = seen.iter().filter(|one| matches!(one, Seen::Record { .. })).collect();
        let shown = format!("{records:?}");
        for secret in marks::secrets(&template) {
            assert!(!shown.contains(&secret[secret.len() - 12..]), "{file}: a raw token gets through");
        }
    }
}
