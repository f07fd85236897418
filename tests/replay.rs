//! Replay through the binary: every incident of the simulation is told and nothing else, however its logs are delivered and in however many runs.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

#[path = "support/binary.rs"]
mod binary;
#[path = "../examples/simulate/mod.rs"]
#[allow(dead_code, reason = "the example uses the rest")]
mod simulate;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use base64::Engine as _;
use beartrap::model::fingerprint::Fingerprint;
use beartrap::rules::byte_set::ByteSet;
use beartrap::rules::generate::Random;
use serde_json::{Value, json};

use crate::binary::{Ran, run};
use crate::simulate::label::{Expect, Label};
use crate::simulate::order::{Copies, Delivery, Order, Sequence};

/// The time for which the simulation's labels hold.
const NOW: &str = "2026-03-03T00:00:00Z";

fn order(seed: u64) -> Order {
    Order { seed, agents: 8, sessions: 2, tasks: 4, records: 2000, ..Order::default() }
}

fn mixed(seed: u64) -> Order {
    let delivery = Delivery { sequence: Sequence::Shuffled, copies: Copies::SomeTwice, drop: 0.25, skew: 90_000 };
    Order { delivery, ..order(seed) }
}

fn simulated(order: &Order) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    simulate::run::run(order, &folder.path().join("logs")).unwrap();
    folder
}

fn replay(at: &Path, words: &[&str]) -> Ran {
    let fixed = ["replay", "--config", "logs/settings.toml", "--now", NOW, "--format", "jsonl", "--all"];
    run(at, &[&fixed[..], words].concat())
}

