//! A token was presented to a server that it was not issued for.
//!
//! # What it asks
//!
//! Is the server none of the token's audiences, compared as canonical URIs (RFC 8707, section 2)?
//!
//! # Why it matters
//!
//! A server that takes tokens for others can be fed with any of them, and a server that collects them can use them elsewhere.
//!
//! # Evidence
//!
//! The server as the log names it, and the audiences, by the record or else by the token. Where either is only a host, hosts are
//! compared and the severity is medium.
//!
//! # When it is wrong
//!
//! When the log knows the server by another name: the issuer's `servers` say which names belong to an audience. Names that
//! are no URIs are compared with each other only.

use std::collections::{BTreeMap, BTreeSet};

use crate::detect::detection::{Basis, Detection, Judge, comment, evidence};
use crate::detect::server::{Fit, Server, fit};
use crate::detect::used::{Answer, Used};
use crate::model::grade::{Confidence, Severity};

/// The question.
pub const DETECTION: Detection = Detection {
    id: "TR-04",
    name: "wrong audience",
    severity: Severity::High,
    basis: Basis::Deterministic,
    about: comment(include_str!("tr_04.rs")),
    judge: Judge::Used(judge),
};

fn judge(case: &Used) -> Vec<Answer> {
    let audience = audience(case);
    let mut foreign: BTreeMap<Server, (Severity, usize)> = BTreeMap::new();
    if audience.is_empty() {
        return Vec::new();
    }
    for (at, one) in case.firsts(|one| &one.what.record.aud) {
        let Some(server) = one.what.record.aud.as_deref().map(Server::read) else { continue };
        match fit(&server, &audience) {
            Fit::Possible => {}
            Fit::Foreign => _ = foreign.entry(server).or_insert((DETECTION.severity, at)),
            Fit::ForeignHost => _ = foreign.entry(server).or_insert((Severity::Medium, at)),
        }
    }
    let answers = foreign.into_iter().map(|(server, (severity, at))| {
        let message = format!("the token was presented to `{}`, which is none of its audiences", server.text());
        let confidence = if severity == DETECTION.severity { Confidence::High } else { Confidence::Medium };
        let grounds = vec![evidence("audience", case.audiences().join(" "))];
        case.answer(DETECTION.verdict(severity, confidence, message, grounds), server.text(), vec![at])
    });
    answers.collect()
}

/// The audiences, and the names by which logs know them.
fn audience(case: &Used) -> BTreeSet<Server> {
    let names = case.options.of_issuer(case.iss()).map(|issuer| &issuer.servers);
    let alias = |audience: &String| names.and_then(|names| names.get(audience)).into_iter().flatten().cloned().collect::<Vec<_>>();
    let all = case.audiences().iter().flat_map(|audience| alias(audience).into_iter().chain([audience.clone()]));
    all.map(|name| Server::read(&name)).collect()
}
