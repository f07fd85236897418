//! `standard-webhooks`: messages of Standard Webhooks 1.0.0 with our own event types: `token.revoked`, and labels of findings.

use serde::Deserialize;

use crate::delivery::letter::Label;
use crate::model::alert::{ActionScope, AlertToken, Event};
use crate::model::instant::Instant;
use crate::model::lifecycle::Target;
use crate::model::token_key::TokenKey;
use crate::serve::receive::inlet::{Heard, Inlet, Item, Needs, Protocol, Refusal, Told, bounded};
use crate::serve::receive::verify;
use crate::serve::server::{Answer, Question};

/// The format.
pub const PROTOCOL: Protocol = Protocol {
    name: "standard-webhooks",
    about: "Standard Webhooks 1.0.0: `token.revoked` confirms, a `label` in `finding.updated` says whether a finding is true",
    needs: Needs::AnyKey,
    // A message may come from five minutes ahead, and again for five minutes after that.
    lasting: 1200,
    paths: &[],
    read,
    taken: |_| Answer::new(200, "application/json", "{}".to_owned()),
    refused: Refusal::answer,
};

/// What is read of a message: others need not say all that we say.
#[derive(Deserialize)]
struct Message {
    #[serde(rename = "type")]
    event: String,
    timestamp: Option<Instant>,
    #[serde(default)]
    data: Data,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Data {
    finding_id: Option<String>,
    label: Option<Label>,
    token: AlertToken,
    issued_to: Holder,
    action: Option<Scope>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Holder {
    session_id: Option<String>,
}

#[derive(Deserialize)]
struct Scope {
    scope: ActionScope,
}

fn read(inlet: &Inlet, question: &Question, now: Instant) -> Result<Heard, Refusal> {
    if question.method != "POST" {
        return Err(Refusal::Method("POST"));
    }
    let id = verify::webhook(inlet, question, now)?;
    let message: Message = serde_json::from_slice(question.body).map_err(|_| Refusal::Form("no JSON with `type`, `timestamp` and `data`"))?;
    let told = told(&message, now)?;
    Ok(Heard::Told(vec![Item { id, what: bounded(&message.event), told }]))
}

fn told(message: &Message, now: Instant) -> Result<Told, Refusal> {
    let data = &message.data;
    if message.event == Event::Revoked.as_str() {
        let targets = targets(data);
        let at = message.timestamp.map_or(now, |at| at.min(now));
        return if targets.is_empty() { Err(Refusal::Form("`data.token` names no token")) } else { Ok(Told::Revoked { targets, at }) };
    }
    match (message.event == Event::Updated.as_str(), data.label) {
        (true, Some(label)) => {
            let about = data.finding_id.clone().or_else(|| data.token.fp.as_ref().map(TokenKey::to_string));
            let about = about.filter(|about| is_name(about)).ok_or(Refusal::Form("a label needs `finding_id` or `token.fp`"))?;
            Ok(Told::Labelled { about, label })
        }
        _ => Ok(Told::Nothing),
    }
}

/// What is dead; more than one token only where the message says so.
fn targets(data: &Data) -> Vec<Target> {
    let token = &data.token;
    let wide = match data.action.as_ref().map(|action| action.scope) {
        Some(ActionScope::Family) => token.family_id.clone().map(Target::Family),
        Some(ActionScope::Session) => data.issued_to.session_id.clone().map(Target::Session),
        _ => None,
    };
    let jti = token.iss.clone().zip(token.jti.clone()).map(|(iss, jti)| TokenKey::JwtId { iss, jti });
    let names = token.fp.iter().chain(&token.alt_keys).cloned().chain(jti);
    if wide.is_some() { wide.into_iter().collect() } else { names.map(Target::Key).collect() }
}

/// Whether a text can be the name of a finding or token.
fn is_name(text: &str) -> bool {
    (1..=200).contains(&text.len()) && text.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"_-:.#/@+=".contains(&octet))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::delivery::letter::Label;
    use crate::model::instant::Instant;
    use crate::serve::receive::inlet::Told;
    use crate::serve::receive::webhook::{Message, told};

    fn hear(message: Value) -> String {
        let now = Instant::from_number(1_772_445_600).expect("because it is a time");
        let message: Message = serde_json::from_value(message).expect("because it is a message");
        match told(&message, now) {
            Ok(Told::Revoked { targets, at }) => format!("{} {at}", json!(targets)),
            Ok(Told::Labelled { about, label }) => format!("{about} {}", label == Label::TruePositive),
            Ok(Told::Reported(_) | Told::Nothing) => "nothing".to_owned(),
            Err(refusal) => refusal.to_string(),
        }
    }

    #[test]
    fn messages_are_understood() {
        let token = json!({"fp": "token_id:a", "iss": "i", "jti": "j", "family_id": "f"});
        let revoked = |action: Value| {
            let data = json!({"token": token, "issued_to": {"session_id": "s", "user": "u"}, "action": action});
            json!({"type": "token.revoked", "timestamp": "2026-03-02T09:00:00Z", "data": data})
        };
        let scope = |scope: &str| json!({"kind": "revoke_token", "scope": scope, "dry_run": false, "reason": "r"});
        let own = r#"[{"key":"token_id:a"},{"key":"jti:i#j"}] 2026-03-02T09:00:00Z"#;
        for (message, expected) in [
            (revoked(Value::Null), own),
            (revoked(scope("token")), own),
            (revoked(scope("family")), r#"[{"family":"f"}] 2026-03-02T09:00:00Z"#),
            (revoked(scope("session")), r#"[{"session":"s"}] 2026-03-02T09:00:00Z"#),
            (revoked(scope("subject")), own),
            (
                json!({"type": "token.revoked", "timestamp": "2027-01-01T00:00:00Z", "data": {"token": {"fp": "token_id:b"}}}),
                r#"[{"key":"token_id:b"}] 2026-03-02T10:00:00Z"#,
            ),
            (json!({"type": "token.revoked", "data": {}}), "it is not well formed: `data.token` names no token"),
            (json!({"type": "finding.updated", "data": {"finding_id": "0a", "label": "false_positive"}}), "0a false"),
            (json!({"type": "finding.updated", "data": {"token": token, "label": "true_positive"}}), "token_id:a true"),
            (
                json!({"type": "finding.updated", "data": {"finding_id": "a b", "label": "true_positive"}}),
                "it is not well formed: a label needs `finding_id` or `token.fp`",
            ),
            (json!({"type": "finding.updated", "data": {"finding_id": "0a"}}), "nothing"),
            (json!({"type": "token.exposed", "data": {"token": token, "label": "true_positive"}}), "nothing"),
            (json!({"type": "invoice.paid"}), "nothing"),
        ] {
            assert_eq!(hear(message.clone()), expected, "{message}");
        }
    }
}