fn judgements(ran: &Ran) -> Vec<Value> {
    assert!(matches!(ran.status, 0 | 1), "{}", ran.err());
    ran.out().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn name(judgement: &Value) -> (String, String) {
    (judgement["id"].as_str().unwrap().to_owned(), judgement["token"].as_str().unwrap().to_owned())
}

#[test]
fn every_incident_is_told_and_nothing_else() {
    for order in [order(1), mixed(2), mixed(3), order(4)] {
        let folder = simulated(&order);
        let ran = replay(folder.path(), &["logs"]);
        let told = judgements(&ran);
        let names: BTreeSet<(String, String)> = told.iter().map(name).collect();
        let labels: Vec<Label> =
            fs::read_to_string(folder.path().join("logs/labels.jsonl")).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let labelled: BTreeSet<(String, String)> = labels.iter().map(|label| (label.detection.clone(), label.token.to_string())).collect();
        let of_uses = |id: &str| id.starts_with("TR-") || id == "HY-02";
        let missed: Vec<_> = labels
            .iter()
            .filter(|label| of_uses(&label.detection) && label.expect == Expect::Must)
            .map(|label| (label.detection.clone(), label.token.to_string()))
            .filter(|name| !names.contains(name))
            .collect();
        let wrong: Vec<_> = told
            .iter()
            .filter(|one| !labelled.contains(&name(one)) && ["medium", "high", "critical"].contains(&one["severity"].as_str().unwrap()))
            .map(|one| (name(one), one["message"].clone()))
            .collect();
        assert!(missed.is_empty() && wrong.is_empty(), "seed {}: missed {missed:?}, wrong {wrong:?}", order.seed);
        assert!((1..=27).all(|number| told.iter().any(|one| one["id"] == format!("TR-{number:02}"))), "seed {}", order.seed);
        assert_eq!(ran.status, 1);
    }
}

/// What stands at the end: every judgement that no other took the place of.
fn standing(runs: &[Vec<Value>]) -> BTreeMap<(String, String, String), String> {
    let mut all: BTreeMap<(String, String, String), String> = BTreeMap::new();
    for one in runs.iter().flatten() {
        let (id, token) = name(one);
        all.insert((id, token, one["slot"].as_str().unwrap_or_default().to_owned()), one["judgement_id"].as_str().unwrap().to_owned());
    }
    all
}

#[test]
fn late_logs_are_judged_with_what_was_kept() {
    let folder = simulated(&order(5));
    let at = folder.path();
    let whole = judgements(&replay(at, &["logs"]));
    let first = ["logs/issued.jsonl", "logs/mcp", "logs/agents", "logs/ci"];
    let uses = fs::read_to_string(at.join("logs/uses.jsonl")).unwrap();
    let lines: Vec<&str> = uses.lines().collect();
    // Every other record comes late.
    fs::create_dir(at.join("parts")).unwrap();
    let half = |rest: usize| lines.iter().enumerate().filter(|(at, _)| at % 2 == rest).map(|(_, line)| *line).collect::<Vec<_>>().join("\n");
    fs::write(at.join("parts/first.jsonl"), half(1)).unwrap();
    fs::write(at.join("parts/late.jsonl"), half(0)).unwrap();
    let before = judgements(&replay(at, &[&["--state", "st", "parts/first.jsonl"], &first[..]].concat()));
    let after = judgements(&replay(at, &["--state", "st", "parts/late.jsonl", "logs/otlp", "logs/cloudtrail"]));
    let parts = standing(&[before, after]);
    let expected: BTreeSet<_> = standing(&[whole]).into_keys().collect();
    let missed: Vec<_> = expected.iter().filter(|name| name.0.starts_with("TR") && !parts.contains_key(*name)).collect();
    assert!(missed.is_empty(), "{missed:?}");
    let counts = || {
        let stats: Value = serde_json::from_str(&run(at, &["ledger", "stats", "--state", "st", "--format", "json"]).out()).unwrap();
        (stats["uses"].as_u64().unwrap(), stats["judgements"].as_u64().unwrap())
    };
    let before = counts();
    assert!(before.0 > 2000 && before.1 > 30, "{before:?}");
    replay(at, &["--state", "st", "parts/late.jsonl", "logs/otlp", "logs/cloudtrail"]);
    assert_eq!(counts(), before, "the same logs again");
    assert_eq!(run(at, &["ledger", "verify", "--state", "st"]).status, 0);
}

#[test]
fn an_answer_that_late_data_changes_takes_the_place_of_the_earlier_one() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let fp = Fingerprint::of(b"a token").to_string();
    let used = |time: &str| json!({"fp": fp, "time": time, "outcome": "success", "scheme": "bearer"}).to_string();
    let issued = json!({"fp": fp, "issued_at": "2026-03-02T09:00:00Z", "expires_at": "2026-03-02T10:00:00Z", "issued_to": {"agent_id": "a"}});
    fs::write(at.join("first.jsonl"), format!("{issued}\n{}\n", used("2026-03-02T11:30:00Z"))).unwrap();
    fs::write(at.join("late.jsonl"), used("2026-03-02T11:00:00Z")).unwrap();
    let told = |path: &str| judgements(&run(at, &["replay", path, "--now", NOW, "--state", "st", "--format", "jsonl"])).remove(0);
    let (first, late, again) = (told("first.jsonl"), told("late.jsonl"), told("late.jsonl"));
    assert_eq!((&first["id"], &first["at"]), (&json!("TR-01"), &json!("2026-03-02T11:30:00Z")));
    assert_eq!((&late["supersedes"], &late["at"]), (&first["judgement_id"], &json!("2026-03-02T11:00:00Z")));
    assert_eq!(again["judgement_id"], late["judgement_id"]);
}

#[test]
fn names_of_one_token_are_joined_by_its_record() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let fp = Fingerprint::of(b"a token").to_string();
    let issued = json!({"fp": fp, "alt_keys": ["token_id:t-7"], "issued_at": "2026-03-02T09:00:00Z", "issued_to": {"agent_id": "a"}});
    let used = |name: &str, user: &str| json!({"keys": [name], "time": "2026-03-02T10:00:00Z", "user": user, "outcome": "success"}).to_string();
    fs::write(at.join("issued.jsonl"), issued.to_string()).unwrap();
    // Each log knows the token by a name of its own.
    fs::write(at.join("gateway.jsonl"), used(&fp, "ann@example.com")).unwrap();
    fs::write(at.join("vendor.jsonl"), used("token_id:t-7", "bob@example.com")).unwrap();
    assert_eq!(run(at, &["ledger", "import", "issued.jsonl", "--state", "st"]).status, 0);
    let logs = ["replay", "gateway.jsonl", "vendor.jsonl", "--now", NOW, "--format", "jsonl", "--fail-on", "none"];
    for more in [&["issued.jsonl"][..], &["--state", "st"]] {
        let told = judgements(&run(at, &[&logs[..], more].concat()));
        let ids: Vec<&Value> = told.iter().map(|one| &one["id"]).collect();
        assert_eq!(ids, [&json!("TR-23")], "{more:?}");
    }
    // Without the record they are two tokens.
    assert!(judgements(&run(at, &logs)).is_empty());
}

