//! `ocsf`: a Detection Finding (class 2004) of OCSF 1.8, for security data lakes and SIEMs.

use std::net::IpAddr;

use serde_json::{Value, json};

use crate::delivery::letter::{Letter, LetterError, Message};
use crate::delivery::payload::{Payload, Write};
use crate::delivery::sign;
use crate::model::alert::{AlertData, Event};
use crate::model::token_key::TokenKey;

/// The version of the schema.
const VERSION: &str = "1.8.0";
/// The class: Detection Finding.
const CLASS: u32 = 2004;

/// The format.
pub const PAYLOAD: Payload = Payload {
    name: "ocsf",
    about: "OCSF 1.8 Detection Finding (class 2004), signed as Standard Webhooks are where there is a key",
    write: Write::Naming(write),
    read: |answer| answer.meaning(),
};

fn write(letter: &Letter) -> Result<Message, LetterError> {
    sign::signed(letter, Message::json(letter, "application/json", &finding(letter))?)
}

/// The finding; what has no place in the schema stands in `unmapped`, under its names in the alert.
fn finding(letter: &Letter) -> Value {
    let (alert, data) = (letter.alert, &letter.alert.data);
    let (activity, activity_name, status, status_name) = stage(alert.event);
    let (severity, severity_name) = data.severity.ocsf();
    let (confidence, confidence_name) = data.confidence.ocsf();
    let mut finding = json!({
        "category_uid": 2, "category_name": "Findings",
        "class_uid": CLASS, "class_name": "Detection Finding",
        "activity_id": activity, "activity_name": activity_name,
        "type_uid": CLASS * 100 + activity, "type_name": format!("Detection Finding: {activity_name}"),
        "time": alert.timestamp.0.as_millisecond(),
        "severity_id": severity, "severity": severity_name,
        "confidence_id": confidence, "confidence": confidence_name,
        "status_id": status, "status": status_name,
        "is_alert": activity == 1,
        "message": data.title,
        "metadata": {
            "version": VERSION,
            "uid": letter.id,
            "product": { "name": "beartrap", "vendor_name": "beartrap", "version": env!("CARGO_PKG_VERSION") },
        },
        "finding_info": finding_info(letter),
        "evidences": [evidence(data)],
        "observables": observables(data),
        "unmapped": {
            "event": alert.event, "token": data.token, "issued_to": data.issued_to, "action": data.action, "evidence": data.evidence,
            "supersedes": data.supersedes, "frameworks": data.frameworks, "links": data.links,
        },
    });
    if !data.remediation.is_empty() {
        finding["remediation"] = json!({ "desc": data.remediation });
    }
    finding
}

/// What is done with the finding, and where it stands.
fn stage(event: Event) -> (u32, &'static str, u8, &'static str) {
    match event {
        Event::Exposed | Event::ReplayDetected => (1, "Create", 1, "New"),
        Event::RevocationRequested | Event::Updated => (2, "Update", 2, "In Progress"),
        Event::Revoked => (3, "Close", 4, "Resolved"),
    }
}

fn finding_info(letter: &Letter) -> Value {
    let (alert, data) = (letter.alert, &letter.alert.data);
    let mut info = json!({
        "uid": data.finding_id,
        "title": format!("{} {}", data.rule, data.title),
        "desc": data.title,
        "types": [alert.event],
        "created_time": alert.timestamp.0.as_millisecond(),
        "analytic": { "uid": data.rule, "name": data.rule, "type_id": 1, "type": "Rule" },
        "attacks": attacks(data),
    });
    if let Some(time) = data.observed.time {
        info["first_seen_time"] = json!(time.0.as_millisecond());
        info["last_seen_time"] = json!(time.0.as_millisecond());
    }
    info
}

/// Techniques of MITRE ATT&CK and ATLAS; ids of other frameworks have no place of their own.
fn attacks(data: &AlertData) -> Vec<Value> {
    let ids = ["attack", "atlas"].into_iter().filter_map(|name| data.frameworks.get(name)).flatten();
    let attack = |id: &String| match id.strip_prefix('T').and_then(|rest| rest.split_once('.')) {
        Some((parent, _)) => json!({ "technique": { "uid": format!("T{parent}") }, "sub_technique": { "uid": id } }),
        None => json!({ "technique": { "uid": id } }),
    };
    ids.map(attack).collect()
}

/// Who was seen with the token, and where.
fn evidence(data: &AlertData) -> Value {
    let seen = &data.observed;
    let mut session = json!({ "credential_uid": data.token.fp });
    if let Some(id) = &seen.session_id {
        session["uid"] = json!(id);
    }
    let mut actor = json!({ "session": session });
    if let Some(agent) = &seen.agent_id {
        actor["user"] = json!({ "name": agent });
    }
    let mut evidence = json!({ "name": "observed", "actor": actor, "data": { "observed": seen } });
    if let Some(ip) = source(data) {
        evidence["src_endpoint"] = json!({ "ip": ip });
    }
    if let Some(tool) = seen.tools.first() {
        evidence["api"] = json!({ "operation": tool });
    }
    evidence
}

fn source(data: &AlertData) -> Option<IpAddr> {
    data.observed.source_ip.as_ref()?.parse().ok()
}

