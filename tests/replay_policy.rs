//! Policies in Rego through the binary, on a simulated day: what they decide is done, told and counted, and their mistakes are too.
#![cfg(feature = "rego")]

#[path = "support/binary.rs"]
mod binary;
#[path = "../examples/simulate/mod.rs"]
#[allow(dead_code, reason = "the example uses the rest")]
mod simulate;

use std::fs;

use serde_json::Value;
use tempfile::TempDir;

use crate::binary::{Ran, run, text};
use crate::simulate::order::Order;

/// A simulated day, and what is said of it with a policy.
struct Day {
    folder: TempDir,
}

impl Day {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("because there is room");
        let order = Order { seed: 1, agents: 8, sessions: 2, tasks: 4, records: 500, ..Order::default() };
        simulate::run::run(&order, &folder.path().join("day")).expect("because the folder can be written");
        // Labels are answers, not logs.
        fs::remove_file(folder.path().join("day/labels.jsonl")).expect("because it was written");
        Self { folder }
    }

    fn replay(&self, arguments: &[&str]) -> Ran {
        run(self.folder.path(), &[&["replay", "day"], arguments].concat())
    }

    fn decided(&self, policy: &str, arguments: &[&str]) -> Ran {
        fs::write(self.folder.path().join("team.rego"), format!("package beartrap\n{policy}\n")).expect("because there is room");
        self.replay(&[&["--policy", "team.rego"], arguments].concat())
    }
}

/// A judgement without what a policy changes.
fn bare(mut judgement: Value) -> Value {
    let fields = judgement.as_object_mut().expect("because it is an object");
    for name in ["severity", "alert", "decision"] {
        fields.remove(name);
    }
    judgement
}

fn bare_all(ran: &Ran) -> Vec<String> {
    let mut all: Vec<String> = ran.records().into_iter().map(|judgement| bare(judgement).to_string()).collect();
    all.sort();
    all
}

#[test]
fn decisions_are_done_and_told() {
    let day = Day::new();
    let plain = day.replay(&["-f", "jsonl", "--all"]);
    let before = plain.records();
    assert!(before.iter().any(|judgement| judgement["alert"] == true) && plain.status == 1, "{}", plain.err());
    assert!(before.iter().all(|judgement| judgement.get("decision").is_none()) && !plain.err().contains("policy"), "{}", plain.err());
    let worst = text(&before.iter().find(|judgement| judgement["alert"] == true).expect("because one is there")["id"]);

    // An absent decision changes nothing.
    let silent = day.decided("decision := {\"drop\": true} if input.judgement.id == \"none\"", &["-f", "jsonl", "--all"]);
    assert_eq!((silent.records(), silent.status), (before.clone(), plain.status));
    assert!(silent.err().contains("0 dropped by policy"), "{}", silent.err());

    let policy = format!("decision := {{\"drop\": true, \"why\": \"a test\"}} if input.judgement.id == \"{worst}\"");
    let all = day.decided(&policy, &["-f", "jsonl", "--all"]);
    assert_eq!(bare_all(&all), bare_all(&plain));
    let dropped: Vec<Value> = all.records().into_iter().filter(|judgement| judgement.get("decision").is_some()).collect();
    assert!(!dropped.is_empty() && all.err().contains(&format!("{} dropped by policy", dropped.len())), "{}", all.err());
    for judgement in &dropped {
        let decision = &judgement["decision"];
        assert_eq!((&judgement["id"], &judgement["alert"], &decision["dropped"]), (&worst.clone().into(), &false.into(), &true.into()));
        assert_eq!((&decision["policy"], &decision["why"], &decision["before"]), (&"team.rego".into(), &"a test".into(), &judgement["severity"]));
    }
    let told = day.decided(&policy, &["-f", "jsonl"]);
    assert!(told.records().iter().all(|judgement| judgement["id"] != worst.as_str()));
    assert!(told.err().contains(&format!("{} dropped by policy", dropped.len())), "{}", told.err());
}

#[test]
fn severities_and_actions_are_set() {
    let day = Day::new();
    let plain = day.replay(&["-f", "jsonl", "--all"]);
    let low = day.decided("decision := {\"severity\": \"low\", \"action\": \"ticket\"}", &["-f", "jsonl", "--all"]);
    assert_eq!((low.status, bare_all(&low)), (0, bare_all(&plain)));
    for judgement in low.records() {
        let decision = &judgement["decision"];
        assert_eq!((&judgement["severity"], &judgement["alert"]), (&"low".into(), &false.into()), "{judgement}");
        assert_eq!((&decision["after"], &decision["action"]), (&"low".into(), &"ticket".into()));
    }
    let high = day.decided("decision := {\"severity\": \"high\"} if input.judgement.severity in {\"info\", \"low\"}", &["-f", "jsonl", "--all"]);
    let raised: Vec<Value> = high.records().into_iter().filter(|judgement| judgement.get("decision").is_some()).collect();
    assert!(raised.iter().all(|judgement| judgement["alert"] == true && judgement["severity"] == "high"));

    let people = "decision := {\"severity\": \"critical\", \"action\": \"page\\u001b\", \"why\": \"ours\"} if input.issuance.issued_to";
    let shown = day.decided(people, &["-f", "text"]);
    assert!(shown.out().contains("action page\\x1b: ours (team.rego)"), "{}", shown.out());
}

#[test]
fn failures_are_problems_and_change_nothing() {
    let day = Day::new();
    let plain = day.replay(&["-f", "jsonl", "--all", "--fail-on", "none"]);
    for (policy, said) in [
        ("decision := {\"severity\": to_number(input.judgement.id)}", "team.rego:2:"),
        ("decision := {\"severity\": \"dreadful\"}", "unknown variant `dreadful`"),
        ("decision := {\"dorp\": true}", "unknown field `dorp`"),
        ("decision := true", "invalid type"),
        ("decision := {\"why\": nobody}", "team.rego:2:"),
    ] {
        let ran = day.decided(policy, &["-f", "jsonl", "--all", "--fail-on", "none"]);
        assert_eq!((ran.status, ran.records()), (3, plain.records()), "{policy}: {}", ran.err());
        assert!(ran.err().contains(said) && ran.err().contains("1 problem"), "{policy}: {}", ran.err());
    }
}

#[test]
fn a_policy_that_cannot_be_used_is_told_before_logs_are_read() {
    let day = Day::new();
    for (policy, said) in [("decision := {", "team.rego:"), ("verdict := 1", "team.rego: there is no rule `data.beartrap.decision`")] {
        let ran = day.decided(policy, &[]);
        assert_eq!((ran.status, ran.out()), (2, String::new()), "{}", ran.err());
        assert!(ran.err().starts_with("error: ") && ran.err().contains(said) && ran.err().contains("hint: "), "{policy}: {}", ran.err());
    }
    let ran = day.replay(&["--policy", "nowhere.rego"]);
    assert!(ran.status == 2 && ran.err().contains("nowhere.rego: cannot read the policy"), "{}", ran.err());
}