#[test]
fn a_scan_judges_uses_in_the_same_pass() {
    let folder = simulated(&order(6));
    let at = folder.path();
    let told = |words: &[&str]| {
        let ran = run(at, words);
        assert!(matches!(ran.status, 0 | 1), "{}", ran.err());
        let lines: Vec<Value> = ran.out().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let (judgements, findings): (Vec<_>, Vec<_>) = lines.into_iter().partition(|line| line.get("judgement_id").is_some());
        let names: BTreeSet<_> = judgements.iter().map(name).collect();
        (names, findings.len())
    };
    let (replayed, _) = told(&["replay", "logs", "--config", "logs/settings.toml", "--format", "jsonl"]);
    let scan = ["scan", "logs", "--config", "logs/settings.toml", "--format", "jsonl", "--replay"];
    let (scanned, findings) = told(&scan);
    assert_eq!(scanned, replayed);
    let (none, plain) = told(&scan[..6]);
    assert!(none.is_empty() && plain == findings && findings > 0, "{plain} {findings}");
    // With a state, places are noted once, by the scan.
    told(&[&scan[..], &["--state", "st"]].concat());
    let stats: Value = serde_json::from_str(&run(at, &["ledger", "stats", "--state", "st", "--format", "json"]).out()).unwrap();
    assert!(stats["uses"].as_u64() > Some(1000) && stats["judgements"].as_u64() > Some(10), "{stats}");
    for (words, wanted) in [
        (&["scan", "logs", "--replay", "--format", "sarif"][..], "`--replay` cannot write `sarif`"),
        (&["scan", "logs", "--policy", "x"], "add `--replay`"),
    ] {
        let ran = run(at, words);
        assert!(ran.status == 2 && ran.err().contains(wanted), "{}: {}", ran.status, ran.err());
    }
}

#[test]
fn bad_records_are_counted_and_the_rest_is_judged() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let token = String::from_utf8(Random::new(5).bytes(ByteSet::alnum(), 40)).unwrap();
    let fp = Fingerprint::of(token.as_bytes()).to_string();
    let issued = json!({"fp": fp, "issued_at": "2026-03-02T09:00:00Z", "expires_at": "2026-03-02T10:00:00Z", "issued_to": {"agent_id": "a"}});
    let late = json!({"fp": fp, "time": "2026-03-02T11:00:00Z", "outcome": "success", "scheme": "bearer", "status_code": "200"});
    let deep = format!("{}1{}", "{\"a\":".repeat(5000), "}".repeat(5000));
    let huge = format!("{{\"x\":\"{}\"}}", "y".repeat(20 << 20));
    let lines = [
        issued.to_string(),
        deep,
        huge,
        "{\"time\":\"2026-03-02T11:00:00Z\",\"time\":\"later\",\"fp\":3}".to_owned(),
        json!({"fp": fp, "time": "99999999999999999999", "outcome": 7}).to_string(),
        json!({"fp": fp, "time": -5}).to_string(),
        "not JSON at all".to_owned(),
        late.to_string(),
        "{\"half\": \"a rec".to_owned(),
    ];
    fs::write(at.join("a.jsonl"), lines.join("\n")).unwrap();
    fs::write(at.join("empty.jsonl"), "").unwrap();
    let access = format!("203.0.113.9 - - [02/Mar/2026:11:30:00 +0000] \"GET /x?access_token={token} HTTP/1.1\" 200 5 \"-\" \"curl/8\"\n");
    fs::write(at.join("access.log"), access).unwrap();
    let ran = run(at, &["replay", ".", "--now", NOW, "--all", "--coverage"]);
    assert_eq!(ran.status, 1, "{}", ran.err());
    let out = ran.out();
    assert!(out.contains("TR-01") && out.contains("combined: 1 record, 1 use"), "{out}");
    for what in ["1 x record that is too long", "2 x malformed record"] {
        assert!(out.contains(what), "{what}: {out}");
    }
    assert!(!out.contains(&token) && !ran.err().contains(&token), "the token is shown");
}

