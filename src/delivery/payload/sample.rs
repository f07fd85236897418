//! Alerts, keys and receivers for the tests of payloads.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::delivery::key::{KeyKind, SigningKey, VerifyingKey, generate};
use crate::delivery::letter::{Addressee, Answer, Key, Letter, Meaning, Message};
use crate::delivery::payload::Payload;
use crate::model::alert::Alert;
use crate::model::instant::Instant;
use crate::model::secret::Secret;

/// The fingerprint of `abc`.
pub const FP: &str = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

/// A token lay in a log; nothing is known of whom it was issued to.
pub fn exposed() -> Alert {
    alert(json!({
        "type": "token.exposed", "timestamp": "2026-03-02T10:00:00Z",
        "data": {
            "finding_id": "f1", "rule": "example-pat", "title": "Example personal access token", "severity": "critical", "confidence": "high",
            "token": { "fp": FP, "preview": "exk_…(40)", "type": "pat", "provider": "Example" },
            "observed": { "locations": [{ "uri": "logs/a.jsonl", "line": 812 }] },
            "frameworks": { "cwe": ["CWE-532"] },
            "remediation": "Revoke it, then read the audit log.",
        }
    }))
}

/// A token was used in another session.
pub fn replayed() -> Alert {
    alert(json!({
        "type": "token.replay_detected", "timestamp": "2026-03-02T10:00:00Z",
        "data": {
            "finding_id": "j1", "rule": "TR-08", "title": "Used in another session", "severity": "high", "confidence": "medium",
            "token": { "fp": FP, "iss": "https://issuer.example", "jti": "a1", "type": "access_token" },
            "issued_to": { "agent_id": "agent-7", "user": "alice", "session_id": "s1", "task_id": "t1", "tools": ["jira.search"] },
            "observed": {
                "time": "2026-03-02T09:59:00Z", "source_ip": "203.0.113.9", "agent_id": "agent-9", "session_id": "s2", "tools": ["jira.delete"],
                "locations": [{ "uri": "https://logs.example/a", "line": 7, "record": "r7" }],
            },
            "action": { "kind": "review", "scope": "token", "dry_run": false, "reason": "session_mismatch" },
            "evidence": ["session s2 where s1 was expected"],
            "frameworks": { "attack": ["T1550.001"], "owasp_asi": ["ASI03"] },
            "links": { "timeline": "beartrap timeline sha256:ba7816bf8f01" },
        }
    }))
}

/// It is to be revoked.
pub fn requested() -> Alert {
    changed(&replayed(), &json!({ "type": "token.revocation_requested", "data": { "action": { "kind": "revoke_token" } } }))
}

/// The alert with these members in place of its own.
pub fn changed(alert: &Alert, by: &Value) -> Alert {
    fn merge(into: &mut Value, from: &Value) {
        match (into, from) {
            (Value::Object(into), Value::Object(from)) => from.iter().for_each(|(name, value)| merge(into.entry(name).or_insert(Value::Null), value)),
            (into, from) => *into = from.clone(),
        }
    }
    let mut json = serde_json::to_value(alert).expect("because it can be written");
    merge(&mut json, by);
    self::alert(json)
}

fn alert(json: Value) -> Alert {
    serde_json::from_value(json).expect("because it is an alert")
}

/// An attempt five seconds later.
pub fn letter<'a>(alert: &'a Alert, to: &'a Addressee) -> Letter<'a> {
    Letter { id: "msg_1", alert, at: Instant::from_text("2026-03-02T10:00:05Z").expect("because it is a time"), to }
}

/// A receiver without keys and credentials.
pub fn addressee() -> Addressee {
    Addressee { url: "https://receiver.example/hook".to_owned(), issuer: "https://beartrap.example".to_owned(), ..Addressee::default() }
}

/// A receiver with these keys.
pub fn with_keys(keys: &[Key]) -> Addressee {
    Addressee { keys: keys.to_vec(), ..addressee() }
}

/// A token for payloads that hold it; in JSON it needs an escape, in a form another one.
pub fn token() -> Secret {
    Secret::new(b"a\"b+c".to_vec())
}

/// The message that a payload makes of it.
pub fn written(payload: &Payload, alert: &Alert, to: &Addressee) -> Message {
    payload.write(&letter(alert, to), Some(&token())).expect("because it can be written")
}

/// The message's body.
pub fn body(message: &Message) -> Value {
    serde_json::from_slice(&message.body).expect("because it is JSON")
}

/// One of the message's headers.
pub fn header<'a>(message: &'a Message, name: &str) -> Option<&'a str> {
    message.headers.iter().find(|(own, _)| *own == name).map(|(_, value)| value.as_str())
}

/// What the payload makes of an answer, in a word and its reason.
pub fn read(payload: &Payload, status: u16, body: &str) -> (&'static str, String) {
    let answer = Answer { status, body: body.as_bytes(), retry_after: None };
    match (payload.read)(&answer) {
        Meaning::Delivered { labels } => {
            ("delivered", labels.iter().map(|(token, label)| format!("{token} {label:?}")).collect::<Vec<_>>().join(", "))
        }
        Meaning::Again { reason, .. } => ("again", reason),
        Meaning::Refused { reason } => ("refused", reason),
        Meaning::Gone => ("gone", String::new()),
    }
}

/// Checks what the payload makes of answers.
pub fn check_answers(payload: &Payload, table: &[(u16, &str, &str, &str)]) {
    for (status, body, word, reason) in table {
        assert_eq!(read(payload, *status, body), (*word, (*reason).to_owned()), "{status} {body}");
    }
}

/// A key that both sides have.
pub fn shared_key(octet: u8) -> Key {
    generate(KeyKind::Shared, &Zeroizing::new([octet; 32])).0
}

/// A secret key of Ed25519.
pub fn ed25519_key(octet: u8) -> Key {
    generate(KeyKind::Ed25519, &Zeroizing::new([octet; 32])).0
}

/// A secret key on P-256, another one each time.
pub fn p256_key() -> Key {
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).expect("because the system has randomness");
    let text = ["-----BEGIN ", "PRIVATE KEY-----\n", &STANDARD.encode(document), "\n-----END ", "PRIVATE KEY-----\n"].concat();
    Key(Arc::new(Secret::new(text.into_bytes())))
}

/// The key that verifies what this one signs.
pub fn public(key: &Key) -> VerifyingKey {
    SigningKey::read(key).expect("because it is one").verifying()
}

/// A public key on P-256 as PEM.
pub fn pem(key: &VerifyingKey) -> String {
    format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(key.to_der().expect("because it is public")))
}
