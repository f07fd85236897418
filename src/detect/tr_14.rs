//! One token was presented to a chain of servers.
//!
//! # What it asks
//!
//! Did two different servers get the same token in one trace, or within a minute of each other?
//!
//! # Why it matters
//!
//! A server that passes on the token it was given acts with its caller's power, and every server on the way can do so too. The
//! Model Context Protocol forbids it; a token for the next server is issued by exchange (RFC 8693).
//!
//! # Evidence
//!
//! Both uses and their servers as canonical URIs; hosts of one domain in `one_server` are one server.
//!
//! # When it is wrong
//!
//! A gateway and what stands behind it are one hop: declare the pair in `gateways`. Two servers that are both audiences of the token
//! may both have it; then HY-04 is the answer.

use std::collections::BTreeMap;

use crate::detect::detection::{Basis, Detection, Judge, comment, evidence};
use crate::detect::moment::Moment;
use crate::detect::server::Server;
use crate::detect::used::{Answer, Used};
use crate::model::grade::{Confidence, Severity};

/// The question.
pub const DETECTION: Detection = Detection {
    id: "TR-14",
    name: "token passed through",
    severity: Severity::High,
    basis: Basis::Deterministic,
    about: comment(include_str!("tr_14.rs")),
    judge: Judge::Used(judge),
};

/// A use and its server.
type Stop<'a> = (Moment<'a>, Server);

fn judge(case: &Used) -> Vec<Answer> {
    if case.firsts(|one| &one.what.record.aud).filter(|(_, one)| one.what.record.aud.is_some()).nth(1).is_none() {
        return Vec::new();
    }
    let mut lately: BTreeMap<Server, Moment> = BTreeMap::new();
    let mut of_trace: BTreeMap<&str, BTreeMap<Server, Moment>> = BTreeMap::new();
    let mut chains: BTreeMap<String, (Stop, Stop)> = BTreeMap::new();
    for (moment, server) in stops(case) {
        let mut earlier: Vec<Stop> = near(case, &lately, moment).collect();
        let trace = moment.one.what.record.trace_id.as_deref();
        if let Some(seen) = trace.and_then(|trace| of_trace.get(trace)) {
            earlier.extend(seen.iter().map(|(server, moment)| (*moment, server.clone())));
        }
        for first in earlier.into_iter().filter(|(_, other)| is_chain(case, other, &server)) {
            let mut names = [first.1.text(), server.text()];
            names.sort_unstable();
            chains.entry(names.join(" ")).or_insert_with(|| (first.clone(), (moment, server.clone())));
        }
        if let Some(trace) = trace {
            of_trace.entry(trace).or_default().entry(server.clone()).or_insert(moment);
        }
        lately.insert(server, moment);
    }
    let answers = chains.into_iter().map(|(slot, (first, second))| {
        let message = format!("one token was presented to `{}` and to `{}`", first.1.text(), second.1.text());
        let grounds = vec![evidence("servers", &slot)];
        case.answer(DETECTION.verdict(DETECTION.severity, Confidence::High, message, grounds), slot, vec![second.0.at, first.0.at])
    });
    answers.collect()
}

/// The uses whose server is known.
fn stops<'a>(case: &Used<'a>) -> impl Iterator<Item = Stop<'a>> {
    let domains = &case.options.one_server;
    case.moments().filter_map(move |moment| Some((moment, Server::read(moment.one.what.record.aud.as_deref()?).within(domains))))
}

/// Servers that had the token shortly before.
fn near<'a>(case: &Used, lately: &BTreeMap<Server, Moment<'a>>, now: Moment) -> impl Iterator<Item = Stop<'a>> {
    let window = case.options.passthrough_window.0;
    lately.iter().filter(move |(_, moment)| now.after(moment.time) <= window).map(|(server, moment)| (*moment, server.clone()))
}

/// Whether two servers are two, no declared pair, and not both meant to have the token.
fn is_chain(case: &Used, one: &Server, other: &Server) -> bool {
    let same = |a: &Server, b: &str| a.is(&Server::read(b)) == Some(true);
    let pair = |[a, b]: &[String; 2]| (same(one, a) && same(other, b)) || (same(one, b) && same(other, a));
    let meant = |server: &Server| case.audiences().iter().any(|audience| same(server, audience));
    one.is(other) == Some(false) && !case.options.gateways.iter().any(pair) && !(meant(one) && meant(other))
}
