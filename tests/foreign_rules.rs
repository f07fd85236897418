//! Rule files of other tools through the binary and the library: what they find, what they leave out, what they lose to our own rules.

#[path = "support/binary.rs"]
mod binary;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use beartrap::model::grade::Confidence;
use beartrap::model::origin::Origin;
use beartrap::rules::foreign::load::load_text;
use beartrap::rules::foreign::syntax::{Dialect, mended};
use beartrap::rules::generate::{Random, token};
use beartrap::rules::load::WrittenRule;
use beartrap::rules::rule::Rule;
use beartrap::rules::rule_set::RuleSet;
use beartrap::scan::engine::{Engine, Options};
use proptest::prelude::{ProptestConfig, any, prop_assert_eq, proptest};
use regex::bytes::RegexBuilder;

use crate::binary::{Ran, run, run_on, text};

/// A file as gitleaks and betterleaks have them.
const GITLEAKS: &str = r#"
title = "rules of a team"

[extend]
useDefault = true

[allowlist]
stopwords = ["sandbox"]

[[rules]]
id = "acme-api-key"
description = "Acme API key"
regex = '''\b(acmk_[a-zA-Z0-9]{32})(?:[\x60'"\s;]|\\[nr]|$)'''
entropy = 3
keywords = ["acmk_"]
path = '''(?i)\.cfg$'''
[[rules.allowlists]]
regexTarget = "line"
regexes = ['''fixture$''']

[[rules]]
id = "Zedco_Client.Secret"
regex = '''(?i)[\w.-]{0,50}?(?:zedco)(?:[ \t\w.-]{0,20})[\s'"]{0,3}(?:=|>|:{1,3}=|\|\||:|=>|\?=|,)[\x60'"\s=]{0,5}([a-f0-9]{40})(?:[\x60'"\s;]|\\[nr]|$)'''
keywords = ["zedco"]
filter = '''
entropy(finding["secret"]) <= 2.5
'''

[[rules]]
id = "behind"
regex = '''(?<=key )[a-z]{40}'''
"#;

/// A file as kingfisher has them.
const KINGFISHER: &str = r"rules:
  - name: Initech service key
    id: kingfisher.initech.1
    pattern: |
      (?xi)
      \b
      initech
      (?:.|[\n\r]){0,32}?
      \b
      (
        [a-z0-9]{36}
      )
      \b
    pattern_requirements:
      min_digits: 2
      ignore_if_contains:
        - staging
    min_entropy: 3.0
    confidence: high
    examples:
      - initech_key = placeholder
    validation:
      type: Http
";

/// Files of three tools in one directory, and one of none.
fn files(root: &Path) {
    let folder = root.join("team");
    fs::create_dir(&folder).expect("because the directory is new");
    for (name, text) in [("a.toml", GITLEAKS), ("b.yaml", KINGFISHER), ("c.toml", "[package]\nname = 'x'\n"), ("d.yml", "services: {}\n")] {
        fs::write(folder.join(name), text).expect("because the directory is there");
    }
}

fn rules(name: &str, text: &str) -> Vec<Rule> {
    load_text(name, text).expect("because the test's file holds rules").written.into_iter().map(|written| written.rule).collect()
}

/// A token of the rule with this id.
fn made(id: &str, seed: u64) -> String {
    let all = [rules("a.toml", GITLEAKS), rules("b.yaml", KINGFISHER)].concat();
    let rule = all.iter().find(|rule| rule.info.id == id).expect("because the test's files hold it");
    String::from_utf8(token(rule, &mut Random::new(seed))).expect("because its characters are ASCII")
}

/// `rule@start..end` of every finding.
fn places(ran: &Ran) -> Vec<String> {
    let place = |finding: &serde_json::Value| format!("{}@{}..{}", text(&finding["rule"]), finding["span"]["start"], finding["span"]["end"]);
    ran.findings().iter().map(place).collect()
}

