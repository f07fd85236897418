//! The program's commands, exit statuses and outputs, as a user meets them.

#[path = "support/binary.rs"]
mod binary;
#[path = "support/template.rs"]
mod template;

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use beartrap::model::fingerprint::{Fingerprint, FingerprintKey};
use beartrap::outputs::format::FORMATS;
use beartrap::rules::rule_set::RuleSet;
use regex::Regex;
use tempfile::TempDir;

use crate::binary::{Live, command, finish, run, run_on, start, wait};
use crate::template::Template;

/// A directory with these files, their marks replaced.
fn tree(files: &[(&str, &str)]) -> TempDir {
    let directory = tempfile::tempdir().expect("because there is room");
    let mut template = Template::new(11);
    for (name, text) in files {
        let path = directory.path().join(name);
        fs::create_dir_all(path.parent().expect("because it lies in the directory")).expect("because there is room");
        fs::write(path, template.fill(text).text).expect("because there is room");
    }
    directory
}

/// Findings of four severities: critical, high, medium, low.
const SEVERITIES: [(&str, &str); 4] = [
    ("critical", "GITHUB_TOKEN={{github-pat}}\n"),
    ("high", "Authorization: Bearer {{opaque:40}}\n"),
    ("medium", "api_key = \"{{opaque:32}}\"\n"),
    ("low", "key: {{stripe-test-key}}\n"),
];

#[test]
fn the_status_tells_findings_from_everything_else() {
    let found = tree(&[("a.env", SEVERITIES[0].1)]);
    let clean = tree(&[("a.txt", "nothing here\n")]);
    for (directory, args, status) in [
        (&clean, "", 0),
        (&found, "", 1),
        (&found, "--exit-code 0", 0),
        (&found, "--exit-code 7", 7),
        (&clean, "--exit-code 7", 0),
        (&found, "--fail-on none --exit-code 7", 0),
        (&clean, "missing.txt", 3),
        (&clean, ". missing.txt", 3),
        (&found, ". missing.txt", 1),
        (&found, ". missing.txt --exit-code 7", 7),
        (&found, ". missing.txt --fail-on none", 3),
    ] {
        let args: Vec<&str> = ["scan"].into_iter().chain(args.split_whitespace()).collect();
        let ran = run(directory.path(), &args);
        assert_eq!(ran.status, status, "{args:?}: {}", ran.err());
    }
}

#[test]
fn only_severities_from_fail_on_upwards_fail() {
    let least = [("none", 4), ("critical", 3), ("high", 2), ("medium", 1), ("any", 0)];
    for (at, (severity, text)) in SEVERITIES.iter().enumerate() {
        let directory = tree(&[("a.env", text)]);
        for (fail_on, fails_from) in least {
            let ran = run(directory.path(), &["scan", "--fail-on", fail_on]);
            let expected = i32::from(SEVERITIES.len() - 1 - at >= fails_from);
            assert_eq!(ran.status, expected, "{severity} with --fail-on {fail_on}: {}", ran.out());
        }
    }
}

#[test]
fn an_interrupted_run_says_so() {
    let directory = tree(&[]);
    for signal in ["-INT", "-TERM"] {
        let mut live = Live::start(directory.path(), &["scan", "-", "--format", "jsonl"]);
        live.write(&Template::new(1).fill("GITHUB_TOKEN={{github-pat}}\nmore to come\n").text);
        assert!(live.line().is_some_and(|line| line.contains("github-pat")));
        let pid = live.child.id().to_string();
        assert!(std::process::Command::new("kill").args([signal, &pid]).status().expect("because there is kill").success());
        assert_eq!(wait(&mut live.child, Duration::from_secs(5)), Some(130), "{signal} while the pipe is open");
    }
}

#[test]
fn a_finding_is_told_before_the_stream_ends() {
    let directory = tree(&[]);
    for format in ["text", "jsonl", "github"] {
        let mut live = Live::start(directory.path(), &["scan", "-", "--format", format]);
        for (number, rule) in ["github-pat", "slack-bot-token", "npm-access-token"].into_iter().enumerate() {
            live.write(&Template::new(3).fill(&format!("2026-08-30 token={{{{{rule}}}}} used\n")).text);
            let told = live.line().unwrap_or_else(|| panic!("{format}: nothing within five seconds of line {number}"));
            let name = RuleSet::builtin().get(rule).map(|rule| rule.info.name.to_string()).expect("because it is built in");
            assert!(told.contains(&name), "{format}: {told}");
            if format == "text" {
                live.line();
            }
        }
        drop(live.stdin);
        assert_eq!(wait(&mut live.child, Duration::from_secs(5)), Some(1));
    }
}

