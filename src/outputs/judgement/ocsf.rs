//! `ocsf`: one OCSF 1.8 Detection Finding (class 2004) a line, for security data lakes and SIEMs.

use std::io::{self, Write};
use std::net::IpAddr;

use serde_json::{Map, Value, json};

use crate::model::judgement::Judgement;
use crate::model::token_key::TokenKey;
use crate::outputs::json_text::json_line;
use crate::outputs::judgement::about::{About, Context};
use crate::outputs::judgement::format::JudgementOutput;

/// The version of the schema.
const VERSION: &str = "1.8.0";
/// The class: Detection Finding.
const CLASS: u32 = 2004;

/// The format.
pub struct Ocsf {
    context: Context,
}

impl Ocsf {
    /// Nothing written yet.
    #[must_use]
    pub fn new(context: Context) -> Self {
        Self { context }
    }
}

impl JudgementOutput for Ocsf {
    fn judgement(&mut self, out: &mut dyn Write, judgement: &Judgement) -> io::Result<()> {
        out.write_all(&json_line(&finding(judgement, &self.context))?)
    }

    fn finish(&mut self, _: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }
}

fn finding(judgement: &Judgement, context: &Context) -> Value {
    let verdict = &judgement.verdict;
    let about = context.about(&verdict.id);
    // A judgement that takes another's place is an update of what is known.
    let (activity, activity_name) = if judgement.supersedes.is_some() { (2, "Update") } else { (1, "Create") };
    let (severity, severity_name) = verdict.severity.ocsf();
    let (confidence, confidence_name) = verdict.confidence.ocsf();
    json!({
        "category_uid": 2, "category_name": "Findings",
        "class_uid": CLASS, "class_name": "Detection Finding",
        "activity_id": activity, "activity_name": activity_name,
        "type_uid": CLASS * 100 + activity, "type_name": format!("Detection Finding: {activity_name}"),
        "time": judgement.at.unwrap_or(context.now).0.as_millisecond(),
        "severity_id": severity, "severity": severity_name,
        "confidence_id": confidence, "confidence": confidence_name,
        "status_id": 1, "status": "New",
        "is_alert": judgement.alert,
        "message": verdict.message,
        "metadata": {
            "version": VERSION,
            "product": { "name": "beartrap", "vendor_name": "beartrap", "version": env!("CARGO_PKG_VERSION") },
        },
        "finding_info": finding_info(judgement, about, context),
        "evidences": evidences(judgement),
        "observables": observables(judgement),
        "unmapped": {
            "slot": judgement.slot,
            "supersedes": judgement.supersedes,
            "frameworks": about.map(frameworks).unwrap_or_default(),
        },
    })
}

fn finding_info(judgement: &Judgement, about: Option<&About>, context: &Context) -> Value {
    let verdict = &judgement.verdict;
    let name = about.map_or(verdict.id.as_str(), |about| about.name.as_str());
    let mut info = json!({
        "uid": judgement.id,
        "title": format!("{} {name}", verdict.id),
        "desc": verdict.message,
        "types": ["Token replay"],
        "created_time": context.now.0.as_millisecond(),
        "analytic": { "uid": verdict.id, "name": name, "type_id": 1, "type": "Rule" },
        "attacks": about.map(attacks).unwrap_or_default(),
    });
    if let Some(at) = judgement.at {
        info["first_seen_time"] = json!(at.0.as_millisecond());
        info["last_seen_time"] = json!(at.0.as_millisecond());
    }
    if let Some(about) = about {
        info["analytic"]["desc"] = json!(about.summary);
    }
    info
}

/// Techniques of MITRE ATT&CK and ATLAS; ids of other frameworks have no place of their own.
fn attacks(about: &About) -> Vec<Value> {
    let known = about.frameworks.iter().filter(|one| is_mitre(&one.short));
    let each = known.flat_map(|one| one.ids.iter().map(move |id| (&one.version, id)));
    let attack = |(version, id): (&String, &String)| match id.strip_prefix('T').and_then(|rest| rest.split_once('.')) {
        Some((parent, _)) => json!({ "version": version, "technique": { "uid": format!("T{parent}") }, "sub_technique": { "uid": id } }),
        None => json!({ "version": version, "technique": { "uid": id } }),
    };
    each.map(attack).collect()
}

fn frameworks(about: &About) -> Map<String, Value> {
    let others = about.frameworks.iter().filter(|one| !is_mitre(&one.short));
    others.map(|one| (one.short.clone(), json!({ "name": one.name, "version": one.version, "ids": one.ids }))).collect()
}

fn is_mitre(short: &str) -> bool {
    matches!(short, "attack" | "atlas")
}

/// The decisive use first, with what was logged of it; then where the others stand.
fn evidences(judgement: &Judgement) -> Vec<Value> {
    let said = |name: &str| judgement.verdict.evidence.iter().rfind(|one| one.name == name).map(|one| one.value.as_str());
    let mut session = json!({ "credential_uid": judgement.token.to_string() });
    if let Some(id) = said("session_id") {
        session["uid"] = json!(id);
    }
    let mut actor = json!({ "session": session });
    if let Some(name) = said("user").or(said("principal")).or(said("agent_id")) {
        actor["user"] = json!({ "name": name });
    }
    let data: Vec<Value> = judgement.verdict.evidence.iter().map(|one| json!({ "name": one.name, "value": one.value })).collect();
    let mut first = json!({ "name": "decisive use", "actor": actor, "data": { "evidence": data, "records": judgement.uses } });
    if let Some(ip) = source(judgement) {
        first["src_endpoint"] = json!({ "ip": ip });
    }
    if let Some(agent) = said("user_agent") {
        first["http_request"] = json!({ "user_agent": agent });
    }
    if let Some(operation) = said("tool") {
        first["api"] = json!({ "operation": operation });
    }
    vec![first]
}

fn source(judgement: &Judgement) -> Option<IpAddr> {
    let said = judgement.verdict.evidence.iter().rfind(|one| one.name == "source_ip")?;
    said.value.parse().ok()
}

fn observables(judgement: &Judgement) -> Vec<Value> {
    let mut all = vec![json!({
        "name": "evidences.actor.session.credential_uid", "type_id": 10, "type": "Resource UID", "value": judgement.token.to_string(),
    })];
    if let TokenKey::Fingerprint(fingerprint) = &judgement.token {
        all.push(json!({ "name": "token", "type_id": 30, "type": "Fingerprint", "value": fingerprint.to_string() }));
    }
    all.extend(source(judgement).map(|ip| json!({ "name": "evidences.src_endpoint.ip", "type_id": 2, "type": "IP Address", "value": ip })));
    all
}
