//! A thousand tokens of every rule, each captured exactly in the rule's first positive example.
//!
//! Tokens are made here from a seed and never written down; messages show rules and counts.

use std::sync::Arc;

use beartrap::model::finding::Finding;
use beartrap::model::fingerprint::Fingerprint;
use beartrap::model::grade::Confidence;
use beartrap::model::origin::Origin;
use beartrap::rules::builtin::SOURCES;
use beartrap::rules::checksum::verify;
use beartrap::rules::example::expand;
use beartrap::rules::load::{WrittenRule, load_text};
use beartrap::rules::rule_set::RuleSet;
use beartrap::rules::spec::Check;
use beartrap::scan::engine::{Comments, Engine, Options};
use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};

/// Tokens of each rule.
const TOKENS: u64 = 1000;
/// Rules of which many tokens are silenced, and why.
const EXCEPTIONS: [(&str, &str); 1] = [("appsflyer-api-token", "one of its forms is a UUID, which no name alone makes a secret")];

#[test]
fn a_thousand_tokens_of_every_rule_are_captured_exactly() {
    let written: Vec<WrittenRule> = SOURCES.iter().flat_map(|(file, text)| load_text(file, text).expect("because build.rs has loaded it")).collect();
    let mut missed: Vec<(u64, &WrittenRule)> = written.par_iter().map(|written| (missed(written), written)).collect();
    let all: u64 = missed.iter().map(|(count, _)| count).sum();
    missed.retain(|(count, written)| *count > allowed(written));
    let rows: Vec<String> = missed.iter().map(|(count, written)| format!("{count:5} {}", written.rule.info.id)).collect();
    assert!(rows.is_empty(), "{all} tokens of {} rules are missed; rules that miss too many:\n{}", written.len(), rows.join("\n"));
}

/// How many tokens of a rule may look like text or like a placeholder by chance: the shorter they are, the more.
fn allowed(written: &WrittenRule) -> u64 {
    let rule = &written.rule;
    let judged_by_looks = rule.is_contextual() || rule.check == Some(Check::Random);
    let shortest = rule.alternatives.iter().map(|alternative| alternative.shape.min_len() - alternative.shape.prefix().len()).min().unwrap_or(0);
    match shortest {
        _ if EXCEPTIONS.iter().any(|(id, _)| *id == rule.info.id) => TOKENS,
        _ if rule.check.is_some_and(|check| verify(check, b"").is_some()) => 0,
        _ if !judged_by_looks => 2,
        0..16 => TOKENS / 5,
        _ => TOKENS / 40,
    }
}

/// How many of the rule's tokens are not found exactly; the examples stand in one text, apart from each other.
fn missed(written: &WrittenRule) -> u64 {
    let set = RuleSet::of([written.rule.clone()]);
    let options = Options { min_confidence: Confidence::Low, comments: Comments::Ignore, max_depth: 1, ..Options::default() };
    let engine = Engine::new(&set, options);
    let template = written.positive.first().expect("because every rule has examples");
    let origin = Arc::new(Origin::Memory("examples".into()));
    let mut count = 0;
    let mut seeds = 0..TOKENS;
    while !seeds.is_empty() {
        let (text, wanted) = page(written, template, seeds.by_ref().take(PAGE));
        let found = engine.scan(&origin, &text);
        count += wanted.iter().filter(|(place, fingerprint)| !found.iter().any(|finding| is_it(finding, *place, fingerprint))).count() as u64;
    }
    count
}

/// Examples in one text: so many that an engine is asked seldom, so few that findings are quickly compared.
const PAGE: usize = 50;
/// What stands between two examples, longer than words are looked for.
const APART: &str = "\n\n\n................................................................\n\n\n";

/// The token of an example: where its text begins and ends, and its fingerprint.
type Wanted = ((u64, u64), Fingerprint);

/// Several examples in one text.
fn page(written: &WrittenRule, template: &str, seeds: impl Iterator<Item = u64>) -> (Vec<u8>, Vec<Wanted>) {
    let (mut text, mut wanted) = (Vec::new(), Vec::new());
    for seed in seeds {
        let example = expand(&written.rule, template, seed);
        let start = text.len() as u64;
        text.extend(example.text);
        wanted.push(((start, text.len() as u64), Fingerprint::of(&example.secret.expect("because a positive example has one"))));
        text.extend(APART.as_bytes());
    }
    (text, wanted)
}

/// Whether the finding is this token; of a secret that can be guessed, no fingerprint is told, and its place must do.
fn is_it(finding: &Finding, (start, end): (u64, u64), fingerprint: &Fingerprint) -> bool {
    (start..end).contains(&finding.span.start()) && finding.fingerprint().is_none_or(|found| found == fingerprint)
}