#[test]
fn a_reader_that_stops_early_does_no_harm() {
    let line = "token={{github-pat}} {{slack-bot-token}}\n".repeat(4000);
    let directory = tree(&[("a.log", &line)]);
    for args in [&["scan", "--format", "jsonl"][..], &["scan"], &["rules", "list"], &["man"], &["completions", "bash"]] {
        let mut child = start(&mut command(directory.path(), args));
        drop(child.stdout.take());
        let ran = finish(child);
        let err = ran.err();
        assert!(!err.contains("panicked") && !err.contains("error") && !err.contains("ipe"), "{args:?}: {err}");
        let expected = i32::from(args[0] == "scan");
        assert_eq!(ran.status, expected, "{args:?}: a closed pipe does not change what was found: {err}");
    }
}

#[test]
fn quiet_and_several_outputs() {
    let directory = tree(&[("a.env", SEVERITIES[0].1)]);
    let loud = run(directory.path(), &["scan"]);
    assert!(loud.err().contains("1 finding in 1 file"), "{}", loud.err());
    let outputs: Vec<String> = FORMATS.iter().map(|format| format!("--output={0}=out.{0}", format.name)).collect();
    let args: Vec<&str> = ["scan", "a.env", "--quiet", "--format", "jsonl"].into_iter().chain(outputs.iter().map(String::as_str)).collect();
    let quiet = run(directory.path(), &args);
    assert_eq!((quiet.status, quiet.err().as_str()), (1, ""));
    assert_eq!(quiet.places(), ["github-pat@1"]);
    for format in FORMATS {
        let text = fs::read_to_string(directory.path().join(format!("out.{}", format.name))).unwrap_or_default();
        let main = run(directory.path(), &["scan", "a.env", "--format", format.name]);
        assert_eq!(timeless(&text), timeless(&main.out()), "{}", format.name);
    }
}

