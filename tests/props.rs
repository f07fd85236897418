//! Laws of the scan on random texts: chunks, pieces, threads, the naive search, bytes of any kind.

use std::fs;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use beartrap::model::finding::Finding;
use beartrap::model::grade::Confidence;
use beartrap::model::origin::Origin;
use beartrap::model::problem::Problem;
use beartrap::pipeline::progress::Progress;
use beartrap::pipeline::run::{self, scan_paths};
use beartrap::pipeline::scanner::Scanner;
use beartrap::pipeline::stream::Context;
use beartrap::pipeline::suppress::Report;
use beartrap::rules::builtin::SOURCES;
use beartrap::rules::byte_set::ByteSet;
use beartrap::rules::checksum;
use beartrap::rules::example::expand;
use beartrap::rules::generate::Random;
use beartrap::rules::load::{WrittenRule, load_text};
use beartrap::rules::rule::{Alternative, Rule};
use beartrap::rules::rule_set::RuleSet;
use beartrap::rules::shape::Step;
use beartrap::scan::boundary::may_begin;
use beartrap::scan::engine::{Comments, Engine, Filtered, Options};
use beartrap::sources::unpack::UnpackLimits;
use beartrap::sources::walk::WalkOptions;
use proptest::prelude::{ProptestConfig, any, prop_assert, prop_assert_eq, proptest};
use regex::bytes::{Regex, RegexBuilder};

use crate::laws::{breach, difference, whole};
use crate::text::{long, short, write};

#[path = "support/laws.rs"]
mod laws;
#[path = "support/marks.rs"]
mod marks;
#[path = "support/text.rs"]
mod text;
#[path = "support/tokens.rs"]
mod tokens;

static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
    let options = Options { min_confidence: Confidence::Low, ..Options::default() };
    Engine::new(&text::RULES, options)
});