#[test]
fn flags_and_settings_that_cannot_be_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fs::write(at.join("a.log"), "x\n").unwrap();
    fs::write(at.join("bad.toml"), "[detect]\nskeww = \"60s\"\n").unwrap();
    for (words, expected) in [
        (&["a.log", "--only", "TR-99"][..], "there is no detection `TR-99`"),
        (&["a.log", "--config", "bad.toml"], "skeww"),
        (&["a.log", "--config", "none.toml"], "cannot read the settings"),
        (&["a.log", "--since", "yesterday"], "is not a time"),
        (&["a.log", "-"], "`-` cannot be combined"),
        (&[], "required"),
    ] {
        let ran = run(at, &[&["replay"][..], words].concat());
        assert!(ran.status == 2 && ran.err().contains(expected), "{words:?}: {} {}", ran.status, ran.err());
    }
    let ran = run(at, &["replay", "gone.log"]);
    assert_eq!(ran.status, 3, "{}", ran.err());
}

#[test]
fn ignored_tokens_are_counted_and_not_judged() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let fp = Fingerprint::of(b"a token").to_string();
    let issued = json!({"fp": fp, "alt_keys": ["token_id:t-7"], "issued_at": "2026-03-02T09:00:00Z", "expires_at": "2026-03-02T10:00:00Z"});
    let used = |name: &str| json!({"keys": [name], "time": "2026-03-02T11:00:00Z", "outcome": "success"}).to_string();
    let example = used("kid:AKIAIOSFODNN7EXAMPLE");
    fs::write(at.join("log.jsonl"), [issued.to_string(), used(&fp), used("token_id:t-7"), example].join("\n")).unwrap();
    for (ignored, status, counted) in [("token_id:t-7", 0, "3 x use"), (&fp, 0, "3 x use"), ("token_id:t-8", 1, "1 x use")] {
        fs::write(at.join("beartrap.toml"), format!("[detect]\nignore = [\"{ignored}\"]")).unwrap();
        let ran = run(at, &["replay", "log.jsonl", "--now", NOW, "--coverage"]);
        assert_eq!(ran.status, status, "{ignored}: {}{}", ran.out(), ran.err());
        assert!(ran.out().contains(counted) && ran.err().contains("of 3 uses"), "{ignored}: {}{}", ran.out(), ran.err());
    }
    fs::write(at.join("beartrap.toml"), "[detect]\nignore = [\"token:t-7\"]").unwrap();
    let ran = run(at, &["replay", "log.jsonl"]);
    assert!(ran.status == 2 && ran.err().contains("`token:...` names no token\nhint: "), "{}: {}", ran.status, ran.err());
}

#[test]
fn hygiene_of_a_used_token_is_told_and_raises_no_alarm() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let fp = Fingerprint::of(b"a token").to_string();
    let (begin, end) = ("2026-03-02T09:00:00Z", "2026-04-02T10:00:00Z");
    let issued = json!({"fp": fp, "token_type": "access_token", "issued_at": begin, "expires_at": end, "scope": ["*"]});
    let used = |minute: u32| json!({"fp": fp, "time": format!("2026-03-02T10:{minute}:00Z"), "outcome": "success"}).to_string();
    fs::write(at.join("log.jsonl"), [issued.to_string(), used(10), used(20)].join("\n")).unwrap();
    for (more, expected) in [(&[][..], &[][..]), (&["--all"], &["HY-01", "HY-03", "HY-05"])] {
        let ran = run(at, &[&["replay", "log.jsonl", "--now", NOW, "--format", "jsonl"], more].concat());
        let told: Vec<String> = judgements(&ran).iter().map(|one| name(one).0).collect();
        assert_eq!((ran.status, &told[..]), (0, &expected.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>()[..]));
    }
}

