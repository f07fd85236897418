//! What the program says when it cannot begin: what, where, and how to mend it; always status 2.

#[path = "support/binary.rs"]
mod binary;

use std::fs;

use crate::binary::run;

/// A rule file without flaw.
const RULE: &str = "provider = 'Example'\n\n[[rule]]\nid = 'example-key'\nname = 'n'\ndescription = 'd'\nkind = 'bearer'\nseverity = 'high'\n\
    confidence = 'medium'\npattern = '(?<secret>exk_[0-9a-f]{32})'\npositive = ['<secret>', 'x=<secret>']\nnegative = ['exk_', 'exl_<hex:32>']\n";

#[test]
fn usage_errors_name_what_is_wrong_and_how_to_mend_it() {
    let directory = tempfile::tempdir().expect("because there is room");
    for (name, text) in [
        ("a.txt", "nothing\n".to_owned()),
        ("short.key", "k".repeat(31)),
        ("list.json", "[1, 2]".to_owned()),
        ("text.json", "not json".to_owned()),
        ("other.json", r#"{"findings": []}"#.to_owned()),
        ("newer.json", r#"{"beartrap_baseline": 99, "entries": []}"#.to_owned()),
        ("good.toml", RULE.to_owned()),
        ("twin.toml", RULE.to_owned()),
        ("builtin.toml", RULE.replace("example-key", "github-pat")),
        ("syntax.toml", RULE.replace("[[rule]]", "[[rule")),
        ("field.toml", RULE.replace("kind =", "sort =")),
        ("kind.toml", RULE.replace("'bearer'", "'barer'")),
        ("open.toml", RULE.replace("{32}", "{32,}")),
        ("empty.toml", String::new()),
    ] {
        fs::write(directory.path().join(name), text).expect("because there is room");
    }
    let mut failures = Vec::new();
    for (args, expected) in [
        ("", &["Usage"][..]),
        ("scan --no-such-flag", &["--no-such-flag"]),
        ("scan --formt json", &["--format"]),
        ("scan --format yaml", &["yaml", "jsonl"]),
        ("scan --exit-code 300", &["300"]),
        ("scan --threads many", &["many"]),
        ("scan --max-file-size 10Q", &["`10Q` is not a size", "hint:"]),
        ("scan --output report.json", &["`report.json` is not an output", "hint:", "`sarif`"]),
        ("scan --output yaml=x", &["`yaml=x` is not an output", "hint:"]),
        ("scan --output json=no/such/directory/x", &["no/such/directory/x"]),
        ("scan --only github-pot", &["there is no rule `github-pot`", "hint: did you mean `github-pat`?"]),
        ("scan --disable githb-pat", &["there is no rule `githb-pat`", "hint: did you mean `github-pat`?"]),
        ("scan - a.txt", &["`-` cannot be combined with other paths", "hint:"]),
        ("scan - -", &["`-` cannot be combined", "hint:"]),
        ("scan --key-file short.key", &["short.key", "31 octets", "hint:"]),
        ("scan --key-file missing.key", &["missing.key"]),
        ("scan --prune-baseline", &["needs `--baseline FILE`"]),
        ("scan --baseline missing.json", &["missing.json"]),
        ("scan --baseline list.json", &["list.json:1", "not a baseline", "hint:"]),
        ("scan --baseline text.json", &["text.json:1", "not a baseline", "hint:"]),
        ("scan --baseline other.json", &["other.json:1", "not a baseline", "hint:"]),
        ("scan --baseline newer.json", &["newer.json:1", "99", "hint:"]),
        ("scan --rules missing.toml", &["missing.toml"]),
        ("scan --rules good.toml --rules twin.toml", &["rule `example-key` is defined twice", "good.toml", "twin.toml", "hint:"]),
        ("scan --rules builtin.toml", &["rule `github-pat` is defined twice", "the built-in rules", "builtin.toml", "hint:"]),
        ("scan --rules syntax.toml", &["syntax.toml:3", "hint:"]),
        ("scan --rules field.toml", &["field.toml:7", "`sort`", "hint:"]),
        ("scan --rules kind.toml", &["kind.toml:7", "`barer`", "hint:"]),
        ("scan --rules open.toml", &["open.toml:3", "rule `example-key`", "field `pattern`", "hint:"]),
        ("scan --rules empty.toml", &["empty.toml:1", "`provider`", "hint:"]),
        ("rules check open.toml", &["open.toml:3", "field `pattern`", "hint:"]),
        ("rules test nothing-of-the-kind", &["there is no rule"]),
        ("fingerprint", &["there is no token on standard input", "hint:"]),
    ] {
        let ran = run(directory.path(), &args.split_whitespace().collect::<Vec<_>>());
        let missing: Vec<_> = expected.iter().filter(|part| !ran.err().contains(**part)).collect();
        if ran.status != 2 || !ran.stdout.is_empty() || !missing.is_empty() {
            failures.push(format!("`{args}`: status {}, without {missing:?}: {}{}", ran.status, ran.out(), ran.err()));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn help_and_version_are_no_errors() {
    for args in [&["--help"][..], &["--version"], &["scan", "--help"], &["scan", "-h"], &["rules", "--help"]] {
        let ran = run(std::path::Path::new("."), args);
        assert!(ran.status == 0 && ran.out().contains("beartrap") && ran.err().is_empty(), "{args:?}");
    }
}

#[test]
fn a_report_that_cannot_be_written_is_no_clean_run() {
    let directory = tempfile::tempdir().expect("because there is room");
    fs::write(directory.path().join("a.txt"), "nothing\n").expect("because there is room");
    if std::path::Path::new("/dev/full").exists() {
        let ran = run(directory.path(), &["scan", "a.txt", "--output", "json=/dev/full"]);
        assert!(ran.status == 3 && ran.err().contains("error"), "{}: {}", ran.status, ran.err());
        let ran = run(directory.path(), &["scan", "a.txt", "--write-baseline", "no/such/directory/baseline.json"]);
        assert!(ran.status != 0 && ran.status != 1 && ran.err().contains("no/such/directory"), "{}: {}", ran.status, ran.err());
    }
}
