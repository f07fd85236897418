//! Reports of other scanners through the binary: each tool's form, with exact fingerprints, the ledger, problems and secrecy.

#[path = "support/binary.rs"]
mod binary;
#[path = "support/reports.rs"]
mod reports;
#[path = "support/template.rs"]
mod template;

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use beartrap::model::fingerprint::Fingerprint;
use beartrap::outputs::format::FORMATS;
use beartrap::reports::read::{Item, Teller, read, sniff};
use beartrap::rules::generate::Random;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::binary::{Ran, run, run_on, text};
use crate::reports::{Leak, Shown, betterleaks, detect_secrets, gitleaks, kingfisher, noseyparker, sarif, trufflehog};
use crate::template::Template;

/// The file that holds all leaks; its lines are counted from 1.
const FILE: &str = "conf/app settings.env";

/// A tree with a token of a known format, one behind a telling name, and one that only another scanner knows.
struct World {
    directory: TempDir,
    leaks: Vec<Leak>,
}

impl World {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("because there is room");
        let mut template = Template::new(53);
        let known = String::from_utf8(template.token("github-pat")).expect("because it is ASCII");
        let mut opaque = |length| String::from_utf8(template.fill(&format!("{{{{opaque:{length}}}}}")).text).expect("because it is ASCII");
        let (named, strange) = (opaque(40), opaque(32));
        let lines = [
            ("github-pat", format!("GITHUB_TOKEN={known}"), known),
            ("generic-api-key", format!("api_key = \"{named}\""), named),
            ("acme-code", format!("see <{strange}> for ü"), strange),
        ];
        let leaks = lines.iter().enumerate().map(|(index, (rule, text, token))| Leak {
            rule,
            token: token.clone(),
            text: text.clone(),
            file: FILE,
            line: 2 * index as u64 + 2,
            column: text.find(token.as_str()).expect("because it is there") as u64 + 1,
            commit: "",
        });
        let leaks: Vec<Leak> = leaks.collect();
        let world = Self { directory, leaks };
        world.write(FILE, &world.leaks.iter().map(|leak| format!("# über\n{}\n", leak.text)).collect::<Vec<_>>().concat());
        world
    }

    fn at(&self) -> &Path {
        self.directory.path()
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.at().join(name);
        fs::create_dir_all(path.parent().expect("because it lies in the directory")).expect("because there is room");
        fs::write(path, text).expect("because there is room");
    }

    /// A run of `scan --import` with further arguments, as JSONL.
    fn import(&self, report: &str, further: &[&str]) -> Ran {
        self.write("report", report);
        let args: Vec<&str> = ["scan", "--import", "report", "--format", "jsonl"].into_iter().chain(further.iter().copied()).collect();
        let ran = run(self.at(), &args);
        self.assert_secret(&ran);
        ran
    }

    /// No twelve bytes of a token were written.
    fn assert_secret(&self, ran: &Ran) {
        for leak in &self.leaks {
            let body = leak.token.strip_prefix("ghp_").unwrap_or(&leak.token).as_bytes();
            for piece in body.windows(12) {
                let shown = [&ran.stdout, &ran.stderr].iter().any(|bytes| memchr::memmem::find(bytes, piece).is_some());
                assert!(!shown, "a piece of the token of `{}` was written", leak.rule);
            }
        }
        assert!(!ran.err().contains("panicked"), "{}", ran.err());
    }

    /// What every scanner's report of these leaks must become: fingerprint, line.
    fn expected(&self) -> Vec<(String, u64)> {
        self.leaks.iter().map(|leak| (Fingerprint::of(leak.token.as_bytes()).to_string(), leak.line)).collect()
    }

    fn in_commit(&self, commit: &'static str) -> Vec<Leak> {
        self.leaks.iter().map(|leak| Leak { commit, file: "gone.env", ..leak.clone() }).collect()
    }
}

fn told(ran: &Ran) -> Vec<(String, u64)> {
    ran.findings().iter().map(|finding| (text(&finding["fingerprint"]), finding["line"].as_u64().unwrap_or_default())).collect()
}

