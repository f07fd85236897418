//! Another program took a token over.
//!
//! # What it asks
//!
//! Within 24 hours, did the token come from a new network with a user agent unlike all before it? Or did it come from programs
//! after it had only come from browsers?
//!
//! # Why it matters
//!
//! A session cookie out of a browser goes into a script; that change is what theft of sessions looks like from the server.
//!
//! # Evidence
//!
//! The new user agent and those before it. A new version of one program is the same program.
//!
//! # When it is wrong
//!
//! When a person pastes their own token into a script. A user agent is the caller's own word: a careful thief copies it, so silence
//! proves nothing.

use crate::detect::agent_name::{AgentName, ClientKind, likeness};
use crate::detect::detection::{Basis, Detection, Judge, comment, evidence};
use crate::detect::moment::Moment;
use crate::detect::used::{Answer, Source, Used};
use crate::model::grade::{Confidence, Severity};

/// The question.
pub const DETECTION: Detection = Detection {
    id: "TR-18",
    name: "client swap",
    severity: Severity::Medium,
    basis: Basis::Behavioural,
    about: comment(include_str!("tr_18.rs")),
    judge: Judge::Used(judge),
};

fn judge(case: &Used) -> Vec<Answer> {
    let named: Vec<(Moment, &str)> = case.moments().filter_map(|moment| Some((moment, moment.one.what.record.user_agent.as_deref()?))).collect();
    // A client that was seen with the token is remembered; different ones are few.
    let mut known: Vec<(Moment, &str)> = Vec::new();
    for (moment, agent) in named.into_iter().filter(|(moment, _)| moment.one.source != Source::Cloud) {
        known.retain(|(seen, _)| moment.after(seen.time) <= case.options.client_window.0);
        if let Some(how) = swap(case, &known, (&moment, agent)) {
            let before: Vec<&str> = known.iter().map(|(_, agent)| *agent).collect();
            let message = format!("the token moved to another program: {how}");
            let grounds = vec![evidence("client", agent), evidence("network", moment.one.source), evidence("clients_before", before.join(" | "))];
            let uses = std::iter::once(moment.at).chain(known.last().map(|(seen, _)| seen.at)).collect();
            return vec![case.answer(DETECTION.verdict(DETECTION.severity, Confidence::Medium, message, grounds), "", uses)];
        }
        known.retain(|(seen, other)| !(*other == agent && seen.one.source == moment.one.source));
        known.push((moment, agent));
    }
    Vec::new()
}

/// How this client differs from all before it.
fn swap(case: &Used, known: &[(Moment, &str)], (moment, agent): (&Moment, &str)) -> Option<&'static str> {
    let is_placed = !matches!(moment.one.source, Source::Unknown);
    let new_network = is_placed && known.iter().all(|(seen, _)| seen.one.source != moment.one.source);
    let is_new = known.iter().all(|(_, other)| *other != agent);
    let is_browser = |agent: &str| AgentName::read(agent).kind == ClientKind::Browser;
    let alike = || known.iter().map(|(_, other)| likeness(other, agent)).fold(0.0, f64::max);
    if known.is_empty() || !is_new {
        None
    } else if !is_browser(agent) && known.iter().all(|(_, other)| is_browser(other)) {
        Some("from a browser to a script")
    } else {
        (new_network && alike() < case.options.client_likeness).then_some("another client in a new network")
    }
}
