//! A token was used from two networks at the same time.
//!
//! # What it asks
//!
//! Within ten minutes, do two networks take turns: each at least twice, one between uses of the other?
//!
//! # Why it matters
//!
//! A person who moves from one network to another does not go back and forth. Two holders do.
//!
//! # Evidence
//!
//! The networks and the four uses that show it. It is the one answer that rests on behaviour and raises an alarm alone.
//!
//! # When it is wrong
//!
//! Clients with two ways out at once, such as a split tunnel. A machine that speaks IPv4 and IPv6 in turn is not held for two as long
//! as both look like one client. Where systems are known, networks of one system are one source.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::detect::agent_name::likeness;
use crate::detect::detection::{Basis, Detection, Judge, comment, evidence};
use crate::detect::moment::Moment;
use crate::detect::used::{Answer, Source, Use, Used};
use crate::model::grade::{Confidence, Severity};

/// The question.
pub const DETECTION: Detection = Detection {
    id: "TR-16",
    name: "concurrent sources",
    severity: Severity::High,
    basis: Basis::Behavioural,
    about: comment(include_str!("tr_16.rs")),
    judge: Judge::Used(judge),
};

fn judge(case: &Used) -> Vec<Answer> {
    let moments: Vec<Moment> = case.placed().collect();
    let mut of_source: BTreeMap<Source, Vec<usize>> = BTreeMap::new();
    for (at, moment) in moments.iter().enumerate() {
        let own = of_source.entry(moment.one.source).or_default();
        own.push(at);
        let previous = own.len().checked_sub(2).map(|place| own[place]);
        let turn = previous.filter(|previous| moment.after(moments[*previous].time) <= case.options.interleave_window.0);
        let Some(previous) = turn else { continue };
        // Somebody else came between two uses of this source; they must have come twice within the window.
        let between = &moments[previous + 1..at];
        let other =
            between.iter().find_map(|other| twice(case, &moments, &of_source[&other.one.source], moment).filter(|_| two(moment.one, other.one)));
        if let Some([first, second]) = other {
            let networks = [moment.one.source, moments[first].one.source].map(|source| source.to_string()).join(" ");
            let message = format!("two networks used the token in turn within {}", case.options.interleave_window);
            let verdict = DETECTION.verdict(DETECTION.severity, Confidence::Medium, message, vec![evidence("networks", networks)]);
            let uses = [at, second, previous, first].map(|place| moments[place].at).to_vec();
            return vec![case.answer(verdict, "", uses)];
        }
    }
    Vec::new()
}

/// The last two uses of a source, both within the window.
fn twice(case: &Used, moments: &[Moment], places: &[usize], now: &Moment) -> Option<[usize; 2]> {
    let [.., first, second] = places[..] else { return None };
    (now.after(moments[first].time) <= case.options.interleave_window.0).then_some([first, second])
}

/// Whether two networks are two: addresses of both families may be one machine's.
fn two(one: &Use, other: &Use) -> bool {
    let is_v4 = |one: &Use| matches!(one.source, Source::Network(IpAddr::V4(_), _));
    let is_v6 = |one: &Use| matches!(one.source, Source::Network(IpAddr::V6(_), _));
    let mixed = (is_v4(one) && is_v6(other)) || (is_v6(one) && is_v4(other));
    let agent = |one: &Use| one.what.record.user_agent.clone().unwrap_or_default();
    !mixed || likeness(&agent(one), &agent(other)) < 0.95
}