#[test]
fn a_clock_that_is_off_is_learned_from_requests_in_two_logs() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let fp = Fingerprint::of(b"a token").to_string();
    let issued = json!({"fp": fp, "issued_at": "2026-03-02T09:00:00Z", "expires_at": "2026-03-02T10:00:00Z", "issued_to": {"agent_id": "a"}});
    let used = |key: &str, request: &str, time: &str| {
        json!({"keys": [key], "request_id": request, "time": format!("2026-03-02T{time}Z"), "time_quality": "exact", "outcome": "success"})
            .to_string()
    };
    let lines = |count: usize, shift: usize| {
        let minute = |at: usize| used("token_id:other", &format!("r{at}"), &format!("09:{:02}:00", 10 * at + shift));
        (0..count).map(minute).collect::<Vec<_>>().join("\n")
    };
    fs::write(at.join("issued.jsonl"), issued.to_string()).unwrap();
    // The server's clock is three minutes ahead of two others: the last use was half a minute before the token's end.
    for (count, late, expected) in [(3, "10:02:30", 0), (2, "10:02:30", 1), (3, "10:04:30", 1)] {
        fs::write(at.join("gateway.jsonl"), lines(count, 0)).unwrap();
        fs::write(at.join("proxy.jsonl"), lines(count, 0)).unwrap();
        fs::write(at.join("server.jsonl"), format!("{}\n{}", lines(count, 3), used(&fp, "last", late))).unwrap();
        let ran = run(at, &["replay", ".", "--now", NOW, "--format", "jsonl"]);
        let told = judgements(&ran);
        assert_eq!(told.iter().filter(|one| one["id"] == "TR-01").count(), expected, "{count} {late}: {}", ran.out());
        let off = told.iter().flat_map(|one| one["evidence"].as_array().unwrap()).find(|one| one["name"] == "clock_off");
        assert_eq!(off.map(|one| &one["value"]), (count == 3 && expected == 1).then_some(&json!("180 seconds")));
    }
}

/// Whether TR-24 speaks of the token after these logs, and which of the lines it says the token lay on.
fn exposed_then_used(token: &str, logs: &[(&str, String)]) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let fp = Fingerprint::of(token.as_bytes()).to_string();
    let issued = json!({"fp": fp, "issued_at": "2026-03-02T09:00:00Z", "issued_to": {"agent_id": "a"}});
    fs::write(at.join("issued.jsonl"), issued.to_string()).unwrap();
    for (name, text) in logs {
        fs::write(at.join(name), text).unwrap();
    }
    let ran = run(at, &["replay", ".", "--now", NOW, "--all", "--format", "jsonl"]);
    assert!(!ran.out().contains(token) && !ran.err().contains(token), "the token is shown");
    let told = judgements(&ran).into_iter().find(|one| name(one) == ("TR-24".to_owned(), fp.clone()))?;
    let grounds = told["evidence"].as_array().unwrap().iter().find(|one| one["name"] == "exposure").unwrap();
    Some(grounds["value"].as_str().unwrap().to_owned())
}

/// A use by somebody at this time.
fn use_at(time: &str, authorization: &str) -> String {
    json!({"time": time, "method": "GET", "path": "/v1", "status": 200, "client_ip": "203.0.113.9", "headers": {"authorization": authorization}})
        .to_string()
}

#[test]
fn basic_authentication_meets_by_its_password() {
    let token = String::from_utf8(Random::new(6).bytes(ByteSet::alnum(), 40)).unwrap();
    let basic = |pair: &str| format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair));
    let leak = |sent: &str| json!({"timestamp": "2026-03-02T10:00:00Z", "message": format!("sent Authorization: {sent}")}).to_string();
    for (lay, used) in [
        (basic(&format!("ann:{token}")), basic(&format!("bob:{token}"))),
        (basic(&format!("{token}:")), basic(&format!("x-access-token:{token}"))),
        (basic(&format!("{token}:x-oauth-basic")), format!("Bearer {token}")),
    ] {
        let logs = [("leak.jsonl", leak(&lay)), ("use.jsonl", use_at("2026-03-02T11:00:00Z", &used))];
        assert_eq!(exposed_then_used(&token, &logs).as_deref(), Some("./leak.jsonl:1"));
    }
}

#[test]
fn a_token_in_a_transcript_has_the_time_of_its_message() {
    let token = String::from_utf8(Random::new(7).bytes(ByteSet::alnum(), 40)).unwrap();
    let message =
        |hour: u32, text: &str| json!({"id": hour.to_string(), "timestamp": format!("2026-03-02T{hour}:00:00Z"), "type": "user", "content": text});
    let said = format!("api_key = {token}");
    for (texts, expected) in [(["go", &said], None), ([&said, "go"], Some("./session-1.json:2"))] {
        let (first, second) = (message(10, texts[0]), message(12, texts[1]));
        let document = format!("{{\"sessionId\":\"s\",\"projectHash\":\"h\",\"messages\":[\n{first},\n{second}]}}");
        let logs = [("session-1.json", document), ("use.jsonl", use_at("2026-03-02T11:00:00Z", &format!("Bearer {token}")))];
        assert_eq!(exposed_then_used(&token, &logs).as_deref(), expected);
    }
}
