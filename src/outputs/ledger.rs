//! What the ledger says about a token, in lines for people, escaped.

use crate::model::instant::Instant;
use crate::model::issuance::Issuance;
use crate::model::ledger_match::{LedgerMatch, Liveness, Ours, Standing};
use crate::outputs::escape::{code, visible};
use crate::outputs::summary::counted;

/// Labelled lines about a finding's token.
#[must_use]
pub fn ledger_lines(standing: &Standing) -> Vec<(&'static str, String)> {
    match standing {
        Standing::Unasked | Standing::No => Vec::new(),
        Standing::Possibly => vec![("ours", "possibly issued by your organisation: look it up where the ledger is".to_owned())],
        Standing::Yes(ours) => lines(ours),
    }
}

fn lines(ours: &Ours) -> Vec<(&'static str, String)> {
    let mut lines = match_lines(&ours.matched);
    lines.extend(
        ours.verdicts.iter().map(|verdict| ("means", format!("{} {}: {}", verdict.id, verdict.severity.as_str(), visible(&verdict.message)))),
    );
    lines
}

/// Labelled lines about a token of ours.
#[must_use]
pub fn match_lines(matched: &LedgerMatch) -> Vec<(&'static str, String)> {
    let issuance = &matched.issuance;
    let mut lines = vec![("ours", format!("{}; {}", holder(issuance), life(matched)))];
    let power = power(issuance);
    if !power.is_empty() {
        lines.push(("may", power));
    }
    if !issuance.actor_chain.is_empty() {
        let chain: Vec<String> = issuance.actor_chain.iter().rev().map(|actor| code(actor)).collect();
        lines.push(("chain", chain.join(" -> ")));
    }
    let first = matched.exposures.iter().map(|exposure| exposure.first_seen).min();
    let last = matched.exposures.iter().map(|exposure| exposure.last_seen).max();
    if let (Some(first), Some(last)) = (first, last) {
        let places = counted(matched.exposures.len() as u64, "place");
        let times = matched.exposures.iter().map(|exposure| exposure.count).sum();
        lines.push(("seen", format!("{} at {places}, first {first}, last {last}", counted(times, "time"))));
    }
    lines
}

/// To whom a token was issued.
#[must_use]
pub fn holder(issuance: &Issuance) -> String {
    let to = &issuance.issued_to;
    let named = |word: &str, name: &Option<String>| name.as_ref().map(|name| format!("{word} {}", code(name)));
    let who: Vec<String> = [
        named("agent", &to.agent_id.clone().or(to.agent_name.clone())),
        named("workload", &to.workload_id),
        named("client", &to.client_id),
        named("user", &to.user),
        named("tenant", &to.tenant),
        named("session", &to.session_id),
        named("task", &to.task_id),
    ]
    .into_iter()
    .flatten()
    .collect();
    let issuer = issuance.iss.as_ref().or(issuance.provider.as_ref()).map(|issuer| format!(" by {}", code(issuer))).unwrap_or_default();
    if who.is_empty() { format!("issued{issuer}, to whom is not recorded") } else { format!("issued{issuer} to {}", who.join(", ")) }
}

fn power(issuance: &Issuance) -> String {
    let list = |word: &str, names: &[String]| {
        (!names.is_empty()).then(|| format!("{word} {}", names.iter().map(|name| code(name)).collect::<Vec<_>>().join(" ")))
    };
    [list("scope", &issuance.scope), list("tools", &issuance.tools), list("audience", &issuance.aud)]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(", ")
}

fn life(matched: &LedgerMatch) -> String {
    let revoked = matched.issuance.revoked(&matched.events);
    match (matched.liveness_now, matched.seconds_left) {
        (Liveness::Live, Some(left)) => format!("live for {} more", span(left)),
        (Liveness::Live, None) => "live, without end".to_owned(),
        (Liveness::Expired, _) => format!("expired{}", at(matched.issuance.expires_at)),
        (Liveness::Revoked, _) => format!("revoked{}", at(revoked)),
        (Liveness::Unknown, _) => "whether it is alive is not known".to_owned(),
    }
}

fn at(time: Option<Instant>) -> String {
    time.map(|time| format!(" at {time}")).unwrap_or_default()
}

/// Such as `41 minutes`, `3 hours`, `12 days`.
#[must_use]
pub fn span(seconds: i64) -> String {
    let count = |unit: i64, word: &str| counted(u64::try_from(seconds / unit).unwrap_or(0), word);
    match seconds {
        ..120 => count(1, "second"),
        120..7200 => count(60, "minute"),
        7200..172_800 => count(3600, "hour"),
        _ => count(86_400, "day"),
    }
}