/// Every tool's report of the same leaks.
fn all(leaks: &[Leak]) -> Vec<(&'static str, String)> {
    vec![
        ("gitleaks", gitleaks(leaks, Shown::Whole)),
        ("betterleaks", betterleaks(leaks, Shown::Whole)),
        ("trufflehog", trufflehog(leaks)),
        ("kingfisher", kingfisher(leaks, Shown::Whole)),
        ("noseyparker", noseyparker(leaks)),
        ("detect-secrets", detect_secrets(leaks)),
        ("sometool", sarif(leaks)),
    ]
}

#[test]
fn every_report_gives_the_exact_fingerprints() {
    let world = World::new();
    for (tool, report) in all(&world.leaks) {
        let ran = world.import(&report, &[]);
        assert_eq!((told(&ran), ran.status), (world.expected(), 1), "{tool}: {}", ran.err());
        let findings = ran.findings();
        assert_eq!(findings[0]["rule"], "github-pat", "{tool}: ours is preferred");
        assert_eq!(findings[2]["rule"], format!("{tool}:acme-code"), "{tool}");
        for (finding, leak) in findings.iter().zip(&world.leaks) {
            assert_eq!((finding["origin"]["path"].as_str(), finding["column"].as_u64()), (Some(FILE), Some(leak.column)), "{tool}");
            assert_eq!((finding["reported_by"]["tool"].as_str(), finding["reported_by"]["rule"].as_str()), (Some(tool), Some(leak.rule)));
            let file = fs::read(world.at().join(FILE)).expect("because it was written");
            let at = |end: &str| finding["span"][end].as_u64().unwrap_or_default() as usize;
            assert_eq!(&file[at("start")..at("end")], leak.token.as_bytes(), "{tool}");
        }
    }
}

#[test]
fn masked_reports_are_read_at_their_places() {
    let world = World::new();
    for (tool, report) in [
        ("gitleaks", gitleaks(&world.leaks, Shown::Masked)),
        ("betterleaks", betterleaks(&world.leaks, Shown::Masked)),
        ("kingfisher", kingfisher(&world.leaks, Shown::Masked)),
    ] {
        assert_eq!(told(&world.import(&report, &[])), world.expected(), "{tool}");
    }
    // Of a commit, the file that is at hand may say something else: only what our rules find there counts.
    let leaks: Vec<Leak> = world.leaks.iter().map(|leak| Leak { commit: "c0ffee0", ..leak.clone() }).collect();
    let ran = world.import(&gitleaks(&leaks, Shown::Masked), &["--fail-on", "none"]);
    assert_eq!((told(&ran), ran.status), (world.expected()[..2].to_vec(), 3), "{}", ran.err());
}

#[test]
fn what_lies_elsewhere_keeps_its_commit_path_and_line() {
    let world = World::new();
    let commit = "c0ffee0c0ffee0c0ffee0c0ffee0c0ffee0c0ffee0";
    for (tool, report) in [("gitleaks", gitleaks(&world.in_commit(commit), Shown::Whole)), ("trufflehog", trufflehog(&world.in_commit(commit)))] {
        let ran = world.import(&report, &[]);
        assert_eq!((told(&ran), ran.status), (world.expected(), 1), "{tool}: {}", ran.err());
        let origin = &ran.findings()[0]["origin"];
        assert_eq!((&origin["kind"], &origin["commit"], &origin["path"]), (&json!("elsewhere"), &json!(commit), &json!("gone.env")), "{tool}");
        if tool == "trufflehog" {
            assert_eq!(origin["repository"], "https://git.internal.test/r.git", "without user and password");
        }
    }
}

#[test]
fn what_cannot_be_found_is_a_problem_and_the_others_go_on() {
    let world = World::new();
    let mut leaks = world.leaks.clone();
    leaks[0].file = "gone.env";
    leaks[1].file = "../outside.env";
    for (tool, report) in [("detect-secrets", detect_secrets(&leaks)), ("sarif", sarif(&leaks)), ("gitleaks", gitleaks(&leaks, Shown::Masked))] {
        let ran = world.import(&report, &["--fail-on", "none"]);
        assert_eq!((told(&ran), ran.status), (world.expected()[2..].to_vec(), 3), "{tool}: {}", ran.err());
        assert_eq!(ran.problems(), ["report", "report"], "{tool}");
        let said = ran.err();
        assert!(
            said.contains("rule github-pat at gone.env:2): file not there") && said.contains("hint: run where the scan ran, or give `--import-root`"),
            "{said}"
        );
        assert!(said.contains("leads out of the import root"), "{said}");
    }
}

