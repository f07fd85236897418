//! Much about a token's user changed at once.
//!
//! # What it asks
//!
//! Within half an hour, at how many of network, system, place, client, TLS fingerprint and operating system were two or more
//! values seen, while more than one tool or server was called?
//!
//! # Why it matters
//!
//! One of them changes in daily life. Several at once are another machine.
//!
//! # Evidence
//!
//! The attributes and their values. Two that change are low, three medium, four or more high.
//!
//! # When it is wrong
//!
//! A person with two devices. Network, system and place often change together; a tool that spawns others shows several clients.

use std::collections::{BTreeMap, BTreeSet};

use crate::detect::attribute::{Attribute, names};
use crate::detect::detection::{Basis, Detection, Judge, comment, evidence};
use crate::detect::moment::Moment;
use crate::detect::used::{Answer, Used};
use crate::model::grade::{Confidence, Severity};

/// The question.
pub const DETECTION: Detection = Detection {
    id: "TR-17",
    name: "drift",
    severity: Severity::Medium,
    basis: Basis::Behavioural,
    about: comment(include_str!("tr_17.rs")),
    judge: Judge::Used(judge),
};

/// What is counted.
const COUNTED: [Attribute; 6] = [Attribute::Network, Attribute::System, Attribute::Place, Attribute::Client, Attribute::Tls, Attribute::Platform];

fn judge(case: &Used) -> Vec<Answer> {
    let length = case.options.drift_window.0.as_secs().max(1);
    let mut windows: BTreeMap<i64, Vec<Moment>> = BTreeMap::new();
    for moment in case.placed() {
        windows.entry(moment.time.seconds().div_euclid(length)).or_default().push(moment);
    }
    let drifts = windows.values().filter_map(|window| drift(case, window));
    drifts.max_by(|a, b| a.verdict.severity.cmp(&b.verdict.severity).then(b.at.cmp(&a.at))).into_iter().collect()
}

/// What changed within a window.
fn drift(case: &Used, window: &[Moment]) -> Option<Answer> {
    let targets: BTreeSet<_> = window.iter().map(|moment| (&moment.one.what.record.aud, &moment.one.what.record.tool)).collect();
    let changed: Vec<Attribute> = COUNTED.into_iter().filter(|attribute| changed_at(*attribute, window).is_some()).collect();
    let severity = match changed.len() {
        0 | 1 => return None,
        2 => Severity::Low,
        3 => Severity::Medium,
        _ => Severity::High,
    };
    if targets.len() < 2 {
        return None;
    }
    let confidence = if changed.len() > 2 { Confidence::Medium } else { Confidence::Low };
    let message = format!("{} of the token's callers changed within {}", names(&changed), case.options.drift_window);
    let grounds = changed.iter().map(|attribute| {
        let values = attribute.values(window.iter().map(|moment| moment.one));
        evidence(attribute.name(), values.into_iter().collect::<Vec<_>>().join(" "))
    });
    // It is decided by the use with which the last of them had changed.
    let decisive = changed.iter().filter_map(|attribute| changed_at(*attribute, window)).max()?;
    let verdict = DETECTION.verdict(severity, confidence, message, grounds.collect());
    Some(case.answer(verdict, "", vec![window[decisive].at, window[0].at]))
}

/// The place of the first use whose value is not the first one.
fn changed_at(attribute: Attribute, window: &[Moment]) -> Option<usize> {
    let mut different = window.iter().enumerate().collect::<Vec<_>>();
    different.dedup_by_key(|(_, moment)| attribute.logged(moment.one));
    let mut values = different.into_iter().filter_map(|(at, moment)| attribute.of(moment.one).map(|value| (at, value)));
    let (_, first) = values.next()?;
    values.find(|(_, value)| *value != first).map(|(at, _)| at)
}
