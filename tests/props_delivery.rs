//! Whatever is sent to us, or stands in an alert: reading never fails but with an error, and nothing that logs say acts in a chat.

use std::sync::Arc;

use beartrap::delivery::feedback;
use beartrap::delivery::jose::{self, KeySet};
use beartrap::delivery::key::{KeyKind, SigningKey, VerifyingKey, generate};
use beartrap::delivery::letter::{Addressee, Answer, Key, Letter, Meaning};
use beartrap::delivery::payload::{PAYLOADS, payload};
use beartrap::delivery::set::{self, Expected};
use beartrap::delivery::sign::{self, Content, Headers};
use beartrap::model::alert::Alert;
use beartrap::model::instant::Instant;
use beartrap::model::secret::Secret;
use proptest::collection::vec;
use proptest::prelude::{Strategy, any, prop, prop_assert, prop_assert_eq, proptest};
use serde_json::{Value, json};
use zeroize::Zeroizing;

const NOW: i64 = 1_772_445_600;

fn now() -> Instant {
    Instant::from_number(NOW).expect("because it is a time")
}

fn keys() -> (Key, VerifyingKey) {
    let (key, public) = generate(KeyKind::Ed25519, &Zeroizing::new([3; 32]));
    (key, public.expect("because it has one"))
}

/// Texts that look like what is read, and others.
fn text() -> impl Strategy<Value = String> {
    let like = "[a-zA-Z0-9_.,= +/{}\"\\[\\]:-]{0,80}";
    let parts = prop::sample::select(vec![
        "v1,",
        "v1a,",
        "whsk_",
        "whsec_",
        "whpk_",
        "-----BEGIN PRIVATE KEY-----",
        "-----END ",
        "{\"keys\":[",
        "0",
        "eyJ",
        ".",
    ]);
    prop::strategy::Union::new([like.boxed(), any::<String>().boxed(), vec(parts, 0..6).prop_map(|parts| parts.concat()).boxed()])
}

fn alert(said: &str, number: u8) -> Alert {
    let event = ["token.exposed", "token.replay_detected", "token.revocation_requested", "token.revoked", "finding.updated"][usize::from(number % 5)];
    serde_json::from_value(json!({
        "type": event, "timestamp": "2026-03-02T10:00:00Z",
        "data": {
            "finding_id": said, "rule": said, "title": said, "severity": "high", "confidence": "low",
            "token": { "preview": said, "iss": said, "jti": said, "provider": said },
            "issued_to": { "agent_id": said, "user": said, "session_id": said, "task_id": said },
            "observed": { "source_ip": said, "agent_id": said, "tools": [said, said], "locations": [{ "uri": said, "line": number }] },
            "action": { "kind": "revoke_token", "scope": "token", "dry_run": false, "reason": said },
            "evidence": [said, said], "frameworks": { "attack": [said] }, "remediation": said, "links": { "timeline": said },
        }
    }))
    .expect("because it is an alert")
}

/// All texts in a JSON value.
fn texts(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::String(text) => out.push(text.clone()),
        Value::Array(all) => all.iter().for_each(|one| texts(one, out)),
        Value::Object(all) => all.values().for_each(|one| texts(one, out)),
        _ => {}
    }
}