#[test]
fn the_root_of_a_report_may_be_elsewhere() {
    let world = World::new();
    world.write("work/report", &detect_secrets(&world.leaks));
    let work = world.at().join("work");
    let ran = run(&work, &["scan", "--import", "report", "--import-root", "..", "--format", "jsonl"]);
    assert_eq!(told(&ran), world.expected(), "{}", ran.err());
    let ran = run(&work, &["scan", "--import", "report", "--import-root", "nothing"]);
    assert!(ran.status == 2 && ran.err().contains("is no directory"), "{}", ran.err());
    let ran = run(&work, &["scan", "--import-root", ".."]);
    assert_eq!(ran.status, 2, "without `--import` it means nothing");
}

#[test]
fn a_token_is_told_once_and_ours_is_preferred() {
    let world = World::new();
    let twice = gitleaks(&[world.leaks.clone(), world.leaks.clone()].concat(), Shown::Whole);
    assert_eq!(told(&world.import(&twice, &[])), world.expected());
    world.write("other", &trufflehog(&world.leaks));
    assert_eq!(told(&world.import(&twice, &["--import", "other"])), world.expected());
    let both = world.import(&twice, &["conf"]);
    assert_eq!(told(&both), world.expected());
    let witnesses: Vec<bool> = both.findings().iter().map(|finding| finding["reported_by"].is_null()).collect();
    assert_eq!(witnesses, [true, true, false], "our scan found two of them by itself");
}

#[test]
fn imported_findings_meet_the_ledger_and_what_is_accepted() {
    let world = World::new();
    let issued: Vec<String> = world.leaks[..1]
        .iter()
        .chain(&world.leaks[2..])
        .map(|leak| format!("{{\"v\":1,\"fp\":\"{}\",\"issued_to\":{{\"agent_id\":\"agent-7\"}}}}\n", Fingerprint::of(leak.token.as_bytes())))
        .collect();
    world.write("issued.jsonl", &issued.concat());
    let imported = run(world.at(), &["ledger", "import", "issued.jsonl", "--state", "st"]);
    assert_eq!(imported.status, 0, "{}", imported.err());
    let report = trufflehog(&world.leaks);
    let ours = world.import(&report, &["--state", "st", "--only-ours"]);
    assert_eq!(told(&ours), [world.expected()[0].clone(), world.expected()[2].clone()], "{}", ours.err());
    assert!(ours.findings().iter().all(|finding| finding["ledger"]["issuance"]["issued_to"]["agent_id"] == "agent-7"));
    let shown = run(world.at(), &["ledger", "show", "--state", "st", &world.expected()[2].0]);
    assert!(shown.out().contains(FILE), "where it was seen is kept: {}{}", shown.out(), shown.err());

    let written = world.import(&report, &["--write-baseline", "baseline"]);
    assert_eq!(written.status, 1);
    let again = world.import(&report, &["--baseline", "baseline"]);
    assert_eq!((again.status, &again.summary()["suppressed"]["baseline"]), (0, &json!(3)));
    world.write(".beartrapignore", &format!("{}\n", world.expected()[2].0));
    assert_eq!(told(&world.import(&report, &[])), world.expected()[..2]);
}

