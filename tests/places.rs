//! Every kind of place that tokens leak to: each template of `fixtures/places` holds several, and decoys between them.

#[path = "support/binary.rs"]
mod binary;
#[path = "support/template.rs"]
mod template;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::binary::{run, text};
use crate::template::{Filled, Template};

/// The kinds of place: prompts and chats, tool outputs, agents' memory, configuration, code, logs, telemetry, clients, containers, histories, dumps.
fn places() -> Vec<String> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/places");
    let entries = fs::read_dir(directory).expect("because it is part of the tree");
    let name = |entry: fs::DirEntry| entry.file_name().to_string_lossy().trim_end_matches(".tmpl").to_owned();
    entries.map(|entry| name(entry.expect("because it is readable"))).collect()
}

/// The template of a place, filled with tokens from a seed.
fn filled(place: &str, seed: u64) -> Filled {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/places").join(format!("{place}.tmpl"));
    let template = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Template::new(place.bytes().fold(seed, |n, b| n.wrapping_mul(31).wrapping_add(u64::from(b)))).fill(&template)
}

/// Everything that one scan of all places finds, by place.
fn scan(places: &BTreeMap<String, Filled>) -> BTreeMap<String, Vec<Value>> {
    let directory = tempfile::tempdir().expect("because there is room");
    for (place, filled) in places {
        fs::write(directory.path().join(place), &filled.text).expect("because there is room");
    }
    let mut found: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for finding in run(directory.path(), &["scan", ".", "--format", "jsonl"]).findings() {
        let path = text(&finding["origin"]["path"]);
        found.entry(path.trim_start_matches("./").to_owned()).or_default().push(finding);
    }
    found
}

/// What a finding and its parts name: fingerprint, line, rule.
fn tokens(finding: &Value) -> Vec<(String, u64, String)> {
    let parts = finding["parts"].as_array().into_iter().flatten();
    std::iter::once(finding).chain(parts).map(|one| (text(&one["fingerprint"]), one["line"].as_u64().unwrap_or(0), text(&one["rule"]))).collect()
}

/// How what was found differs from what was planted.
fn differences(filled: &Filled, found: &[Value]) -> Vec<String> {
    let mut found: Vec<(String, u64, String)> = found.iter().flat_map(tokens).collect();
    let mut differences = Vec::new();
    for planted in &filled.planted {
        let wanted = planted.fingerprint();
        match found.iter().position(|(fingerprint, line, _)| *fingerprint == wanted && *line == planted.line) {
            Some(at) => {
                let (_, _, rule) = found.swap_remove(at);
                if planted.rule.as_ref().is_some_and(|wanted| *wanted != rule) {
                    differences.push(format!("line {}: {} is found as {rule}", planted.line, planted.mark));
                }
            }
            None => differences.push(format!("line {}: {} is not found", planted.line, planted.mark)),
        }
    }
    differences.extend(found.iter().map(|(fingerprint, line, rule)| format!("line {line}: {rule} is found, which was not planted ({fingerprint})")));
    differences
}

#[test]
fn every_token_is_found_exactly_and_nothing_else() {
    let all = places();
    let mut differing: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for seed in 1..=3 {
        let places: BTreeMap<String, Filled> = all.iter().map(|place| (place.clone(), filled(place, seed))).collect();
        let found = scan(&places);
        for (place, filled) in &places {
            for difference in differences(filled, found.get(place).map_or(&[], Vec::as_slice)) {
                let difference = difference.split(" (sha256:").next().unwrap_or_default();
                differing.entry(format!("{place}: {difference}")).or_default().push(seed);
            }
        }
    }
    let lines: Vec<String> = differing.iter().map(|(difference, seeds)| format!("{difference} (seeds {seeds:?})")).collect();
    assert!(lines.is_empty(), "{} differences:\n{}", lines.len(), lines.join("\n"));
}

#[test]
fn parts_of_aws_credentials_are_one_finding() {
    let places: BTreeMap<String, Filled> = ["credentials", "sts-output.jsonl"].map(|place| (place.to_owned(), filled(place, 7))).into();
    let found = scan(&places);
    let groups = |place: &str| -> Vec<Vec<String>> {
        found.get(place).into_iter().flatten().map(|finding| tokens(finding).into_iter().map(|(_, _, rule)| rule).collect()).collect()
    };
    let (secret, id, temporary, session) = ("aws-secret-access-key", "aws-access-key-id", "aws-temporary-key-id", "aws-session-token");
    assert_eq!(groups("credentials"), [vec![secret, id], vec![secret, temporary, session]]);
    assert_eq!(groups("sts-output.jsonl"), [vec![secret, temporary, session], vec![secret, temporary, session]]);
}
