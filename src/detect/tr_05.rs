//! A token did more than its scopes allow.
//!
//! # What it asks
//!
//! Did a request succeed that needed a scope which the token does not have? Or was it refused for lack of scope three times
//! within ten minutes?
//!
//! # Why it matters
//!
//! The first is a server that does not check; the second is somebody who tries out what a token can do, which its owner knows.
//!
//! # Evidence
//!
//! The scopes that the request needed, by the log, and those that were granted, by the record or else by the token. `files:*`
//! grants `files:read`; `scope_includes` names what other scopes include.
//!
//! # When it is wrong
//!
//! When the issuer's scopes include each other and nobody said so. A client that steps up asks once or twice with too little,
//! as the protocol wants it to.

use std::collections::BTreeSet;

use crate::detect::detection::{Basis, Detection, Judge, comment, evidence};
use crate::detect::glob;
use crate::detect::moment::{Moment, first_burst, last_first};
use crate::detect::used::{Answer, Use, Used};
use crate::model::grade::{Confidence, Severity};
use crate::model::text::Text;
use crate::model::token_use::Outcome;
use crate::model::verdict::Evidence;

/// The question.
pub const DETECTION: Detection = Detection {
    id: "TR-05",
    name: "scope exceeded",
    severity: Severity::Critical,
    basis: Basis::Deterministic,
    about: comment(include_str!("tr_05.rs")),
    judge: Judge::Used(judge),
};

fn judge(case: &Used) -> Vec<Answer> {
    if case.scopes().is_empty() {
        return Vec::new();
    }
    let granted = granted(case);
    succeeded(case, &granted).into_iter().chain(refused(case, &granted)).collect()
}

/// One answer for each set of scopes that was missing.
fn succeeded(case: &Used, granted: &BTreeSet<&str>) -> Vec<Answer> {
    let mut told = BTreeSet::new();
    let beyond = case.uses.iter().enumerate().filter(|(_, one)| one.what.record.outcome == Outcome::Success);
    let beyond = beyond.filter_map(|(at, one)| missing(one, granted).map(|scopes| (at, scopes))).filter(|(_, scopes)| told.insert(scopes.clone()));
    let answers = beyond.map(|(at, scopes)| {
        let message = format!("a request succeeded that needed the scope `{scopes}`, which the token does not have");
        case.answer(DETECTION.verdict(DETECTION.severity, Confidence::High, message, grounds(case, &scopes)), scopes, vec![at])
    });
    answers.collect()
}

fn refused(case: &Used, granted: &BTreeSet<&str>) -> Option<Answer> {
    let refused = case.moments().filter(|moment| moment.outcome() == Outcome::Denied && missing(moment.one, granted).is_some());
    let refused: Vec<Moment> = refused.collect();
    let burst = first_burst(&refused, case.options.scope_denials, case.options.scope_window)?;
    let scopes = missing(burst.last()?.one, granted)?;
    let message = format!("the token was refused {} times within {} for lack of scope", burst.len(), case.options.scope_window);
    Some(case.answer(DETECTION.verdict(Severity::Medium, Confidence::High, message, grounds(case, &scopes)), "refused", last_first(burst)))
}

fn grounds(case: &Used, scopes: &str) -> Vec<Evidence> {
    vec![evidence("scope_required", scopes), evidence("scope", case.scopes().join(" "))]
}

/// Granted scopes and all that they include.
fn granted<'a>(case: &Used<'a>) -> BTreeSet<&'a str> {
    let includes = &case.options.scope_includes;
    let mut open: Vec<&str> = case.scopes().iter().map(String::as_str).collect();
    let mut granted = BTreeSet::new();
    while let Some(scope) = open.pop() {
        if granted.insert(scope) {
            open.extend(includes.get(scope).into_iter().flatten().map(String::as_str));
        }
    }
    granted
}

/// The needed scopes that were not granted; `None` where all were.
fn missing(one: &Use, granted: &BTreeSet<&str>) -> Option<String> {
    let holds = |needed: &Text| granted.iter().any(|scope| glob::matches(scope, needed));
    let missing: BTreeSet<&str> = one.what.record.scope_required.iter().filter(|needed| !holds(needed)).map(Text::as_str).collect();
    (!missing.is_empty()).then(|| missing.into_iter().collect::<Vec<_>>().join(" "))
}
