//! Every output format, from findings built by hand: valid, exact, and harmless whatever the scanned data holds.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::sync::Arc;
use std::time::Duration;

use beartrap::model::carrier::{Carrier, CarrierKind};
use beartrap::model::decoder::Decoder;
use beartrap::model::finding::{Alternate, Finding, Identity, Part};
use beartrap::model::fingerprint::{Fingerprint, FingerprintKey};
use beartrap::model::grade::{Confidence, Severity};
use beartrap::model::ledger_match::Standing;
use beartrap::model::origin::Origin;
use beartrap::model::place::{ByteSpan, Position};
use beartrap::model::problem::{Problem, ProblemKind};
use beartrap::model::rule_info::{RuleInfo, TokenKind};
use beartrap::model::summary::{Summary, Suppressed};
use beartrap::model::token_facts::TokenFacts;
use beartrap::outputs::format::{FORMATS, format};
use beartrap::outputs::gitlab;
use beartrap::outputs::output::{Context, Live, Style};
use beartrap::outputs::record::FindingRecord;
use beartrap::outputs::schema::{
    finding_schema, issuance_schema, judgement_schema, lifecycle_schema, schema, summary_schema, timeline_schema, token_use_schema,
};
use beartrap::outputs::summary::{problem_line, summary_line};
use beartrap::pipeline::replay::coverage::Coverage;
use jiff::Timestamp;
use serde_json::Value;

fn rule(id: &str, severity: Severity) -> Arc<RuleInfo> {
    Arc::new(RuleInfo {
        id: id.to_owned().into(),
        name: format!("Example {id}").into(),
        provider: "Example".into(),
        kind: TokenKind::Bearer,
        severity,
        remedy: "Revoke it, then read the audit log.".into(),
        revocation_url: "https://docs.example.test/revoke".into(),
    })
}

/// A finding of the token that `seed` stands for, at line `line` of `origin`.
fn finding(seed: &str, origin: Origin, line: u64) -> Finding {
    Finding {
        rule: rule("pat", Severity::Critical),
        origin: Arc::new(origin),
        span: ByteSpan::new(line * 100, line * 100 + 40).unwrap(),
        position: Position { line, column: 14 },
        confidence: Confidence::High,
        reason: "checksum matches".to_owned(),
        identity: Identity::Fingerprint { fingerprint: Fingerprint::of(seed.as_bytes()), alternates: Vec::new() },
        preview: "exk_…(40)".to_owned(),
        carrier: Some(Carrier { kind: CarrierKind::Assignment, name: "EXAMPLE_TOKEN".to_owned() }),
        decoders: Vec::new(),
        facts: None,
        parts: Vec::new(),
        names: Vec::new(),
        masked_near: false,
        standing: Standing::Unasked,
        witness: None,
    }
}

fn file(path: &str) -> Origin {
    Origin::File(path.into())
}

fn withheld() -> Finding {
    Finding { identity: Identity::Withheld, preview: "…(4)".to_owned(), ..finding("", file("pin.txt"), 1) }
}

/// A finding with everything that a finding can have.
fn full() -> Finding {
    let mut full = finding("full", file("a.tar.gz").member("b/.env"), 7);
    let key = FingerprintKey::new(vec![1; 32]).unwrap();
    let alternates = vec![Alternate { fingerprint: Fingerprint::of(b"shorter"), length: 39, reason: "without the last dot" }];
    full.identity = Identity::Fingerprint { fingerprint: key.fingerprint(b"full"), alternates };
    full.decoders = vec![Decoder::Base64, Decoder::Escape];
    full.facts = Some(TokenFacts {
        iss: Some("https://id.example.test".to_owned()),
        sub: Some("agent-1".to_owned()),
        aud: vec!["api".to_owned(), "mail".to_owned()],
        exp: Some(1_700_000_000),
        ..TokenFacts::default()
    });
    full.parts = vec![Part {
        rule: rule("key-id", Severity::Info),
        fingerprint: Fingerprint::of(b"part"),
        names: Vec::new(),
        span: ByteSpan::new(600, 620).unwrap(),
        position: Position { line: 6, column: 9 },
        preview: "EXID…(20)".to_owned(),
    }];
    full
}

fn context(style: Style, live: Live) -> Context {
    Context {
        rules: vec![rule("pat", Severity::Critical), rule("unused", Severity::Low)],
        started: Timestamp::from_second(1_750_000_000).unwrap(),
        style,
        live,
        gitlab_version: gitlab::SCHEMA_VERSION.to_owned(),
        root: None,
    }
}