#[test]
fn the_halves_of_a_credential_are_one_finding() {
    let world = World::new();
    let mut template = Template::new(59);
    let mut made = |rule| String::from_utf8(template.token(rule)).expect("because it is ASCII");
    let (id, key) = (made("aws-access-key-id"), made("aws-secret-access-key"));
    let leak = |token: &str, text: &str, line, commit| Leak {
        rule: "AWS",
        token: token.to_owned(),
        text: text.to_owned(),
        file: "credentials",
        line,
        column: 1,
        commit,
    };
    let lines = [format!("aws_access_key_id = {id}"), format!("aws_secret_access_key = {key}")];
    let fingerprint = |token: &str| Fingerprint::of(token.as_bytes()).to_string();
    // In a commit only what the report says is known: the other half is another reading.
    let both = trufflehog(&[leak(&id, "", 1, "c0ffee0")]).replace("\"RawV2\":\"\"", &format!("\"RawV2\":\"{id}:{key}\""));
    let ran = world.import(&both, &[]);
    let found = ran.findings();
    assert_eq!((found.len(), text(&found[0]["fingerprint"])), (1, fingerprint(&id)), "{}", ran.err());
    let readings: Vec<String> = found[0]["alternates"].as_array().into_iter().flatten().map(|one| text(&one["fingerprint"])).collect();
    assert_eq!(readings, [fingerprint(&format!("{id}:{key}")), fingerprint(&key)]);
    // In a file that is at hand they stand together.
    world.write("credentials", &lines.join("\n"));
    let each = trufflehog(&[leak(&id, &lines[0], 1, ""), leak(&key, &lines[1], 2, "")]);
    let ran = world.import(&each, &[]);
    let found = ran.findings();
    assert_eq!((found.len(), text(&found[0]["fingerprint"])), (1, fingerprint(&key)), "{}", ran.err());
    assert_eq!(text(&found[0]["parts"][0]["fingerprint"]), fingerprint(&id));
    assert!(found[0]["alternates"].as_array().is_some_and(Vec::is_empty));
}

#[test]
fn accepted_findings_stay_accepted() {
    let world = World::new();
    world.write(FILE, &format!("\n{} # beartrap:allow\n", world.leaks[0].text));
    let ran = world.import(&gitleaks(&world.leaks[..1], Shown::Whole), &[]);
    assert_eq!((ran.status, &ran.summary()["suppressed"]["inline"]), (0, &json!(1)), "{}", ran.err());
    let audit = world.import(&gitleaks(&world.leaks[..1], Shown::Whole), &["--ignore-allow-comments"]);
    assert_eq!(audit.status, 1);
}

#[test]
fn every_format_writes_imported_findings_without_a_token() {
    let world = World::new();
    let commit = "c0ffee0c0ffee0c0ffee0c0ffee0c0ffee0c0ffee0";
    world.write("report", &gitleaks(&[world.leaks.clone(), world.in_commit(commit)].concat(), Shown::Whole));
    // Names that show a token are not told, and whatever a message says is not either.
    let hostile: Vec<Value> = world.leaks.iter().map(|leak| {
        json!({ "RuleID": leak.token, "Description": leak.text, "File": FILE, "Secret": leak.token, "StartLine": 1, "Match": leak.text, "Fingerprint": leak.token })
    }).collect();
    world.write("hostile", &json!(hostile).to_string());
    world.write("sarif", &sarif(&world.leaks));
    for format in FORMATS {
        let ran = run(world.at(), &["scan", "--import", "hostile", "--import", "report", "--import", "sarif", "--format", format.name]);
        world.assert_secret(&ran);
        assert_eq!(ran.status, 1, "{}: {}", format.name, ran.err());
    }
    let ran = run(world.at(), &["scan", "--import", "report", "--format", "sarif"]);
    let log: Value = serde_json::from_slice(&ran.stdout).expect("because it is SARIF");
    let results = log["runs"][0]["results"].as_array().expect("because there are some");
    assert_eq!(results.len(), 6);
    let regions: Vec<bool> = results.iter().map(|result| result["locations"][0]["physicalLocation"]["region"]["byteOffset"].is_null()).collect();
    assert_eq!(regions.iter().filter(|has_none| **has_none).count(), 3, "of a commit nobody counted bytes");
}

