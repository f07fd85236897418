//! Every format of judgements, from judgements built by hand: valid, exact, and harmless whatever logs hold.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use beartrap::model::fingerprint::Fingerprint;
use beartrap::model::instant::Instant;
use beartrap::model::judgement::Judgement;
use beartrap::model::token_key::TokenKey;
use beartrap::outputs::judgement::about::Context;
use beartrap::outputs::judgement::format::{FORMATS, format};
use beartrap::outputs::output::Style;
use beartrap::outputs::schema::judgement_schema;
use beartrap::pipeline::replay::about::abouts;
use serde_json::{Value, json};

/// What a log may say to harm its reader.
const HOSTILE: &str = "x\u{202e}[a](b)\u{1b}[31m\n##[error]";

fn token() -> TokenKey {
    TokenKey::Fingerprint(Fingerprint::of(b"one"))
}

fn judgement(id: &str, severity: &str, token: &TokenKey) -> Judgement {
    let written = json!({"judgement_id": id, "token": token, "at": "2026-03-02T10:00:00Z", "id": "TR-12", "severity": severity, "confidence": "high",
        "message": format!("It was used again by {HOSTILE}"),
        "evidence": [{"name": "source_ip", "value": "203.0.113.9"}, {"name": "agent_id", "value": HOSTILE}, {"name": "tool", "value": "mail.send"}],
        "uses": [{"uri": "logs/a b.log", "line": 7, "parser": "jsonl"}, {"uri": "b.tar.gz!c.log", "line": 9, "parser": "combined"}], "alert": true});
    serde_json::from_value(written).unwrap()
}

/// Three: one of a token without a fingerprint, one without time and records, that takes another's place.
fn all() -> Vec<Judgement> {
    let bare = Judgement { at: None, uses: Vec::new(), supersedes: Some("0z".into()), ..judgement("0c", "info", &token()) };
    vec![judgement("0b", "medium", &"token_id:t1".parse().unwrap()), judgement("0a", "critical", &token()), bare]
}

fn write(name: &str, judgements: &[Judgement]) -> String {
    let now = Instant::from_text("2026-03-03T00:00:00Z").unwrap();
    let context = Context { style: Style::Plain, now, detections: abouts() };
    let (mut output, mut out) = ((format(name).unwrap().make)(context), Vec::new());
    for judgement in judgements {
        output.judgement(&mut out, judgement).unwrap();
    }
    output.finish(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[track_caller]
fn assert_valid(schema: &Value, instance: &Value) {
    let validator = jsonschema::validator_for(schema).unwrap();
    let errors: Vec<String> = validator.iter_errors(instance).map(|error| format!("{error} at {}", error.instance_path())).take(5).collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

fn sarif(judgements: &[Judgement]) -> Value {
    let log: Value = serde_json::from_str(&write("sarif", judgements)).unwrap();
    assert_valid(&serde_json::from_str(include_str!("schemas/sarif-2.1.0.json")).unwrap(), &log);
    log["runs"][0].clone()
}

#[test]
fn nothing_of_a_log_commands_its_reader() {
    for format in FORMATS {
        let text = write(format.name, &all());
        for forbidden in ["\u{202e}", "\u{1b}", "##["] {
            assert!(!text.contains(forbidden), "{}: {forbidden:?}", format.name);
        }
    }
}

#[test]
fn jsonl_is_valid_and_read_back() {
    let read: Vec<Judgement> = write("jsonl", &all())
        .lines()
        .map(|line| {
            assert_valid(&judgement_schema(), &serde_json::from_str(line).unwrap());
            serde_json::from_str(line).unwrap()
        })
        .collect();
    assert_eq!(read, all());
}

#[test]
fn sarif_is_valid_and_the_worst_comes_first() {
    let run = sarif(&all());
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    assert_eq!((rules.len(), &rules[0]["id"]), (1, &json!("TR-12")));
    assert!(rules[0]["help"]["text"].as_str().unwrap().contains("What it asks"));
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.iter().map(|one| one["level"].as_str().unwrap()).collect::<Vec<_>>(), ["error", "warning", "note"]);
    let digest = token().to_string().split(':').next_back().unwrap().to_owned();
    let expected = json!({"primaryLocationLineHash": "0a:1", "beartrapJudgement/v1": "0a", "beartrapToken/v1": digest});
    assert_eq!((&results[0]["partialFingerprints"], &results[0]["ruleIndex"]), (&expected, &json!(0)));
    assert_eq!(results[1]["partialFingerprints"]["beartrapToken/v1"], "token_id:t1");
    let place = &results[0]["locations"][0]["physicalLocation"];
    assert_eq!((&place["artifactLocation"]["uri"], &place["region"]["startLine"]), (&json!("logs/a%20b.log"), &json!(7)));
    let member = &results[0]["relatedLocations"][0];
    assert_eq!(member["physicalLocation"]["artifactLocation"]["uri"], "b.tar.gz");
    assert_eq!(member["logicalLocations"][0]["fullyQualifiedName"], "b.tar.gz!c.log:9");
    assert_eq!(sarif(&[])["results"], json!([]));
}

#[test]
fn ocsf_is_a_detection_finding_a_line() {
    let lines: Vec<Value> = write("ocsf", &all()).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 3);
    for (line, judgement) in lines.iter().zip(all()) {
        for required in ["activity_id", "category_uid", "class_uid", "type_uid", "time", "severity_id", "metadata", "finding_info"] {
            assert!(!line[required].is_null(), "{required}");
        }
        assert_eq!((&line["class_uid"], &line["finding_info"]["uid"]), (&json!(2004), &json!(judgement.id)));
        assert_eq!(line["evidences"][0]["actor"]["session"]["credential_uid"], judgement.token.to_string());
    }
    let told: Vec<(i64, i64)> = lines.iter().map(|line| (line["severity_id"].as_i64().unwrap(), line["type_uid"].as_i64().unwrap())).collect();
    assert_eq!(told, [(3, 200_401), (5, 200_401), (1, 200_402)]);
    assert_eq!((&lines[1]["time"], &lines[2]["time"]), (&json!(1_772_445_600_000_i64), &json!(1_772_496_000_000_i64)));
    assert_eq!(lines[1]["evidences"][0]["src_endpoint"]["ip"], "203.0.113.9");
    assert!(!lines[1]["finding_info"]["attacks"].as_array().unwrap().is_empty());
    assert!(lines[1]["unmapped"]["frameworks"]["owasp_nhi"]["ids"].is_array());
}
