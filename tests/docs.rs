//! What the documents list is what the code has.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::fs;

use beartrap::cli::rules_check::written;
use beartrap::cli::rules_doc::page;
use beartrap::config::file::Settings;
use beartrap::delivery::payload::PAYLOADS;
#[cfg(feature = "serve")]
use beartrap::model::audit::AuditKind;
use beartrap::observe::format::{LINE_FORMATS, OBJECT_FORMATS};
use beartrap::outputs::judgement::format::FORMATS;
use beartrap::reports::format::FORMATS as REPORTS;
#[cfg(feature = "serve")]
use beartrap::serve::receive::inlet::PROTOCOLS;
use beartrap::store::outbox::State;
use regex::Regex;

fn text(path: &str) -> String {
    fs::read_to_string(format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// The part of a document under a heading.
fn section<'t>(document: &'t str, heading: &str) -> &'t str {
    let level = heading.split(' ').next().unwrap();
    let (_, rest) = document.split_once(&format!("\n{heading}\n")).unwrap_or_else(|| panic!("no `{heading}`"));
    rest.split_once(&format!("\n{level} ")).map_or(rest, |(own, _)| own)
}

/// The cells of the rows of a section whose first cell is code.
fn rows(section: &str) -> Vec<Vec<String>> {
    let cells = |line: &str| line.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect();
    section.lines().filter(|line| line.starts_with("| `")).map(cells).collect()
}

/// The first cells of these rows, without backticks.
fn names(rows: &[Vec<String>]) -> Vec<String> {
    rows.iter().map(|row| row[0].trim_matches('`').to_owned()).collect()
}

/// What a pattern captures between a line and the next closing brace at its margin.
fn declared(path: &str, from: &str, pattern: &str) -> Vec<String> {
    let text = text(path);
    let (_, rest) = text.split_once(&format!("\n{from} {{\n")).unwrap();
    let (body, _) = rest.split_once("\n}").unwrap();
    Regex::new(pattern).unwrap().captures_iter(body).map(|found| found[1].to_owned()).collect()
}

#[test]
fn every_log_format_has_its_line() {
    let document = text("docs/replay.md");
    let objects = OBJECT_FORMATS.iter().map(|format| (format.name, format.about));
    let lines = LINE_FORMATS.iter().map(|format| (format.name, format.about));
    let expected: Vec<String> = objects.chain(lines).map(|(name, about)| format!("| `{name}` | {} |", about.replace('|', "\\|"))).collect();
    let told: Vec<&str> = section(&document, "## Log formats").lines().filter(|line| line.starts_with("| `")).collect();
    assert_eq!(told, expected);
}

#[test]
fn every_setting_has_its_line_and_its_default() {
    let document = text("docs/replay.md");
    let settings = section(&document, "## Settings");
    let own = rows(settings.split("\n### ").next().unwrap());
    assert_eq!(names(&own), declared("src/detect/options.rs", "thresholds!", r"(?m)^    (\w+): [^=]+ = .*;$"));
    let written: Vec<String> = own.iter().map(|row| format!("{} = {}", row[0].trim_matches('`'), row[1].trim_matches('`'))).collect();
    let read: Settings = toml::from_str(&format!("[detect]\n{}", written.join("\n"))).unwrap();
    assert_eq!(read, Settings::default());
    for (heading, path, types) in [
        ("### Networks", "src/detect/network.rs", &["Networks", "System"][..]),
        ("### Issuers", "src/detect/issuer.rs", &["Issuer"]),
        ("### Exceptions", "src/detect/exception.rs", &["Exception"]),
    ] {
        let fields = types.iter().flat_map(|name| declared(path, &format!("pub struct {name}"), r"(?m)^    pub (\w+):"));
        assert_eq!(names(&rows(section(settings, heading))), fields.collect::<Vec<_>>(), "{heading}");
    }
}

#[test]
#[cfg(feature = "serve")]
fn everything_that_is_received_and_noted_has_its_line() {
    let document = text("docs/alerts.md");
    let received = names(&rows(section(&document, "## What is received")));
    let protocols: Vec<&str> = PROTOCOLS.iter().map(|protocol| protocol.name).collect();
    assert_eq!(received, [protocols.as_slice(), protocols.as_slice()].concat());
    assert_eq!(names(&rows(section(&document, "## The audit log"))), AuditKind::ALL.map(AuditKind::as_str));
}

#[test]
fn every_report_has_its_line() {
    let document = text("docs/import.md");
    let told: Vec<Vec<String>> = rows(section(&document, "## Which reports")).into_iter().map(|row| row[..2].to_vec()).collect();
    let expected: Vec<Vec<String>> = REPORTS.iter().map(|format| vec![format!("`{}`", format.name), format.about.to_owned()]).collect();
    assert_eq!(told, expected);
}

#[test]
fn every_format_of_judgements_is_told() {
    let (replay, formats) = (text("docs/replay.md"), text("docs/formats.md"));
    for format in FORMATS {
        let name = format!("`{}`", format.name);
        assert!(replay.contains(&name) && section(&formats, "## Judgements").contains(&name), "{name}");
    }
}

#[test]
fn every_payload_is_told() {
    let document = text("docs/alerts.md");
    let sent = section(&document, "## What is sent");
    let told: Vec<Vec<String>> = rows(sent).into_iter().take(PAYLOADS.len()).map(|row| row[..3].to_vec()).collect();
    let holds = |one: bool| if one { "yes" } else { "no" };
    let expected: Vec<[String; 3]> =
        PAYLOADS.iter().map(|one| [format!("`{}`", one.name), one.about.to_owned(), holds(one.needs_token()).to_owned()]).collect();
    assert_eq!(told, expected);
    for payload in PAYLOADS {
        let name = format!("`{}`", payload.name);
        assert!(sent.lines().any(|line| line.starts_with("### ") && line.contains(&name)), "{name}");
    }
}

#[test]
fn every_setting_of_endpoints_and_revocation_is_told() {
    let document = text("docs/alerts.md");
    for (heading, path, name) in
        [("## Endpoints", "src/config/endpoint.rs", "EndpointSettings"), ("## Revocation", "src/pipeline/alerts/revocation.rs", "RevocationSettings")]
    {
        let fields = declared(path, &format!("pub struct {name}"), r"(?m)^    pub (\w+):");
        let told = rows(section(&document, heading)).into_iter().take(fields.len()).collect::<Vec<_>>();
        assert_eq!(names(&told), fields, "{heading}");
    }
    let outbox: Vec<&str> = State::ALL.iter().map(|state| state.as_str()).collect();
    let mut told = names(&rows(section(&document, "## The outbox")));
    told.sort_by_key(|name| outbox.iter().position(|state| state == name));
    assert_eq!(told, outbox);
}

#[test]
fn the_reference_page_has_every_rule() {
    let expected = page(written(None).unwrap().written);
    let differing = text("docs/rules.md").lines().zip(expected.lines()).position(|(a, b)| a != b);
    assert!(text("docs/rules.md") == expected, "docs/rules.md differs from line {differing:?} on; write it anew: beartrap rules doc > docs/rules.md");
}

#[test]
fn the_readme_counts_the_rules() {
    let rules = written(None).unwrap().written;
    let issuers: std::collections::BTreeSet<_> = rules.iter().map(|written| &written.rule.info.provider).collect();
    let thousands = |n: usize| format!("{},{:03}", n / 1000, n % 1000);
    let counts = format!("{} built-in rules of {} issuers", thousands(rules.len()), thousands(issuers.len()));
    assert!(text("README.md").contains(&counts), "README.md must say: {counts}");
}
