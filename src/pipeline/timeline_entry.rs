//! Single entries of a token's life: one record -> one line and its details.

use serde::Serialize;
use serde_json::Value;

use crate::detect::used::Use;
use crate::model::exposure::{Exposure, Reach};
use crate::model::instant::Instant;
use crate::model::issuance::Issuance;
use crate::model::judgement::Judgement;
use crate::model::lifecycle::{LifecycleEvent, Target};
use crate::model::timeline::{Entry, EntryKind, Placed};
use crate::model::token_key::TokenKey;
use crate::model::token_use::{Outcome, Record};
use crate::model::verdict::Evidence;

/// A token that it was made from, and its record where the ledger has it.
#[must_use]
pub fn parent(key: &TokenKey, record: Option<&Issuance>) -> Entry {
    let to = record.map(|record| format!(", issued{}", holder(record))).unwrap_or_default();
    entry(EntryKind::Parent, record.and_then(|record| record.issued_at), format!("made from {}{to}", short(key)), vec![detail("key", key)])
}

/// Its issuance.
#[must_use]
pub fn issued(issuance: &Issuance) -> Entry {
    let until = issuance.expires_at.map_or_else(|| ", without end".to_owned(), |end| format!(", until {end}"));
    let mut details = members(&issuance.issued_to);
    let lists = [("scope", &issuance.scope), ("tools", &issuance.tools), ("aud", &issuance.aud), ("actor_chain", &issuance.actor_chain)];
    details.extend(lists.into_iter().filter(|(_, list)| !list.is_empty()).map(|(name, list)| detail(name, &list.join(" "))));
    details.extend(issuance.family_id.iter().map(|family| detail("family_id", family)));
    entry(EntryKind::Issued, issuance.issued_at, format!("{}{until}", holder(issuance).trim_start_matches([',', ' '])), details)
}

/// A token that was made from it.
#[must_use]
pub fn child(issuance: &Issuance) -> Entry {
    let name = issuance.keys().first().map(short).unwrap_or_default();
    let details = issuance.keys().iter().map(|key| detail("key", key)).chain(members(&issuance.issued_to)).collect();
    entry(EntryKind::Child, issuance.issued_at, format!("{name} was made from it, issued{}", holder(issuance)), details)
}

/// A fact. One about revocation is its revocation.
#[must_use]
pub fn fact(event: &LifecycleEvent) -> Entry {
    let word = word(&event.event);
    let (kind, what) = match word.as_str() {
        "revoked" => (EntryKind::Revoked, "it was revoked".to_owned()),
        other => (EntryKind::Fact, other.replace('_', " ")),
    };
    let whose = match &event.target {
        Target::Key(_) => String::new(),
        Target::Family(id) => format!(", with its family {id}"),
        Target::Session(id) => format!(", session {id}"),
        Target::Task(id) => format!(", task {id}"),
        Target::Subject(id) => format!(", with all of {id}"),
    };
    let successor = event.successor.as_ref().map(|key| format!(", replaced by {}", short(key))).unwrap_or_default();
    let reason = event.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    entry(kind, Some(event.at), format!("{what}{whose}{successor}{reason}"), members(event))
}

/// A place where it lay.
#[must_use]
pub fn exposed(exposure: &Exposure) -> Entry {
    let external = if exposure.reach == Reach::External { ", which others can read" } else { "" };
    let again = match exposure.count {
        0 | 1 => String::new(),
        count => format!(", {count} times until {}", exposure.last_seen),
    };
    let text = format!("lay in {}:{} ({}){external}{again}", exposure.location, exposure.line, word(&exposure.kind).replace('_', " "));
    entry(EntryKind::Exposed, Some(exposure.first_seen), text, members(exposure))
}