#[test]
fn what_is_no_report_is_said_before_anything_is_scanned() {
    let world = World::new();
    let token = &world.leaks[0].token;
    for (report, message) in [
        ("nothing of the kind".to_owned(), "this is some text, not JSON"),
        ("<testsuites/>".to_owned(), "this is XML, not JSON"),
        ("RuleID,Commit,File\n".to_owned(), "this is CSV, not JSON"),
        (
            json!({ "vulnerabilities": [token], token: 1 }).to_string(),
            "no known tool's report: an object with `vulnerabilities`\nhint: known are gitleaks,",
        ),
        (json!([{ token: 1 }]).to_string(), "an object without names"),
        (format!("[\"{token}\"]"), "a list of something other than objects"),
    ] {
        let ran = world.import(&report, &[]);
        assert!(ran.status == 2 && ran.err().contains(message), "{}", ran.err());
    }
    let ran = run(world.at(), &["scan", "--import", "missing.json"]);
    assert!(ran.status == 2 && ran.err().contains("missing.json: cannot be read"), "{}", ran.err());
    for (report, message, found) in [
        (sarif(&world.leaks).replace("\"2.1.0\"", "\"2.0.0\""), "sarif of a version other than 2.1.0", 0),
        (gitleaks(&world.leaks, Shown::Whole).trim_end_matches([']', '\n']).trim_end_matches('}').to_owned(), "it ends in the middle", 2),
        (detect_secrets(&world.leaks).trim_end_matches('}').to_owned(), "it ends in the middle", 3),
    ] {
        let ran = world.import(&report, &["--fail-on", "none"]);
        assert!(ran.status == 3 && ran.err().contains(message), "{message}: {}", ran.err());
        assert_eq!(ran.findings().len(), found, "{message}");
    }
}

#[test]
fn reports_of_clean_trees_are_clean() {
    let world = World::new();
    for report in ["[]", "", &detect_secrets(&[]), &sarif(&[]), &kingfisher(&[], Shown::Whole)] {
        let ran = world.import(report, &[]);
        assert_eq!((ran.status, ran.findings().len()), (0, 0), "{report}: {}", ran.err());
    }
}

#[cfg(unix)]
#[test]
fn a_report_may_come_from_standard_input_and_links_lead_nowhere() {
    let world = World::new();
    let ran = run_on(world.at(), &["scan", "--import", "-", "--format", "jsonl"], trufflehog(&world.leaks).as_bytes());
    assert_eq!(told(&ran), world.expected(), "{}", ran.err());
    let outside = tempfile::tempdir().expect("because there is room");
    fs::copy(world.at().join(FILE), outside.path().join("x.env")).expect("because there is room");
    std::os::unix::fs::symlink(outside.path().join("x.env"), world.at().join("link.env")).expect("because there is room");
    let leaks: Vec<Leak> = world.leaks.iter().map(|leak| Leak { file: "link.env", ..leak.clone() }).collect();
    let ran = world.import(&detect_secrets(&leaks), &["--fail-on", "none"]);
    assert_eq!((ran.status, ran.findings().len()), (3, 0), "{}", ran.err());
}

/// Whatever is done to a report, it is read to where it makes sense, and nothing panics.
#[test]
fn damaged_reports_are_read_as_far_as_they_go() {
    let world = World::new();
    let mut random = Random::new(61);
    for (tool, report) in all(&world.leaks) {
        for round in 0..400 {
            let mut bytes = report.clone().into_bytes();
            let at = random.below(bytes.len());
            match round % 4 {
                0 => bytes.truncate(at),
                1 => bytes[at] = random.next().to_le_bytes()[0],
                2 => drop(bytes.remove(at)),
                _ => bytes.insert(at, b"{}[]\",:0"[random.below(8)]),
            }
            let mut told = 0;
            let mut sink = |item: Item| {
                told += item.result.map_or(0, |claims| claims.len());
                ControlFlow::Continue(())
            };
            let Ok(kind) = sniff(&bytes) else { continue };
            let mut ahead = &bytes[..];
            drop(read(kind, Some(&mut ahead), &mut &bytes[..], &mut Teller::new(&mut sink)));
            assert!(told <= world.leaks.len(), "{tool}");
        }
    }
}

/// A real report, where the tool is installed: `BEARTRAP_TEST_DETECT_SECRETS` names its program.
#[test]
fn a_real_baseline_of_detect_secrets_is_read() {
    let Some(program) = std::env::var_os("BEARTRAP_TEST_DETECT_SECRETS") else { return };
    let world = World::new();
    let made = std::process::Command::new(program).args(["scan", "--all-files", "conf"]).current_dir(world.at()).output();
    let baseline = String::from_utf8(made.expect("because it is installed").stdout).expect("because it is JSON");
    let ran = world.import(&baseline, &[]);
    let found = told(&ran);
    assert!(ran.problems().is_empty() && world.expected()[..2].iter().all(|expected| found.contains(expected)), "{}", ran.err());
}