fn summary(findings: u64) -> Summary {
    Summary {
        started: Timestamp::from_second(1_750_000_000).unwrap(),
        elapsed: Duration::from_secs(2),
        files: 10,
        bytes: 1_500_000,
        findings,
        suppressed: Suppressed { inline: 1, ignored: 0, baseline: 2 },
        problems: Vec::new(),
        interrupted: false,
    }
}

fn problem(kind: ProblemKind, message: &str) -> Problem {
    Problem { origin: file("bad\u{202e}.zip"), kind, message: message.to_owned() }
}

fn write(name: &str, context: &Context, findings: &[Finding], summary: &Summary) -> String {
    let (mut output, mut out) = ((format(name).unwrap().make)(), Vec::new());
    output.begin(&mut out, context).unwrap();
    for finding in findings {
        output.finding(&mut out, finding).unwrap();
    }
    output.finish(&mut out, summary).unwrap();
    String::from_utf8(out).unwrap()
}

fn plain(name: &str, findings: &[Finding]) -> String {
    write(name, &context(Style::Plain, Live::Run), findings, &summary(findings.len() as u64))
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[track_caller]
fn assert_valid(schema: &Value, instance: &Value) {
    let validator = jsonschema::validator_for(schema).unwrap();
    let errors: Vec<String> = validator.iter_errors(instance).map(|error| format!("{error} at {}", error.instance_path())).take(5).collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

fn sarif(findings: &[Finding], summary: &Summary) -> Value {
    let log = json(&write("sarif", &context(Style::Plain, Live::Run), findings, summary));
    assert_valid(&json(include_str!("schemas/sarif-2.1.0.json")), &log);
    log["runs"][0].clone()
}

fn gitlab(findings: &[Finding], summary: &Summary) -> Value {
    let report = json(&write("gitlab", &context(Style::Plain, Live::Run), findings, summary));
    assert_valid(&json(include_str!("schemas/gitlab-secret-detection.json")), &report);
    report
}

/// A run that met everything that can go wrong.
fn troubled() -> Summary {
    let problems = vec![problem(ProblemKind::Damaged, "ends early\nhint: fetch it again"), problem(ProblemKind::TooLarge, "9 GB")];
    Summary { problems, interrupted: true, ..summary(0) }
}

#[test]
fn text_groups_by_token_and_shows_the_worst_first() {
    let mut low = finding("other", file("z"), 1);
    low.rule = rule("low", Severity::Low);
    let mut doubtful = finding("one", file("b.log"), 9);
    (doubtful.confidence, doubtful.reason, doubtful.carrier) = (Confidence::Medium, "prefix and length fit".to_owned(), None);
    let text = plain("text", &[low, doubtful, finding("one", file(".env"), 3), full()]);
    let expected = "\
CRITICAL Example pat `exk_…(40)`
  token  sha256:7692c3ad3540…, bearer, issued by Example
  sure   confidence high: checksum matches
  at     .env:3:14, assignment `EXAMPLE_TOKEN`
  at     b.log:9:14, confidence medium: prefix and length fit
  do     Revoke it, then read the audit log.
  see    https://docs.example.test/revoke

CRITICAL Example pat `exk_…(40)`
  token  hmac-sha256:KEYID:DIGEST…, bearer, issued by Example
  sure   confidence high: checksum matches
  at     a.tar.gz!b/.env:7:14, assignment `EXAMPLE_TOKEN`, decoded from base64, escape
  says   iss `https://id.example.test`, sub `agent-1`, aud `api` `mail`, exp 2023-11-14T22:13:20Z
  with   Example key-id `EXID…(20)` at a.tar.gz!b/.env:6:9, sha256:PART…
  do     Revoke it, then read the audit log.
  see    https://docs.example.test/revoke

LOW Example low `exk_…(40)`
  token  sha256:d9298a10d1b0…, bearer, issued by Example
  sure   confidence high: checksum matches
  at     z:1:14, assignment `EXAMPLE_TOKEN`
  do     Revoke it, then read the audit log.
  see    https://docs.example.test/revoke

";
    let keyed = full().fingerprint().cloned().unwrap();
    let expected = expected.replace("KEYID", keyed.key_id().unwrap()).replace("DIGEST", &keyed.short());
    assert_eq!(text, expected.replace("PART", &Fingerprint::of(b"part").short()));
}

#[test]
fn text_of_a_stream_is_two_lines_for_each_finding_at_once() {
    let (mut output, mut out) = ((format("text").unwrap().make)(), Vec::new());
    output.begin(&mut out, &context(Style::Plain, Live::Stream)).unwrap();
    output.finding(&mut out, &finding("one", Origin::Stdin, 3)).unwrap();
    let expected = "\
CRITICAL Example pat `exk_…(40)`
  at  <stdin>:3:14, assignment `EXAMPLE_TOKEN`, sha256:7692c3ad3540…, confidence high: checksum matches
";
    assert_eq!(String::from_utf8(out).unwrap(), expected);
}

#[test]
fn colour_adds_escape_sequences_and_no_words() {
    let findings = [finding("one", file(".env"), 3)];
    let coloured = write("text", &context(Style::Colour, Live::Run), &findings, &summary(1));
    assert!(coloured.starts_with("\u{1b}[1m\u{1b}[31mCRITICAL\u{1b}[0m "), "{coloured:?}");
    let stripped = coloured.replace("\u{1b}[1m", "").replace("\u{1b}[31m", "").replace("\u{1b}[2m", "").replace("\u{1b}[0m", "");
    assert_eq!(stripped, plain("text", &findings));
}

#[test]
fn github_writes_one_command_for_each_finding() {
    let mut medium = finding("two", file("50%,a:b/x"), 4);
    medium.rule = rule("medium", Severity::Medium);
    let text = plain("github", &[finding("one", file("./.env"), 3), medium, full()]);
    let digest = full().fingerprint().unwrap().to_string();
    let (key, short) = (digest.rsplit_once(':').unwrap().0, full().fingerprint().unwrap().short());
    let expected = format!(
        "\
::error file=.env,line=3,col=14,title=critical%3A Example pat::Example pat `exk_…(40)`, in assignment `EXAMPLE_TOKEN`, \
confidence high: checksum matches, sha256:7692c3ad3540…%0ARevoke it, then read the audit log.
::warning file=50%25%2Ca%3Ab/x,line=4,col=14,title=medium%3A Example medium::Example medium `exk_…(40)`, in assignment `EXAMPLE_TOKEN`, \
confidence high: checksum matches, sha256:3fc4ccfe7458…%0ARevoke it, then read the audit log.
::error file=a.tar.gz,title=critical%3A Example pat::Example pat `exk_…(40)`, in assignment `EXAMPLE_TOKEN`, decoded from base64, escape, \
member `b/.env` at line 7, column 14, confidence high: checksum matches, {key}:{short}…%0ARevoke it, then read the audit log.
"
    );
    assert_eq!(text, expected);
}

#[test]
fn json_and_jsonl_hold_the_same_valid_records() {
    let findings = [finding("one", file(".env"), 3), full(), withheld(), finding("one", Origin::Memory("body".into()).member(""), 1)];
    let lines = write("jsonl", &context(Style::Plain, Live::Run), &findings, &troubled());
    let document = json(&write("json", &context(Style::Plain, Live::Run), &findings, &troubled()));
    let lines: Vec<Value> = lines.lines().map(json).collect();
    let (last, records) = lines.split_last().unwrap();
    assert_eq!((&document["findings"], &document["summary"], &document["v"]), (&Value::from(records), last, &Value::from(1)));
    assert_valid(&summary_schema(), last);
    assert_eq!((&last["type"], &last["complete"], &last["problems"][0]["kind"]), (&"summary".into(), &false.into(), &"damaged".into()));
    for (record, finding) in records.iter().zip(&findings) {
        assert_valid(&finding_schema(), record);
        assert_eq!(serde_json::from_value::<FindingRecord>(record.clone()).unwrap(), FindingRecord::from(finding));
    }
    assert_eq!(records[1]["origin"], serde_json::json!({ "kind": "member", "path": "a.tar.gz", "members": ["b/.env"] }));
    assert_eq!((&records[2]["fingerprint"], &records[2]["withheld"]), (&Value::Null, &true.into()));
    assert_eq!(json(&plain("json", &[]))["findings"], serde_json::json!([]));
}

#[test]
fn jsonl_writes_each_line_at_once() {
    let (mut output, mut out) = ((format("jsonl").unwrap().make)(), Vec::new());
    output.finding(&mut out, &full()).unwrap();
    assert!(out.ends_with(b"}\n") && String::from_utf8(out).unwrap().lines().count() == 1);
}

#[test]
fn committed_schemas_are_in_step_with_the_types() {
    let schemas = [
        ("finding", finding_schema()),
        ("summary", summary_schema()),
        ("issuance", issuance_schema()),
        ("lifecycle", lifecycle_schema()),
        ("token-use", token_use_schema()),
        ("judgement", judgement_schema()),
        ("timeline", timeline_schema()),
        ("coverage", schema::<Coverage>()),
    ];
    for (name, schema) in schemas {
        let path = format!("{}/docs/schema/{name}.schema.json", env!("CARGO_MANIFEST_DIR"));
        let text = format!("{schema:#}\n");
        if std::env::var_os("BEARTRAP_BLESS").is_some() {
            std::fs::write(&path, &text).unwrap();
        }
        let committed = std::fs::read_to_string(&path).unwrap();
        assert!(committed == text, "docs/schema/{name}.schema.json is out of step\nhint: run `BEARTRAP_BLESS=1 cargo test --test outputs`");
    }
}

#[test]
fn sarif_names_rules_places_and_fingerprints() {
    let run = sarif(&[finding("one", file("src/a b.env"), 3), full(), withheld()], &summary(3));
    assert_eq!(run["tool"]["driver"]["rules"].as_array().unwrap().len(), 1);
    assert_eq!(run["invocations"][0]["executionSuccessful"], true);
    let results = run["results"].as_array().unwrap();
    let by_uri = |uri: &str| {
        let is_it = |result: &&Value| result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == uri;
        results.iter().find(is_it).unwrap()
    };
    let plain = by_uri("src/a%20b.env");
    let region = &plain["locations"][0]["physicalLocation"]["region"];
    let expected = serde_json::json!({ "startLine": 3, "startColumn": 14, "endColumn": 54, "byteOffset": 300, "byteLength": 40 });
    assert_eq!((region, &plain["level"]), (&expected, &"error".into()));
    let digest = Fingerprint::of(b"one").to_string();
    assert_eq!(plain["partialFingerprints"]["beartrapToken/v1"], digest.trim_start_matches("sha256:"));
    let member = &by_uri("a.tar.gz")["locations"][0];
    assert_eq!(member["logicalLocations"][0]["fullyQualifiedName"], "a.tar.gz!b/.env");
    assert_eq!(member["physicalLocation"]["region"], serde_json::json!({ "startLine": 1 }));
    assert!(by_uri("pin.txt")["partialFingerprints"].get("beartrapToken/v1").is_none());
    let moved = sarif(&[finding("one", file("src/a b.env"), 30)], &summary(1));
    assert_eq!(moved["results"][0]["partialFingerprints"], plain["partialFingerprints"], "a moved line is the same finding");
}

#[test]
fn sarif_tells_problems_and_survives_an_empty_run() {
    let invocation = &sarif(&[], &troubled())["invocations"][0];
    let notifications = invocation["toolExecutionNotifications"].as_array().unwrap();
    let levels: Vec<&str> = notifications.iter().map(|notification| notification["level"].as_str().unwrap()).collect();
    assert_eq!((levels, &invocation["executionSuccessful"]), (vec!["error", "error", "note"], &false.into()));
}

#[test]
fn sarif_keeps_the_worst_25_000_results_whatever_their_order() {
    let low = rule("low", Severity::Low);
    let many = |seed: u64| Finding { rule: low.clone(), ..finding(&seed.to_string(), file("many"), seed + 1) };
    let mut findings: Vec<Finding> = (0..25_000).map(many).collect();
    findings.push(finding("worst", file("z"), 1));
    let text = plain("sarif", &findings);
    findings.reverse();
    assert_eq!(text, plain("sarif", &findings));
    let run = &json(&text)["runs"][0];
    assert_eq!(run["results"].as_array().unwrap().len(), 25_000);
    assert_eq!((&run["results"][0]["ruleId"], &run["results"][0]["ruleIndex"]), (&"pat".into(), &1.into()));
    let note = run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"].as_str().unwrap();
    assert!(note.starts_with("left out 1 finding:"), "{note}");
}

#[test]
fn gitlab_reports_previews_and_stable_ids() {
    let findings = [finding("one", file("./.env"), 3), finding("one", file(".env"), 9), full(), withheld()];
    let report = gitlab(&findings, &troubled());
    let found = report["vulnerabilities"].as_array().unwrap();
    assert_eq!((&found[0]["raw_source_code_extract"], &found[0]["severity"]), (&"exk_…(40)".into(), &"Critical".into()));
    assert_eq!((&found[0]["location"]["file"], &found[2]["location"]["file"]), (&".env".into(), &"a.tar.gz!b/.env".into()));
    assert_ne!(found[0]["id"], found[1]["id"], "two places of one token in one file are two findings");
    assert_eq!((&report["scan"]["start_time"], &report["scan"]["end_time"]), (&"2025-06-15T15:06:40".into(), &"2025-06-15T15:06:42".into()));
    assert_eq!((&report["scan"]["status"], &report["scan"]["messages"][0]["level"]), (&"failure".into(), &"warn".into()));
    let again = gitlab(&[finding("one", file(".env"), 77)], &summary(1));
    assert_eq!(again["vulnerabilities"][0]["id"], found[0]["id"], "a moved line is the same finding");
    gitlab(&[], &summary(0));
}

#[test]
fn junit_fails_for_files_with_findings_and_passes_without() {
    let findings = [finding("one", file(".env"), 30), finding("two", file(".env"), 4), full()];
    let report = quick_junit::Report::deserialize_from_str(&plain("junit", &findings)).unwrap();
    assert_eq!((report.tests, report.failures, report.errors), (2, 2, 0));
    assert_eq!(report.test_suites[0].test_cases[1].name.as_str(), "a.tar.gz!b/.env");
    let clean = quick_junit::Report::deserialize_from_str(&plain("junit", &[])).unwrap();
    assert_eq!((clean.tests, clean.failures), (1, 0));
    let text = write("junit", &context(Style::Plain, Live::Run), &[], &troubled());
    let incomplete = quick_junit::Report::deserialize_from_str(&text).unwrap();
    assert_eq!((incomplete.tests, incomplete.failures, incomplete.errors), (1, 0, 1));
}

#[test]
fn a_withheld_fingerprint_stays_withheld_in_every_format() {
    for format in FORMATS {
        let text = plain(format.name, &[withheld(), withheld()]);
        assert!(text.contains("…(4)"), "{}: {text}", format.name);
        assert!(!text.contains("sha256:"), "{}: {text}", format.name);
    }
}

#[cfg(unix)]
#[test]
fn hostile_names_command_nothing_in_any_format() {
    use std::os::unix::ffi::OsStrExt;
    let bad = "::error::owned\n::error::owned\r\u{1b}[2J\u{9b}1A\u{202e}\u{2066}##vso[task]##[group]\"'<&>]]>`,%0A\u{0}\u{ffff}";
    let path = std::ffi::OsStr::from_bytes(&[bad.as_bytes(), b"\xff.env"].concat()).to_owned();
    let mut hostile = finding("one", Origin::File(path.into()), 3);
    hostile.carrier = Some(Carrier { kind: CarrierKind::Header, name: bad.to_owned() });
    (hostile.reason, hostile.preview) = (bad.to_owned(), bad.to_owned());
    hostile.facts = Some(TokenFacts { iss: Some(bad.to_owned()), ..TokenFacts::default() });
    let inside = Finding { origin: Arc::new(Origin::Memory(bad.to_owned()).member(bad)), ..hostile.clone() };
    let mut summary = troubled();
    summary.problems[0].message = bad.to_owned();
    for (format, live) in FORMATS.iter().flat_map(|format| [(format, Live::Run), (format, Live::Stream)]) {
        let text = write(format.name, &context(Style::Plain, live), &[hostile.clone(), inside.clone()], &summary);
        let is_raw = |character: char| character != '\n' && character.is_control() || "\u{202e}\u{2066}\u{ffff}".contains(character);
        assert!(!text.contains(is_raw) && !text.contains("##"), "{}: {text:?}", format.name);
        let commands = text.lines().filter(|line| line.trim_start().starts_with("::")).count();
        assert_eq!(commands, if format.name == "github" { 2 } else { 0 }, "{}: {text}", format.name);
    }
    let record = json(plain("jsonl", std::slice::from_ref(&hostile)).lines().next().unwrap());
    assert_valid(&finding_schema(), &record);
    assert_eq!(record["reason"], bad);
    assert!(record["origin"]["path_bytes"].as_str().unwrap().ends_with("%FF.env"));
    let uri = &sarif(&[hostile.clone()], &summary)["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
    assert_eq!(uri, &record["origin"]["path_bytes"]);
    gitlab(&[hostile.clone(), inside.clone()], &summary);
    assert_eq!(plain("github", &[hostile.clone()]).lines().count(), 1);
    assert!(quick_junit::Report::deserialize_from_str(&plain("junit", &[hostile, inside])).is_ok());
}

#[test]
fn summary_and_problems_in_words() {
    assert_eq!(summary_line(&summary(1)), "1 finding in 10 files (1.5 MB at 0.8 MB/s), 3 suppressed (1 inline, 2 baseline)");
    let line = summary_line(&troubled());
    assert!(line.ends_with(", 1 problem, 1 skipped by choice, interrupted: not everything was read"), "{line}");
    let lines: Vec<String> = troubled().problems.iter().map(problem_line).collect();
    assert_eq!(lines, ["warning: bad\\u202e.zip: ends early (damaged)\nhint: fetch it again", "note: bad\\u202e.zip: 9 GB (too-large)"]);
}
