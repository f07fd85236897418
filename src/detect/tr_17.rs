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
    let number = |moment: &Moment| moment.time.seconds().div_euclid(length);
    let moments: Vec<Moment> = case.placed().collect();
    let windows = moments.chunk_by(|one, next| number(one) == number(next));
    let drifts = windows.filter_map(|window| drift(case, window));
    drifts.max_by(|a, b| a.verdict.severity.cmp(&b.verdict.severity).then(b.at.cmp(&a.at))).into_iter().collect()
}

/// What changed within a window.
fn drift(case: &Used, window: &[Moment]) -> Option<Answer> {
    let changed: Vec<Attribute> = COUNTED.into_iter().filter(|attribute| changed_at(*attribute, window).is_some()).collect();
    let severity = match changed.len() {
        0 | 1 => return None,
        2 => Severity::Low,
        3 => Severity::Medium,
        _ => Severity::High,
    };
    if window.iter().all(|moment| target(moment) == target(&window[0])) {
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

/// What a use was for.
fn target<'a>(moment: &Moment<'a>) -> (Option<&'a str>, Option<&'a str>) {
    let record = &moment.one.what.record;
    (record.aud.as_deref(), record.tool.as_deref())
}

/// The place of the first use whose value is not the first one.
fn changed_at(attribute: Attribute, window: &[Moment]) -> Option<usize> {
    let before = |at: usize| at.checked_sub(1).map(|at| attribute.logged(window[at].one));
    let different = window.iter().enumerate().filter(|(at, moment)| before(*at) != Some(attribute.logged(moment.one)));
    let mut values = different.filter_map(|(at, moment)| attribute.of(moment.one).map(|value| (at, value)));
    let (_, first) = values.next()?;
    values.find(|(_, value)| *value != first).map(|(at, _)| at)
}