#[test]
fn tokens_of_all_tools_are_found_with_exact_ends() {
    let root = tempfile::tempdir().expect("because there is a temporary directory");
    files(root.path());
    let (acme, zedco, initech) = (made("gitleaks-acme-api-key", 1), made("gitleaks-zedco-client-secret", 2), made("kingfisher-initech-1", 3));
    let mut lines = String::new();
    let mut expected = Vec::new();
    for (rule, before, token, after) in [
        ("gitleaks-acme-api-key", "key: ", &acme, "\n"),
        ("gitleaks-acme-api-key", "{\"k\": \"", &acme, "\"}\n"),
        ("gitleaks-zedco-client-secret", "ZEDCO_SECRET=", &zedco, "\n"),
        ("gitleaks-zedco-client-secret", "zedco.client = '", &zedco, "';\n"),
        ("kingfisher-initech-1", "\n\n\n# Initech\nservice_key: ", &initech, "\n"),
        ("", "key: ", &acme, " fixture\n"),
        ("", "key: ", &format!("acmk_{}", "ab".repeat(16)), "\n"),
        ("", "key: ", &format!("{}sandbox{}", &acme[..15], &acme[22..]), "\n"),
        ("", "\n\n\nother.id = ", &zedco, "\n"),
    ] {
        lines.push_str(before);
        if !rule.is_empty() {
            expected.push(format!("{rule}@{}..{}", lines.len(), lines.len() + token.len()));
        }
        lines.push_str(token);
        lines.push_str(after);
    }
    fs::write(root.path().join("a.txt"), &lines).expect("because the directory is there");
    let ids = ["gitleaks-acme-api-key", "gitleaks-zedco-client-secret", "kingfisher-initech-1"];
    let only: Vec<&str> = ids.iter().flat_map(|id| ["--only", id]).collect();
    let ran = run(root.path(), &[&["scan", "a.txt", "--rules", "team", "-f", "jsonl"][..], &only].concat());
    assert_eq!(places(&ran), expected, "{}", ran.err());
    assert_eq!(ran.status, 1);
    for said in [
        "team/a.toml:10: rule `gitleaks-acme-api-key`: field `path` is not supported and left out",
        "rule `gitleaks-behind`: skipped: look-around",
        "team/b.yaml:2: rule `kingfisher-initech-1`: field `validation` is not supported and left out",
        "team/c.toml:1: skipped: it holds no rules",
        "team/d.yml:1: skipped: it holds no rules",
    ] {
        assert!(ran.err().contains(said), "{said}: {}", ran.err());
    }
    let quiet = run(root.path(), &["scan", "a.txt", "--rules", "team", "-q"]);
    assert_eq!((quiet.status, quiet.err().as_str()), (1, ""));
}

#[test]
fn check_says_how_many_rules_can_be_used() {
    let root = tempfile::tempdir().expect("because there is a temporary directory");
    files(root.path());
    let ran = run(root.path(), &["rules", "check", "team"]);
    assert!(ran.err().contains("3 of 4 rules of other tools can be used\n3 rules, 12 examples, 0 failures"), "{}", ran.err());
    assert_eq!(ran.status, 0);
    for (name, text) in [("none.toml", "[package]\nname = 'x'\n"), ("none.yml", "services: {}\n"), ("broken.yml", "rules: [\n")] {
        fs::write(root.path().join(name), text).expect("because the directory is there");
        let ran = run(root.path(), &["scan", "--rules", name, "team"]);
        assert_eq!(ran.status, 2, "{name}: {}", ran.err());
        assert!(ran.err().contains(&format!("{name}:1")), "{}", ran.err());
    }
}

#[test]
fn our_own_rule_stands_against_the_same_one_of_another_tool() {
    let root = tempfile::tempdir().expect("because there is a temporary directory");
    let ours = RuleSet::builtin();
    let is_plain = |rule: &&Rule| !rule.is_contextual() && rule.check.is_none() && rule.public_prefix().len() > 3;
    let rule = ours.rules().iter().find(is_plain).expect("because most formats have no checksum");
    let pattern = rule.pattern.replace("(?<secret>", "(");
    fs::write(root.path().join("a.toml"), format!("[[rules]]\nid = 'twin'\nregex = '''{pattern}'''\n")).expect("because the directory is there");
    let input = format!("key={}\n", String::from_utf8_lossy(&token(rule, &mut Random::new(7))));
    for (more, expected) in [(&[] as &[&str], rule.info.id.as_ref()), (&["--disable", rule.info.id.as_ref()][..], "gitleaks-twin")] {
        let ran = run_on(root.path(), &[&["scan", "-", "--rules", "a.toml", "-f", "jsonl"][..], more].concat(), input.as_bytes());
        let found: Vec<String> = ran.findings().iter().map(|finding| text(&finding["rule"])).collect();
        assert_eq!(found, [expected], "{}", ran.err());
    }
}