/// Failures are reproduced by their parts, which the message shows: no file of seeds.
fn cases(count: u32) -> ProptestConfig {
    ProptestConfig { cases: count, failure_persistence: None, max_shrink_iters: 200, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn findings_do_not_depend_on_the_size_of_chunks(parts in short(), cores in 1..24_usize) {
        let text = write(&parts);
        prop_assert_eq!(breach(&ENGINE, &text, text.len().div_ceil(cores)), None);
    }

    #[test]
    fn findings_do_not_depend_on_the_pieces_that_arrive(parts in short(), sizes in proptest::collection::vec(1..400_usize, 1..20)) {
        let text = write(&parts);
        let mut scanner = Scanner::new(&ENGINE, Origin::Memory("test".into()));
        let mut found = Vec::new();
        let mut rest = &text[..];
        for size in sizes.iter().cycle() {
            let (piece, after) = rest.split_at(rest.len().min(*size));
            found.extend(scanner.push(piece));
            rest = after;
            if rest.is_empty() {
                break;
            }
        }
        found.extend(scanner.finish());
        prop_assert_eq!(difference(&whole(&ENGINE, &text), &found), None);
    }

    #[test]
    fn the_fast_search_finds_what_the_naive_one_finds(parts in short()) {
        let text = write(&parts);
        let (found, filtered) = UNCHECKED.scan_explained(&Arc::new(Origin::Memory("test".into())), &text);
        let mut spans: Vec<Range<u64>> = found.iter().map(|f| f.span).chain(filtered.iter().map(|f| f.span)).map(|s| s.start()..s.end()).collect();
        spans.sort_by_key(|span| span.start);
        for (id, span) in naive(&text) {
            let met = spans.iter().any(|other| other.start < span.end as u64 && (span.start as u64) < other.end);
            prop_assert!(met, "{} at {:?} of {} bytes", id, span, text.len());
        }
    }

    #[test]
    fn shapes_match_like_regular_expressions(rule in any::<proptest::sample::Index>(), seed in any::<u64>(), changes in 0..6_usize) {
        let rule = rule.get(text::RULES.rules());
        let mut random = Random::new(seed);
        let text = changed(rule, tokens::make(rule, seed % 50), changes, &mut random);
        for (number, alternative) in rule.alternatives.iter().enumerate() {
            let naive = regex_of(&pattern_of(alternative), alternative.tail);
            for start in 0..text.len() {
                let expected = naive_end(&naive, &text, start);
                let found = alternative.shape.match_at(&text, start, &alternative.tail);
                prop_assert_eq!(found, expected, "rule {}, alternative {}, from {} of {} bytes", rule.info.id, number, start, text.len());
            }
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..3000), core in 1..3000_usize) {
        prop_assert_eq!(breach(&ENGINE, &bytes, core.max(bytes.len() / 16)), None);
    }

    #[test]
    fn no_punctuation_makes_it_panic(bytes in proptest::collection::vec(proptest::sample::select(&b"\\%&#;xu0{}eyJ-._=+/\n\r\"' :AaZz9@\x1b[m<>"[..]), 0..3000)) {
        prop_assert_eq!(breach(&ENGINE, &bytes, bytes.len() / 9 + 1), None);
    }

    #[test]
    fn no_rule_file_makes_it_panic(edits in proptest::collection::vec((any::<proptest::sample::Index>(), any::<char>(), 0..40_usize), 0..6), file in any::<proptest::sample::Index>()) {
        let (_, text) = file.get(SOURCES);
        let mut text: Vec<char> = text.chars().take(6000).collect();
        for (at, with, removed) in edits {
            let at = at.index(text.len());
            let end = text.len().min(at + removed);
            text.splice(at..end, [with]);
        }
        laws::rule_file(&text.into_iter().collect::<String>());
    }
}

proptest! {
    #![proptest_config(cases(10))]

    #[test]
    fn findings_in_long_texts_do_not_depend_on_the_size_of_chunks(parts in long(), core in 4_000..120_000_usize) {
        let text = write(&parts);
        prop_assert_eq!(breach(&ENGINE, &text, core), None);
    }
}

proptest! {
    // Without shrinking: each case writes megabytes.
    #![proptest_config(ProptestConfig { max_shrink_iters: 0, ..cases(5) })]

    #[test]
    fn findings_do_not_depend_on_the_number_of_threads(files in proptest::collection::vec(long(), 1..9), threads in 2..5_usize) {
        let folder = tempfile::tempdir().expect("because the system has room for a folder");
        for (number, parts) in files.iter().enumerate() {
            let inner = folder.path().join(format!("d{}", number % 3));
            fs::create_dir_all(&inner).expect("because the folder is ours");
            let mut text = write(parts);
            if number == 0 {
                // Large enough for its chunks to be shared among threads.
                text = text.repeat((5 << 20) / text.len().max(1) + 1);
            }
            fs::write(inner.join(format!("f{number}.log")), text).expect("because the folder is ours");
        }
        let (one, many) = (heard(folder.path(), 1), heard(folder.path(), threads));
        prop_assert_eq!(difference(&one.findings, &many.findings), None);
        prop_assert!(one.problems.is_empty() && one.problems == many.problems && one.allowed == many.allowed && one.filtered == many.filtered);
    }
}

/// What a run reported.
#[derive(Default)]
struct Heard {
    findings: Vec<Finding>,
    allowed: u64,
    filtered: Vec<Filtered>,
    problems: Vec<Problem>,
}

impl Report for Heard {
    fn finding(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    fn allowed(&mut self, count: u64) {
        self.allowed += count;
    }

    fn filtered(&mut self, _: &Arc<Origin>, filtered: &Filtered) {
        self.filtered.push(filtered.clone());
    }

    fn problem(&mut self, problem: Problem) {
        self.problems.push(problem);
    }
}

fn heard(folder: &Path, threads: usize) -> Heard {
    let options = run::Options { threads, walk: WalkOptions::default(), limits: UnpackLimits::default() };
    let progress = Progress::default();
    let mut heard = Heard::default();
    scan_paths(Context { engine: &ENGINE, progress: &progress, listen: None }, vec![folder.to_owned()], &options, &mut heard);
    heard
}

/// Every anchored rule without its check, so that whatever has its shape is a finding or filtered.
static UNCHECKED: LazyLock<Engine> = LazyLock::new(|| {
    let rules = tokens::anchored().into_iter().map(|rule| WrittenRule {
        file: "test".into(),
        rule: Rule { check: None, ..rule },
        positive: Vec::new(),
        negative: Vec::new(),
    });
    let mut set = RuleSet::of([]);
    set.extend(rules.collect()).expect("because ids are unique");
    Engine::new(&set, Options { min_confidence: Confidence::Low, comments: Comments::Ignore, max_depth: 0, ..Options::default() })
});

/// A regular expression for every alternative of every anchored rule; equal ones once.
static NAIVE: LazyLock<Vec<(String, Vec<u8>, Regex)>> = LazyLock::new(|| {
    let mut all: Vec<(String, Vec<u8>, Regex)> = Vec::new();
    for rule in tokens::anchored() {
        for alternative in &rule.alternatives {
            let regex = regex_of(&pattern_of(alternative), alternative.tail);
            if all.iter().all(|(_, _, other)| other.as_str() != regex.as_str()) {
                all.push((rule.info.id.to_string(), alternative.shape.prefix().to_vec(), regex));
            }
        }
    }
    all
});

/// Every match of every anchored rule, tried at every byte.
fn naive(text: &[u8]) -> Vec<(&'static str, Range<usize>)> {
    let starts: Vec<usize> = (0..text.len()).filter(|start| may_begin(text, *start)).collect();
    let mut matches = Vec::new();
    for (id, prefix, regex) in NAIVE.iter() {
        for start in starts.iter().copied().filter(|start| text[*start..].starts_with(prefix)) {
            if let Some(end) = naive_end(regex, text, start) {
                matches.push((id.as_str(), start..end));
            }
        }
    }
    matches
}

/// The end of a match at `start`; the zero byte that no token holds stands for the end of the text.
fn naive_end(regex: &Regex, text: &[u8], start: usize) -> Option<usize> {
    let ended = [&text[start..], b"\0"].concat();
    regex.find(&ended).map(|found| start + found.end() - 1)
}

/// A pattern, at the start of the text, and one byte after it that could not have been part of it.
fn regex_of(pattern: &str, tail: ByteSet) -> Regex {
    let pattern = format!(r"(?s-u)\A(?:{pattern})[^{}]", class(tail));
    RegexBuilder::new(&pattern).unicode(false).size_limit(200 << 20).dfa_size_limit(200 << 20).build().expect("because shapes are regular")
}

fn pattern_of(alternative: &Alternative) -> String {
    let step = |step: &Step| match step {
        Step::Literal(bytes) => escaped(bytes.iter().copied()),
        Step::Class { set, min, max, lazy } => format!("[{}]{{{min},{max}}}{}", class(*set), if *lazy { "?" } else { "" }),
    };
    alternative.shape.0.iter().map(step).collect()
}

fn class(set: ByteSet) -> String {
    escaped(set.iter())
}

fn escaped(bytes: impl Iterator<Item = u8>) -> String {
    bytes.fold(String::new(), |text, b| text + &format!("\\x{b:02x}"))
}

/// A rule as it was written matches what its alternatives match, the first that does.
#[test]
fn alternatives_match_like_the_pattern_as_written() {
    let mut random = Random::new(11);
    for rule in text::RULES.rules() {
        let tail = rule.alternatives.iter().fold(rule.alternatives[0].tail, |all, alternative| all.union(alternative.tail));
        let naive = regex_of(&rule.pattern, tail);
        for seed in 0..12 {
            let text = changed(rule, tokens::make(rule, seed), usize::try_from(seed).unwrap_or(0) / 3, &mut random);
            for start in 0..text.len().min(60) {
                let found = rule.alternatives.iter().find_map(|alternative| alternative.shape.match_at(&text, start, &tail));
                assert_eq!(found, naive_end(&naive, &text, start), "rule {}, from {start} of {} bytes", rule.info.id, text.len());
            }
        }
    }
}

/// A token with bytes of its alphabet put in, taken out or exchanged, sometimes beyond its longest.
fn changed(rule: &Rule, mut token: Vec<u8>, changes: usize, random: &mut Random) -> Vec<u8> {
    let mut alphabet: Vec<u8> = token.clone();
    alphabet.extend(b"-_.=/ 0aZ");
    for _ in 0..changes {
        let at = random.below(token.len());
        let byte = alphabet[random.below(alphabet.len())];
        match random.below(6) {
            0 => drop(token.remove(at)),
            1 => token.insert(at, byte),
            2 => token[at] = byte,
            3 => token.truncate(at.max(1)),
            4 => drop(token.splice(at..at, std::iter::repeat_n(byte, random.below(40)))),
            _ => {
                let longest = rule.alternatives.iter().map(|alternative| alternative.shape.max_len()).max().unwrap_or(0);
                let more = longest.saturating_sub(token.len()).min(300) + random.below(3);
                drop(token.splice(at..at, std::iter::repeat_n(byte, more)));
            }
        }
        token.push(byte);
    }
    token
}

/// What filters listen for, before and after a token.
const TRIGGERS: &[(&str, &str)] = &[
    ("example ", " example"),
    ("your-token-here ", ""),
    ("# test vector: ", " test vector"),
    ("this is not a real token, for example ", " not a real one"),
    ("fake key ", " fake token"),
    ("${", "}"),
    ("{{ ", " }}"),
    ("{{", "}}"),
    ("<", ">"),
    ("$", ""),
    ("token_count=", ""),
    ("key_id: ", ""),
    ("public_key = ", ""),
    ("ssh-rsa certificate ", ""),
    ("csrf_nonce=", ""),
    ("commit ", ""),
    ("sha256-", ""),
    ("sha512:", ""),
    ("checksum sha256 ", ""),
    ("integrity=", ""),
    ("data:image/png;base64,", ""),
    ("src=url(data:font/woff2;base64,", ")"),
    ("https://host.test/a/b/c/", "/d"),
    ("/etc/keys/", ""),
    ("process.env.", ""),
    ("f(", "("),
    ("xxxxxxxx ", " xxxxxxxx"),
    ("changeme=", "; placeholder"),
];

#[test]
fn no_filter_silences_a_token_that_is_proven() {
    let engine = Engine::new(&text::RULES, Options { comments: Comments::Ignore, ..Options::default() });
    let minified = "!function(t,e){if(a){b(c);d(e)};return(f,g,h)}(i,j);".repeat(6);
    let triggers = TRIGGERS.iter().copied().chain([(minified.as_str(), ");}")]);
    let mut silenced = Vec::new();
    let mut tried = 0;
    for (before, after) in triggers {
        for rule in tokens::anchored() {
            let token = tokens::make(&rule, 9);
            if rule.check.and_then(|check| checksum::verify(check, &token)) != Some(true) {
                continue;
            }
            tried += 1;
            let text = [before.as_bytes(), &token, after.as_bytes()].concat();
            let found = whole(&engine, &text);
            let wanted = beartrap::model::fingerprint::Fingerprint::of(&token);
            if !found.iter().any(|finding| finding.fingerprint() == Some(&wanted) && finding.confidence == Confidence::High) {
                silenced.push(format!("{} after `{}`", rule.info.id, &before[..before.len().min(30)]));
            }
        }
    }
    assert!(silenced.is_empty() && tried > 100, "{} of {tried} are silenced\n{}", silenced.len(), silenced.join("\n"));
}

/// The seeds of the fuzzer, by target and name: the rule files, and their examples with tokens filled in; logs and records of all formats.
///
/// The first byte of a text for `scan` says how finely the others are cut, the first four of one for `records` and the first of one for
/// `imports` how it arrives.
fn seeds() -> Vec<(&'static str, String, Vec<u8>)> {
    let mut seeds = Vec::new();
    for (file, text) in SOURCES {
        let name = file.trim_start_matches("rules/").to_owned();
        seeds.push(("rule_file", name, text.as_bytes().to_vec()));
        for written in load_text(file, text).expect("because build.rs has loaded it") {
            for (number, template) in written.positive.iter().chain(&written.negative).enumerate() {
                let cut = u8::try_from(seeds.len() % 8).expect("because it is below 8");
                let text = [&[cut][..], &expand(&written.rule, template, 1).text].concat();
                seeds.push(("scan", format!("{}-{number}", written.rule.info.id), text));
            }
        }
    }
    for (target, folder, how) in [("records", "logs", &[0, 9, 80, 200][..]), ("imports", "ledger", &[40])] {
        for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(folder)).expect("because it is there") {
            let path = entry.expect("because it is readable").path();
            let text = marks::fill(&fs::read_to_string(&path).expect("because it is text"));
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            seeds.push((target, name, [how, text.as_bytes()].concat()));
        }
    }
    seeds
}

#[test]
fn the_seeds_of_the_fuzzer_hold_its_laws() {
    for (target, name, seed) in seeds() {
        match target {
            "scan" => assert_eq!(breach(&ENGINE, &seed[1..], seed.len() / (usize::from(seed[0]) + 1) + 1), None, "seed {name}"),
            "records" => laws::records(&seed[4..], &seed[..4]),
            "imports" => laws::imports(&seed[1..], seed[0]),
            _ => laws::rule_file(&String::from_utf8_lossy(&seed)),
        }
    }
}

#[test]
#[ignore = "writes the corpora of the fuzzer, which hold tokens and so are not committed: run it before `cargo fuzz`"]
fn write_the_seeds() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    for (target, name, seed) in seeds() {
        fs::create_dir_all(corpus.join(target)).expect("because the folder is ours");
        fs::write(corpus.join(target).join(name), seed).expect("because the folder is ours");
    }
}