proptest! {
    #[test]
    fn headers_of_any_kind_are_read_or_refused(id in text(), timestamp in text(), signature in text(), body in vec(any::<u8>(), 0..100)) {
        let (_, public) = keys();
        let headers = Headers { id: Some(&id), timestamp: Some(&timestamp), signature: Some(&signature) };
        prop_assert!(sign::verify(&[public], headers, &body, now()).is_err());
    }

    #[test]
    fn a_signature_holds_for_one_message_only(body in vec(any::<u8>(), 1..100), at in 0..100_usize, bit in 0..8_u8) {
        let (key, public) = keys();
        let signed = SigningKey::read(&key).expect("because it is one");
        let timestamp = NOW.to_string();
        let value = sign::signatures(&[signed], Content { id: "msg_1", timestamp: NOW, body: &body }).expect("because it signs");
        let headers = Headers { id: Some("msg_1"), timestamp: Some(&timestamp), signature: Some(&value) };
        let keys = [public];
        prop_assert!(sign::verify(&keys, headers, &body, now()).is_ok());
        let mut other = body.clone();
        let at = at % other.len();
        other[at] ^= 1 << bit;
        prop_assert!(sign::verify(&keys, headers, &other, now()).is_err());
    }

    #[test]
    fn event_tokens_of_any_kind_are_read_or_refused(token in vec(any::<u8>(), 0..200), like in text(), at in any::<prop::sample::Index>(), octet: u8) {
        let (key, public) = keys();
        let set = KeySet::from(vec![public]);
        let expected = Expected { issuer: Some("i"), audience: None };
        prop_assert!(set::read(&token, &set, expected, now()).is_err());
        prop_assert!(set::read(like.as_bytes(), &set, expected, now()).is_err());
        let claims = json!({ "iss": "i", "jti": "1", "iat": NOW, "events": { "e": {} } });
        let good = jose::sign(&[key], set::MEDIA_TYPE, &claims).expect("because it signs").into_bytes();
        prop_assert!(set::read(&good, &set, expected, now()).is_ok());
        let mut bad = good.clone();
        let at = at.index(bad.len());
        bad[at] = octet;
        let read = set::read(&bad, &set, expected, now());
        prop_assert_eq!(read.is_ok(), bad == good || (octet.is_ascii_whitespace() && (at == 0 || at + 1 == bad.len()) && read.is_ok()));
    }

    #[test]
    fn keys_of_any_kind_are_read_or_refused(octets in vec(any::<u8>(), 0..200), like in text()) {
        for text in [octets, like.into_bytes()] {
            let key = Key(Arc::new(Secret::new(text)));
            let _ = (SigningKey::read(&key).is_ok(), VerifyingKey::read(&key).is_ok(), KeySet::read(&key).is_ok());
        }
    }

    #[test]
    fn answers_of_any_kind_have_a_meaning(status: u16, body in vec(any::<u8>(), 0..200), marker in "[a-z]{20}") {
        for like in [body.clone(), format!(r#"{{"err":"{marker}","error":"{marker}"}}"#).into_bytes(), format!(r#"[{{"token_raw":"{marker}"}}]"#).into_bytes()] {
            let _ = feedback::labels(&like);
            for payload in PAYLOADS {
                let meaning = (payload.read)(&Answer { status, body: &like, retry_after: None });
                prop_assert!(!format!("{meaning:?}").contains(&marker), "{}: {meaning:?}", payload.name);
                let success = matches!(meaning, Meaning::Delivered { .. });
                prop_assert!(!success || (200..300).contains(&status), "{}: {status}", payload.name);
            }
        }
    }

    #[test]
    fn any_alert_can_be_written(said in any::<String>(), number: u8, token in vec(any::<u8>(), 1..80)) {
        let alert = alert(&said, number);
        let keys = vec![keys().0];
        let to = Addressee { url: "https://receiver.example".to_owned(), issuer: "https://beartrap.example".to_owned(), keys, ..Addressee::default() };
        let letter = Letter { id: "msg_1", alert: &alert, at: now(), to: &to };
        for payload in PAYLOADS {
            let written = payload.write(&letter, Some(&Secret::new(token.clone())));
            prop_assert!(payload.needs_token() || written.is_ok(), "{}", payload.name);
        }
    }

    #[test]
    fn nothing_that_logs_say_acts_in_a_chat(said in any::<String>(), mark in prop::sample::select(vec!["<!channel>", "<@U1>", "`<!here>`", "http://x.example", "&lt;"])) {
        let alert = alert(&format!("{said}{mark}{said}"), 1);
        let to = Addressee::default();
        let letter = Letter { id: "msg_1", alert: &alert, at: now(), to: &to };
        for name in ["slack", "teams"] {
            let written = payload(name).expect("because it is one").write(&letter, None).expect("because it can be written");
            let mut all = Vec::new();
            texts(&serde_json::from_slice(&written.body).expect("because it is JSON"), &mut all);
            for text in all.iter().filter(|text| *text != "http://adaptivecards.io/schemas/adaptive-card.json") {
                prop_assert!(!text.contains("://") && !text.contains(|one: char| one.is_control()) && text.chars().count() <= 3000, "{text}");
                if name == "slack" {
                    prop_assert!(!text.contains(['<', '>']) && text.matches('`').count() % 2 == 0, "{text}");
                }
            }
        }
    }
}