#[test]
fn rules_are_chosen() {
    let text = "a: {{github-pat}}\nb: {{slack-bot-token}}\napi_key: {{opaque:32}}\n";
    let directory = tree(&[("a.yaml", text), ("b.txt", "api_key: {{opaque:32}}\n{{github-pat}}\n")]);
    fs::write(directory.path().join("mine.toml"), MINE).expect("because there is room");
    fs::write(directory.path().join("c.txt"), Template::new(4).fill("see exk_{{no:hex:32}} there\n").text).expect("because there is room");
    let mut failures = Vec::new();
    for (args, expected) in [
        ("a.yaml", &["github-pat@1", "slack-bot-token@2", "generic-api-key@3"][..]),
        ("a.yaml --disable github-pat", &["slack-bot-token@2", "generic-api-key@3"]),
        ("a.yaml --disable github-pat,generic-api-key", &["slack-bot-token@2"]),
        ("a.yaml --disable github-pat --disable generic-api-key", &["slack-bot-token@2"]),
        ("a.yaml --only slack-bot-token", &["slack-bot-token@2"]),
        ("a.yaml --only slack-bot-token,github-pat --disable github-pat", &["slack-bot-token@2"]),
        ("a.yaml --min-confidence high", &["github-pat@1", "slack-bot-token@2"]),
        ("b.txt --min-confidence high", &["github-pat@2"]),
        ("c.txt", &[]),
        ("c.txt --rules mine.toml", &["example-key@1"]),
        ("c.txt --rules .", &["example-key@1"]),
        ("c.txt --rules mine.toml --only example-key", &["example-key@1"]),
    ] {
        let args: Vec<&str> = ["scan", "--format", "jsonl"].into_iter().chain(args.split_whitespace()).collect();
        let ran = run(directory.path(), &args);
        if ran.places() != expected {
            failures.push(format!("{args:?}: {:?} instead of {expected:?}: {}", ran.places(), ran.err()));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn what_only_its_name_calls_a_secret_is_doubted_in_tests() {
    let text = "api_key: {{opaque:32}}\ntoken: {{github-pat}}\n";
    let directory = tree(&[("app/a.yaml", text), ("app/tests/a.yaml", text), ("app/a.yaml.example", text)]);
    for (args, expected) in [
        ("app", &["generic-api-key@1", "github-pat@2", "github-pat@2", "github-pat@2"][..]),
        ("app/tests", &["generic-api-key@1", "github-pat@2"]),
        ("app/tests/a.yaml", &["generic-api-key@1", "github-pat@2"]),
        ("app/a.yaml.example", &["github-pat@2"]),
        (". --min-confidence low", &["generic-api-key@1", "generic-api-key@1", "generic-api-key@1", "github-pat@2", "github-pat@2", "github-pat@2"]),
    ] {
        let args: Vec<&str> = ["scan", "--format", "jsonl"].into_iter().chain(args.split_whitespace()).collect();
        let ran = run(directory.path(), &args);
        let mut places = ran.places();
        places.sort();
        assert_eq!(places, expected, "{args:?}: {}", ran.err());
    }
}

/// A rule file that a user could write.
const MINE: &str = r#"provider = "Example"

[[rule]]
id = "example-key"
name = "Example key"
description = "Opens the example."
kind = "bearer"
severity = "high"
confidence = "high"
pattern = '(?<secret>exk_[0-9a-f]{32})'
positive = ["EXAMPLE_KEY=<secret>", "see <secret> there"]
negative = ["exk_<hex:20>", "<secret:grown>"]
"#;

#[test]
fn decoding_is_bounded_and_can_be_turned_off() {
    let text = "blob: {{github-pat|base64}}\n";
    let directory = tree(&[("a.yaml", text)]);
    for (args, expected) in [("", 1), ("--max-decode-depth 1", 1), ("--no-decode", 0), ("--max-decode-depth 0", 0)] {
        let args: Vec<&str> = ["scan", "--format", "jsonl"].into_iter().chain(args.split_whitespace()).collect();
        assert_eq!(run(directory.path(), &args).findings().len(), expected, "{args:?}");
    }
}

#[test]
fn filters_at_work_are_shown() {
    let directory = tree(&[("a.env", "TOKEN=ghp_exampleexample{{no:b62:22}}\nTOKEN_ID={{no:b62:24}}\n")]);
    let silent = run(directory.path(), &["scan"]);
    assert!(!silent.err().contains("silenced"), "{}", silent.err());
    let shown = run(directory.path(), &["scan", "--explain-filters"]);
    for expected in ["a.env:1:7: `github-pat` silenced by filter `placeholder`", "a.env:2:10: `generic-api-key` silenced by filter `name`"] {
        assert!(shown.err().contains(expected), "{expected}: {}", shown.err());
    }
    assert_eq!(shown.status, 0, "{}", shown.out());
}

#[test]
fn fingerprints_are_of_the_exact_octets() {
    let directory = tree(&[("key", &"k".repeat(32)), ("short", "k")]);
    let token = Template::new(5).token("github-pat");
    let (plain, key) = (Fingerprint::of(&token).to_string(), FingerprintKey::new(vec![b'k'; 32]).expect("because it is long enough"));
    let keyed = key.fingerprint(&token).to_string();
    let with = |end: &[u8]| [&token[..], end].concat();
    for (args, input, status, expected) in [
        (&["fingerprint"][..], with(b""), 0, &plain),
        (&["fingerprint"], with(b"\n"), 0, &plain),
        (&["fingerprint"], with(b"\r\n"), 0, &plain),
        (&["fingerprint"], with(b"\n\n"), 0, &Fingerprint::of(&with(b"\n")).to_string()),
        (&["fingerprint"], with(b" "), 0, &Fingerprint::of(&with(b" ")).to_string()),
        (&["fingerprint", "--key-file", "key"], with(b"\n"), 0, &keyed),
        (&["fingerprint"], Vec::new(), 2, &String::new()),
        (&["fingerprint"], b"\n".to_vec(), 2, &String::new()),
        (&["fingerprint", "--key-file", "short"], with(b""), 2, &String::new()),
        (&["fingerprint", "--key-file", "missing"], with(b""), 2, &String::new()),
    ] {
        let ran = run_on(directory.path(), args, &input);
        assert_eq!((ran.status, ran.out().trim_end()), (status, expected.as_str()), "{args:?}: {}", ran.err());
        assert!(status == 0 || ran.err().starts_with("error: "), "{}", ran.err());
    }
    let scanned = run_on(directory.path(), &["scan", "-", "--format", "jsonl", "--key-file", "key"], &with(b"\n"));
    assert_eq!(scanned.findings()[0]["fingerprint"], keyed);
}

#[test]
fn rules_are_listed_explained_checked_and_tried() {
    let directory = tree(&[("mine.toml", MINE)]);
    let broken = MINE.replace("positive = [\"EXAMPLE_KEY=<secret>\"", "positive = [\"x<secret>\"");
    fs::write(directory.path().join("broken.toml"), broken).expect("because there is room");
    let count = RuleSet::builtin().rules().len();
    let list = run(directory.path(), &["rules", "list"]);
    assert_eq!((list.status, list.out().lines().count()), (0, count));
    let json = run(directory.path(), &["rules", "list", "--json", "--rules", "mine.toml"]);
    let rules: Vec<serde_json::Value> = serde_json::from_slice(&json.stdout).expect("because it is JSON");
    assert_eq!((rules.len(), rules[count]["id"].as_str()), (count + 1, Some("example-key")));
    for (args, status, out, err) in [
        ("rules check mine.toml", 0, "", "1 rules, 4 examples, 0 failures"),
        ("rules check broken.toml", 2, "", "broken.toml: rule `example-key`: positive example `x<secret>`: nothing is found"),
        ("rules check missing.toml", 2, "", "missing.toml: cannot read rules"),
        ("rules explain github-pat", 0, "What to do", ""),
        ("explain github-pat", 0, "github-pat: ", ""),
        ("explain example-key --rules mine.toml", 0, "Opens the example.", ""),
        ("explain github-pet", 2, "", "there is no rule `github-pet`\nhint: did you mean `github-pat`?"),
        ("explain ex-02", 0, "EX-02: live token exposed", ""),
        ("explain EX-02", 0, "# When it is wrong", ""),
        ("explain TR-07", 0, "MITRE ATT&CK (18.1): T1550.001, T1078.004", ""),
        ("explain ex-99", 2, "", "there is no detection `ex-99`\nhint: did you mean `EX-0"),
        ("rules explain zzz", 2, "", "there is no rule `zzz`"),
    ] {
        let ran = run(directory.path(), &args.split(' ').collect::<Vec<_>>());
        assert_eq!(ran.status, status, "{args}: {}", ran.err());
        assert!(ran.out().contains(out) && ran.err().contains(err), "{args}: {}{}", ran.out(), ran.err());
    }
    let mut template = Template::new(8);
    for (text, status, expected) in [
        ("token {{github-pat}}", 1, "\"rule\":\"github-pat\""),
        ("token {{slack-bot-token}}", 0, ""),
        ("token ghp_exampleexample{{no:b62:22}}", 0, "1:7: silenced by filter `placeholder`"),
    ] {
        let ran = run_on(directory.path(), &["rules", "test", "github-pat"], &template.fill(text).text);
        assert_eq!(ran.status, status, "{text}: {}", ran.err());
        assert!(ran.out().contains(expected), "{text}: {}", ran.out());
    }
}

#[test]
fn every_built_in_example_holds() {
    let ran = run(Path::new("."), &["rules", "check"]);
    assert_eq!(ran.status, 0, "{}", ran.err());
}

#[test]
fn completions_and_the_manual_are_written() {
    for (shell, mark) in [
        ("bash", "complete -F"),
        ("zsh", "#compdef beartrap"),
        ("fish", "complete -c beartrap"),
        ("powershell", "Register-ArgumentCompleter"),
        ("elvish", "edit:completion"),
    ] {
        let ran = run(Path::new("."), &["completions", shell]);
        assert!(ran.status == 0 && ran.out().contains(mark) && ran.out().contains("write-baseline"), "{shell}");
    }
    let man = run(Path::new("."), &["man"]);
    assert!(man.status == 0 && man.out().contains(".TH beartrap 1") && man.out().contains("scan"), "{}", man.out());
    assert_eq!(run(Path::new("."), &["completions", "tcsh"]).status, 2);
}

#[test]
fn colour_is_used_where_it_was_asked_for() {
    let directory = tree(&[("a.env", SEVERITIES[0].1)]);
    for (args, variable, coloured) in [
        (&["scan"][..], None, false),
        (&["scan", "--color", "always"], None, true),
        (&["scan", "--color=always"], Some(("NO_COLOR", "1")), true),
        (&["scan", "--color=never"], Some(("CLICOLOR_FORCE", "1")), false),
        (&["scan"], Some(("NO_COLOR", "1")), false),
        (&["scan"], Some(("CLICOLOR_FORCE", "1")), true),
        (&["scan", "--format", "jsonl", "--color=always"], None, false),
    ] {
        let ran = finish(start(command(directory.path(), args).envs(variable)));
        assert_eq!(ran.out().contains("\x1b["), coloured, "{args:?} {variable:?}");
        assert!(ran.out().contains("github-pat") || ran.out().contains("GitHub"), "{}", ran.err());
    }
}

#[test]
fn the_environment_sets_defaults() {
    let directory = tree(&[("a.env", SEVERITIES[0].1), ("key", &"k".repeat(32))]);
    let set = [("BEARTRAP_FORMAT", "jsonl"), ("BEARTRAP_THREADS", "1"), ("BEARTRAP_KEY_FILE", "key")];
    let ran = finish(start(command(directory.path(), &["scan", "a.env"]).envs(set)));
    assert!(ran.findings()[0]["fingerprint"].as_str().is_some_and(|text| text.starts_with("hmac-sha256:")));
}

/// Text without what two runs may differ in: times and rates.
fn timeless(text: &str) -> String {
    let times = Regex::new(
        r#"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)?|"elapsed_seconds": ?[0-9.e-]+|\btime="[0-9.]+"|at [0-9.]+ MB/s|uuid="[^"]*""#,
    );
    times.expect("because it is well formed").replace_all(text, "TIME").into_owned()
}

/// A tree in which findings, problems and large files mix.
fn mixed() -> TempDir {
    let directory = tree(&[
        ("a/b.env", "GITHUB_TOKEN={{github-pat}}\nAPI_KEY={{opaque:32}}\n"),
        ("a/c.yaml", "token: {{slack-bot-token}}\nagain: {{github-pat}}\n"),
        ("d.json", r#"{"key": "{{openai-project-key}}", "api_token": "{{opaque:40}}"}"#),
        ("z.txt", "nothing\n"),
        ("y.env", "TOKEN={{gitlab-pat}}\n"),
    ]);
    let mut large = Template::new(2).fill("{{no:words:5000000}}\ntoken={{npm-access-token}}\n{{no:words:4000000}}\ntoken={{github-pat}}\n").text;
    large.extend(b"\xff\xfe\x00");
    fs::write(directory.path().join("m.log"), large).expect("because there is room");
    fs::write(directory.path().join("broken.gz"), b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03abc").expect("because there is room");
    directory
}

#[test]
fn two_runs_write_the_same_bytes() {
    let directory = mixed();
    for format in FORMATS {
        let [first, second] = [(); 2].map(|()| run(directory.path(), &["scan", "--format", format.name]));
        assert_eq!(timeless(&first.out()), timeless(&second.out()), "{}", format.name);
        assert_eq!(timeless(&first.err()), timeless(&second.err()), "{}", format.name);
        assert!(first.out().len() > 100, "{}", format.name);
    }
}

#[test]
fn the_number_of_threads_is_invisible() {
    let directory = mixed();
    for format in ["jsonl", "text", "sarif"] {
        let [one, four] = ["1", "4"].map(|threads| run(directory.path(), &["scan", "--format", format, "--threads", threads]));
        assert_eq!(timeless(&one.out()), timeless(&four.out()), "{format}");
        assert_eq!(one.status, four.status);
    }
    let places = run(directory.path(), &["scan", "--format", "jsonl", "-j", "4"]).places();
    let expected = [
        "github-pat@1",
        "generic-api-key@2",
        "slack-bot-token@1",
        "github-pat@2",
        "openai-project-key@1",
        "generic-api-key@1",
        "npm-access-token@2",
        "github-pat@4",
        "gitlab-pat@1",
    ];
    assert_eq!(places, expected);
}

#[test]
fn nothing_is_read_from_a_closed_input() {
    let mut child = start(command(Path::new("."), &["scan", "-"]).stdin(Stdio::null()));
    assert_eq!(wait(&mut child, Duration::from_secs(5)), Some(0));
}
