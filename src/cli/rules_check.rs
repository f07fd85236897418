//! `beartrap rules check`: every example of every rule with three different tokens.

use std::path::Path;
use std::sync::Arc;

use crate::cli::exit::Exit;
use crate::cli::terminal::say;
use crate::model::fingerprint::Fingerprint;
use crate::model::grade::Confidence;
use crate::model::origin::Origin;
use crate::rules::builtin::SOURCES;
use crate::rules::error::RulesError;
use crate::rules::example::expand;
use crate::rules::foreign::load::{Loaded, load_files};
use crate::rules::load::{WrittenRule, load_text};
use crate::rules::rule_set::RuleSet;
use crate::scan::engine::{Comments, Engine, Options};

/// How many different tokens each example is tried with.
const SEEDS: u64 = 3;

/// Checks the rules of a file or directory, or the built-in ones.
///
/// # Errors
///
/// Rules that cannot be loaded, or examples that fail.
pub fn check(path: Option<&Path>) -> anyhow::Result<Exit> {
    let Loaded { written, notes, foreign } = written(path)?;
    for note in &notes {
        say(format_args!("{note}"));
    }
    let (others, own): (Vec<&WrittenRule>, Vec<&WrittenRule>) = written.iter().partition(|written| written.rule.terms.is_some());
    for other in others.into_iter().filter(|other| !failures(other).is_empty()) {
        say(format_args!("{}: rule `{}`: it may miss tokens that are made from its expression", other.file, other.rule.info.id));
    }
    let failures: Vec<String> = own.iter().flat_map(|own| failures(own)).chain(clashes(&own)).collect();
    for failure in &failures {
        say(format_args!("{failure}"));
    }
    let examples: usize = written.iter().map(|rule| rule.positive.len() + rule.negative.len()).sum();
    if foreign.met > 0 {
        say(format_args!("{} of {} rules of other tools can be used", foreign.loaded, foreign.met));
    }
    say(format_args!("{} rules, {examples} examples, {} failures", written.len(), failures.len()));
    Ok(if failures.is_empty() { Exit::Clean } else { Exit::Usage })
}

/// The rules of a file or directory, or the built-in ones, as they are written.
///
/// # Errors
///
/// Rules that cannot be loaded.
pub fn written(path: Option<&Path>) -> Result<Loaded, RulesError> {
    let Some(path) = path else {
        let files = SOURCES.iter().map(|(file, text)| load_text(file, text)).collect::<Result<Vec<_>, _>>()?;
        return Ok(Loaded { written: files.concat(), ..Loaded::default() });
    };
    load_files(path)
}

/// Which examples another issuer's rule claims with more confidence, and partners that no rule has as its id.
#[must_use]
pub fn clashes(written: &[&WrittenRule]) -> Vec<String> {
    let set = RuleSet::of(written.iter().map(|written| written.rule.clone()));
    let engine = Engine::new(&set, Options { min_confidence: Confidence::Low, comments: Comments::Ignore, ..Options::default() });
    let origin = Arc::new(Origin::Memory("example".into()));
    let mut clashes = Vec::new();
    for WrittenRule { file, rule, positive, .. } in written {
        for text in positive {
            let example = expand(rule, text, 0);
            let wanted = Fingerprint::of(&example.secret.expect("because a positive example has one"));
            let other = engine
                .scan(&origin, &example.text)
                .into_iter()
                .find(|found| found.fingerprint() == Some(&wanted) && found.rule.provider != rule.info.provider);
            if let Some(other) = other.filter(|other| other.confidence > rule.confidence) {
                clashes.push(format!(
                    "{file}: rule `{}`: positive example `{text}`: rule `{}` claims it with more confidence",
                    rule.info.id, other.rule.id
                ));
            }
        }
        let unknown = rule.partner.before.iter().chain(&rule.partner.after).filter(|id| set.get(id).is_err() && RuleSet::builtin().get(id).is_err());
        clashes.extend(unknown.map(|id| format!("{file}: rule `{}`: field `partner`: no rule is called `{id}`", rule.info.id)));
    }
    clashes
}

/// What is wrong with a rule's examples; texts are shown as they are written, never with the token filled in.
#[must_use]
pub fn failures(written: &WrittenRule) -> Vec<String> {
    let set = RuleSet::of([written.rule.clone()]);
    let engine = Engine::new(&set, Options { min_confidence: Confidence::Low, comments: Comments::Ignore, ..Options::default() });
    let origin = Arc::new(Origin::Memory("example".into()));
    let fail = |kind: &str, text: &str, why: &str| format!("{}: rule `{}`: {kind} example `{text}`: {why}", written.file, written.rule.info.id);
    let mut failures = Vec::new();
    for seed in 0..SEEDS {
        for text in &written.positive {
            let example = expand(&written.rule, text, seed);
            let found = engine.scan(&origin, &example.text);
            let wanted = Fingerprint::of(&example.secret.expect("because a positive example has one"));
            if !found.iter().any(|finding| finding.fingerprint() == Some(&wanted) || finding.fingerprint().is_none()) {
                let why = if found.is_empty() { "nothing is found" } else { "what is found is not exactly `<secret>`" };
                failures.push(fail("positive", text, why));
            }
        }
        for text in &written.negative {
            let example = expand(&written.rule, text, seed);
            let found = engine.scan(&origin, &example.text);
            if found.iter().any(|finding| finding.confidence >= Confidence::Medium.min(written.rule.confidence)) {
                failures.push(fail("negative", text, "something is found"));
            }
        }
    }
    failures.sort();
    failures.dedup();
    failures
}