/// A use: who, from where, with what, and what came of it.
#[must_use]
pub fn used(one: &Use) -> Entry {
    let record = &one.what.record;
    let from = match (&record.source_ip, one.source.to_string().as_str()) {
        (Some(ip), _) => format!(" from {ip}"),
        (None, "unknown") => String::new(),
        (None, source) => format!(" from {source}"),
    };
    let tool = record.tool.as_ref().map(|tool| format!(", {tool}")).unwrap_or_default();
    let at = record.aud.as_ref().map(|server| format!(" at {server}")).unwrap_or_default();
    let outcome = match record.outcome {
        Outcome::Success => ", accepted",
        Outcome::Denied => ", refused",
        Outcome::Unknown => "",
    };
    let mut details = members(record);
    details.extend(one.origins().iter().map(|hop| detail("log", &format_args!("{}:{} ({})", hop.uri, hop.line, hop.parser))));
    entry(EntryKind::Used, record.time, format!("{}{from}{tool}{at}{outcome}", actor(record)), details)
}

/// What a detection said.
#[must_use]
pub fn judged(judgement: &Judgement) -> Entry {
    let verdict = &judgement.verdict;
    let text = format!("{} {}: {}", verdict.id, verdict.severity.as_str(), verdict.message);
    let mut details = vec![detail("judgement_id", &judgement.id), detail("confidence", &verdict.confidence.as_str())];
    details.extend(verdict.evidence.iter().cloned());
    Entry { severity: Some(verdict.severity), ..entry(EntryKind::Judged, judgement.at, text, details) }
}

/// Its revocation, by its own record.
#[must_use]
pub fn revoked(at: Instant, reason: Option<&str>) -> Entry {
    let reason = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
    entry(EntryKind::Revoked, Some(at), format!("it was revoked{reason}"), Vec::new())
}

/// Its end.
#[must_use]
pub fn ends(at: Option<Instant>) -> Entry {
    let text = if at.is_some() { "its time ends" } else { "no end is recorded" };
    entry(EntryKind::Ends, at, text.to_owned(), Vec::new())
}

fn entry(kind: EntryKind, at: Option<Instant>, text: String, details: Vec<Evidence>) -> Entry {
    let placed = if at.is_some() { Placed::Told } else { Placed::NotTold };
    Entry { at, placed, quiet_seconds: None, kind, severity: None, text, details }
}

fn detail(name: &str, value: &impl ToString) -> Evidence {
    Evidence { name: name.to_owned(), value: value.to_string() }
}

/// The members of a record that are set, by their names.
fn members(record: &impl Serialize) -> Vec<Evidence> {
    let Ok(Value::Object(members)) = serde_json::to_value(record) else { return Vec::new() };
    let told = members.into_iter().filter(|(_, value)| !value.is_null() && value != &Value::Array(Vec::new()));
    told.map(|(name, value)| Evidence { name, value: value.as_str().map_or_else(|| value.to_string(), str::to_owned) }).collect()
}

/// The word that stands for a value in records.
fn word(value: &impl Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

/// Enough of a name to tell two tokens apart.
fn short(key: &TokenKey) -> String {
    match key {
        TokenKey::Fingerprint(fingerprint) => format!("sha256:{}…", fingerprint.short()),
        other => other.to_string(),
    }
}

/// By whom and to whom, with a space or comma before it.
fn holder(issuance: &Issuance) -> String {
    let issuer = issuance.iss.as_ref().or(issuance.provider.as_ref()).map(|issuer| format!(" by {issuer}")).unwrap_or_default();
    let to = &issuance.issued_to;
    let agent = to.agent_id.as_ref().or(to.agent_name.as_ref());
    let who = [("agent", agent), ("workload", to.workload_id.as_ref()), ("client", to.client_id.as_ref()), ("user", to.user.as_ref())];
    match named(who.map(|(word, name)| (word, name.map(String::as_str)))) {
        who if who.is_empty() => format!("{issuer}, to whom is not recorded"),
        who => format!("{issuer} to {who}"),
    }
}

fn actor(record: &Record) -> String {
    let fields = [("agent", &record.agent_id), ("principal", &record.principal), ("client", &record.client_id), ("user", &record.user)];
    match named(fields.map(|(word, name)| (word, name.as_deref()))) {
        who if who.is_empty() => "by somebody".to_owned(),
        who => format!("by {who}"),
    }
}

fn named<const N: usize>(names: [(&str, Option<&str>); N]) -> String {
    let said: Vec<String> = names.into_iter().filter_map(|(word, name)| name.map(|name| format!("{word} {name}"))).collect();
    said.join(", ")
}