fn observables(data: &AlertData) -> Vec<Value> {
    let mut all = Vec::new();
    if let Some(name) = &data.token.fp {
        all.push(json!({ "name": "evidences.actor.session.credential_uid", "type_id": 10, "type": "Resource UID", "value": name }));
        if let TokenKey::Fingerprint(fingerprint) = name {
            all.push(json!({ "name": "token", "type_id": 30, "type": "Fingerprint", "value": fingerprint }));
        }
    }
    all.extend(source(data).map(|ip| json!({ "name": "evidences.src_endpoint.ip", "type_id": 2, "type": "IP Address", "value": ip })));
    all
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::delivery::payload::{ocsf::PAYLOAD, sample};
    use crate::model::alert::{Alert, Event};

    fn finding(alert: &Alert) -> Value {
        sample::body(&sample::written(&PAYLOAD, alert, &sample::addressee()))
    }

    /// Whether all that the schema requires is there, and its ids are of the range that it gives.
    fn check_required(finding: &Value) {
        for path in ["/activity_id", "/category_uid", "/class_uid", "/type_uid", "/time", "/severity_id", "/status_id", "/confidence_id"] {
            assert!(finding.pointer(path).is_some_and(Value::is_u64), "{path}");
        }
        for path in ["/metadata/version", "/metadata/product/name", "/metadata/product/vendor_name", "/finding_info/uid", "/finding_info/title"] {
            assert!(finding.pointer(path).is_some_and(|value| value.as_str().is_some_and(|text| !text.is_empty())), "{path}");
        }
        assert_eq!(
            finding["type_uid"].as_u64(),
            finding["class_uid"].as_u64().zip(finding["activity_id"].as_u64()).map(|(class, one)| class * 100 + one)
        );
        for evidence in finding["evidences"].as_array().expect("because there are some") {
            assert!(["actor", "api", "data", "src_endpoint"].iter().any(|one| evidence.get(one).is_some()), "{evidence}");
        }
        for observable in finding["observables"].as_array().expect("because there are some") {
            assert!(observable["name"].is_string() && observable["type_id"].is_u64(), "{observable}");
        }
        assert!(finding["finding_info"]["analytic"]["type_id"].is_u64());
    }

    #[test]
    fn an_exposure_is_a_finding() {
        let expected = json!({
            "category_uid": 2, "category_name": "Findings", "class_uid": 2004, "class_name": "Detection Finding",
            "activity_id": 1, "activity_name": "Create", "type_uid": 200_401, "type_name": "Detection Finding: Create",
            "time": 1_772_445_600_000_u64, "severity_id": 5, "severity": "Critical", "confidence_id": 3, "confidence": "High",
            "status_id": 1, "status": "New", "is_alert": true, "message": "Example personal access token",
            "metadata": { "version": "1.8.0", "uid": "msg_1", "product": { "name": "beartrap", "vendor_name": "beartrap", "version": env!("CARGO_PKG_VERSION") } },
            "finding_info": {
                "uid": "f1", "title": "example-pat Example personal access token", "desc": "Example personal access token", "types": ["token.exposed"],
                "created_time": 1_772_445_600_000_u64, "analytic": { "uid": "example-pat", "name": "example-pat", "type_id": 1, "type": "Rule" }, "attacks": [],
            },
            "evidences": [{
                "name": "observed", "actor": { "session": { "credential_uid": sample::FP } },
                "data": { "observed": { "locations": [{ "uri": "logs/a.jsonl", "line": 812 }] } },
            }],
            "observables": [
                { "name": "evidences.actor.session.credential_uid", "type_id": 10, "type": "Resource UID", "value": sample::FP },
                { "name": "token", "type_id": 30, "type": "Fingerprint", "value": sample::FP },
            ],
            "remediation": { "desc": "Revoke it, then read the audit log." },
            "unmapped": {
                "event": "token.exposed", "token": { "fp": sample::FP, "preview": "exk_…(40)", "type": "pat", "provider": "Example" }, "issued_to": null,
                "action": null, "evidence": [], "supersedes": null, "frameworks": { "cwe": ["CWE-532"] }, "links": {},
            },
        });
        assert_eq!(finding(&sample::exposed()), expected);
    }

    #[test]
    fn a_replay_says_who_and_how() {
        let finding = finding(&sample::replayed());
        let info = json!({
            "uid": "j1", "title": "TR-08 Used in another session", "desc": "Used in another session", "types": ["token.replay_detected"],
            "created_time": 1_772_445_600_000_u64, "first_seen_time": 1_772_445_540_000_u64, "last_seen_time": 1_772_445_540_000_u64,
            "analytic": { "uid": "TR-08", "name": "TR-08", "type_id": 1, "type": "Rule" },
            "attacks": [{ "technique": { "uid": "T1550" }, "sub_technique": { "uid": "T1550.001" } }],
        });
        assert_eq!(finding["finding_info"], info);
        let evidence = &finding["evidences"][0];
        assert_eq!(evidence["actor"], json!({ "session": { "credential_uid": sample::FP, "uid": "s2" }, "user": { "name": "agent-9" } }));
        assert_eq!((&evidence["src_endpoint"]["ip"], &evidence["api"]["operation"]), (&json!("203.0.113.9"), &json!("jira.delete")));
        assert_eq!(finding["observables"][2]["value"], "203.0.113.9");
        assert_eq!(finding["unmapped"]["issued_to"]["agent_id"], "agent-7");
    }

    #[test]
    fn every_event_is_a_whole_finding() {
        for event in Event::ALL {
            check_required(&finding(&sample::changed(&sample::replayed(), &json!({ "type": event }))));
            check_required(&finding(&sample::changed(&sample::exposed(), &json!({ "type": event, "data": { "token": { "fp": "kid:a" } } }))));
        }
    }
}