/// Expressions as other tools have them, each with how a token of it is carried.
const CARRIED: [(Dialect, &str, &[&str]); 12] = [
    (Dialect::Go, r"\bacmk_[0-9a-f]{32}\b", &["<>", "key=<>", "\"k\": \"<>\"", "see <>, there"]),
    (Dialect::Go, r#"\b(acmk-(?i)[a-z0-9]{32})(?:[\x60'"\s;]|\\[nr]|$)"#, &["<>", "key = '<>'", "k: <>;", "`<>`", "a\\n\\n <>\\n"]),
    (Dialect::Go, r"(?i)ACMK_[a-z0-9]{16}", &["key=<>", "(<>)", "https://h.test/?k=<>&x=1"]),
    (Dialect::Go, r"\b((?:A3Z[A-Z0-9]|ABCD|ABCE)[A-Z2-7]{16})\b", &["id = <>", "<>:x", "/<>/"]),
    (Dialect::Go, r"acmk_eyJ[a-zA-Z0-9+/]{50,}={0,3}", &["t=<>", "'<>'"]),
    (Dialect::Go, r"https://hooks\.acme\.test/services/T[A-Z0-9]{8}/[a-zA-Z0-9]{24}", &["url: <>", "curl -X POST <> -d x"]),
    (Dialect::Go, r"\b(acmk_(?:[a-z0-9]{4}-)+[a-z0-9]{16})\b", &["t=<>", "\"<>\""]),
    (
        Dialect::Go,
        r#"(?i)[\w.-]{0,50}?(?:acme)(?:[ \t\w.-]{0,20})[\s'"]{0,3}(?:=|>|:{1,3}=|\|\||:|=>|\?=|,)[\x60'"\s=]{0,5}([a-z0-9]{32})(?:[\x60'"\s;]|\\[nr]|$)"#,
        &["ACME_KEY=<>", "acme.token = '<>'", "{\"acmeSecret\": \"<>\"}", "const ACME_TOKEN = `<>`;", "acme_auth: <>"],
    ),
    (
        Dialect::Go,
        r#"(?i)[\w.-]{0,50}?(?:acme|zedco)(?:[ \t\w.-]{0,20})[\s'"]{0,3}(?:=|>|:{1,3}=|\|\||:|=>|\?=|,)[\x60'"\s=]{0,5}([a-f0-9]{40})(?:[\x60'"\s;]|\\[nr]|$)"#,
        &["zedco = <>", "export ACME_ID='<>'"],
    ),
    (Dialect::Rust, "(?x) \\b ( acmk_ [[:alnum:]]{32} ) \\b # a key", &["<>", "k=<>", "[<>]"]),
    (Dialect::Rust, r"(?xi) \b acme (?:.|[\n\r]){0,32}? \b ( [[:alnum:]]{40} ) \b", &["acme_key = <>", "# Acme\nsecret: \"<>\"", "ACME_TOKEN='<>'"]),
    (
        Dialect::Rust,
        r"(?xi) zedco [\s._-]* (?:api)?[\s._-]* key \s* (?:=|:) \s* [\x22']? (?P<TOKEN> [A-Z0-9_-]{24,64} )",
        &["zedco_api_key = '<>'", "zedco.key: <>"],
    ),
];

/// The rules that an expression becomes.
fn translated(dialect: Dialect, pattern: &str) -> Vec<WrittenRule> {
    let loaded = match dialect {
        Dialect::Go => load_text("a.toml", &format!("[[rules]]\nid = 'a'\nregex = '''{pattern}'''\n")),
        Dialect::Rust => load_text("a.yml", &format!("rules:\n  - id: a\n    pattern: {}\n", serde_json::json!(pattern))),
    };
    loaded.expect("because the test's file holds rules").written
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn a_translated_rule_finds_what_the_expression_captures(which in 0..CARRIED.len(), carrier in any::<proptest::sample::Index>(), seed in any::<u64>()) {
        let (dialect, pattern, carriers) = CARRIED[which];
        let rules = translated(dialect, pattern);
        let made = token(&rules[0].rule, &mut Random::new(seed));
        let (before, after) = carriers[carrier.index(carriers.len())].split_once("<>").expect("because every carrier has a place");
        let text = [b"x\n", before.as_bytes(), &made, after.as_bytes(), b"\n"].concat();
        let expression = RegexBuilder::new(&mended(pattern, dialect)).unicode(false).build().expect("because it was translated");
        let name = expression.capture_names().flatten().next();
        let captured: Vec<_> = expression
            .captures_iter(&text)
            .filter_map(|captures| name.map_or_else(|| captures.get(1).or_else(|| captures.get(0)), |name| captures.name(name)))
            .map(|secret| (secret.start() as u64, secret.end() as u64))
            .collect();
        let set = RuleSet::of(rules.into_iter().map(|written| written.rule));
        let engine = Engine::new(&set, Options { min_confidence: Confidence::Low, max_depth: 0, ..Options::default() });
        let found: Vec<_> = engine.scan(&Arc::new(Origin::Memory("text".into())), &text).iter().map(|finding| (finding.span.start(), finding.span.end())).collect();
        prop_assert_eq!(captured.len(), 1, "{} in {:?}", pattern, carriers);
        prop_assert_eq!(captured, found, "{} in {:?}", pattern, carriers);
    }
}
