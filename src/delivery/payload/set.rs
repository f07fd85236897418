//! `set`: a security event token (RFC 8417), pushed (RFC 8935), with events of CAEP 1.0 and RISC 1.0.

use serde::Deserialize;
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use crate::delivery::jose;
use crate::delivery::letter::{Answer, Letter, LetterError, Meaning, Message};
use crate::delivery::payload::{Payload, Write};
use crate::delivery::set::{CREDENTIAL_COMPROMISE, MEDIA_TYPE, RISK_LEVEL_CHANGE, SESSION_REVOKED};
use crate::model::alert::{Alert, AlertData, Event};
use crate::model::grade::Severity;
use crate::model::issuance::IssuedTo;

/// The format.
pub const PAYLOAD: Payload = Payload {
    name: "set",
    about: "security event token (RFC 8417) with CAEP and RISC events, pushed as RFC 8935 has it",
    write: Write::Naming(write),
    read,
};

/// Errors of RFC 8935 that go away when somebody mends keys or credentials, and those that stay with the token.
const MENDED: [&str; 3] = ["authentication_failed", "access_denied", "invalid_key"];
const LASTING: [&str; 4] = ["invalid_request", "invalid_issuer", "invalid_audience", "invalid_state"];

fn write(letter: &Letter) -> Result<Message, LetterError> {
    let alert = letter.alert;
    let (uri, event) = event(alert);
    let claims = json!({
        "iss": letter.issuer()?,
        "jti": letter.id,
        "iat": letter.at.seconds(),
        "aud": letter.to.audience.as_ref().unwrap_or(&letter.to.url),
        "txn": alert.data.finding_id,
        "sub_id": subject(alert),
        "events": { uri: event },
    });
    let token = jose::sign(&letter.to.keys, MEDIA_TYPE, &claims)?;
    let mut message = Message::new(letter, &format!("application/{MEDIA_TYPE}"), Zeroizing::new(token.into_bytes()))?;
    message.headers.push(("accept", Zeroizing::new("application/json".to_owned())));
    Ok(message)
}

/// The event and its type's URI.
fn event(alert: &Alert) -> (&'static str, Value) {
    let data = &alert.data;
    let mut event = json!({
        "event_timestamp": alert.timestamp.seconds(),
        "initiating_entity": "policy",
        "reason_admin": { "en": format!("{}: {}", data.rule, data.title) },
    });
    let uri = match alert.event {
        Event::Exposed | Event::RevocationRequested => {
            event["credential_type"] = data.token.token_type.map_or(json!("bearer_token"), |one| json!(one));
            CREDENTIAL_COMPROMISE
        }
        Event::ReplayDetected | Event::Updated => {
            event["principal"] = json!("SESSION");
            event["current_level"] = json!(level(data.severity));
            event["risk_reason"] = json!(if alert.event == Event::Updated { "FINDING_UPDATED" } else { "TOKEN_REPLAY" });
            RISK_LEVEL_CHANGE
        }
        Event::Revoked => SESSION_REVOKED,
    };
    (uri, event)
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Info | Severity::Low => "LOW",
        Severity::Medium => "MEDIUM",
        Severity::High | Severity::Critical => "HIGH",
    }
}

/// Of whom it is said: the token, and where it is known those whom it was issued to.
///
/// A receiver ends whatever fits the members that it knows. So where a session is said to be revoked, the user stands there only with the session:
/// alone it would mean all of the user's.
fn subject(alert: &Alert) -> Value {
    let nobody = IssuedTo::default();
    let to = alert.data.issued_to.as_ref().map_or(&nobody, |issued| &issued.to);
    let user = to.user.as_ref().filter(|_| alert.event != Event::Revoked || to.session_id.is_some());
    let user = user.map(|sub| match &alert.data.token.iss {
        Some(iss) => json!({ "format": "iss_sub", "iss": iss, "sub": sub }),
        None => opaque(sub),
    });
    let others = [("session", &to.session_id), ("agent", &to.agent_id), ("task", &to.task_id)];
    let others = others.into_iter().filter_map(|(name, id)| Some((name, opaque(id.as_ref()?))));
    let mut members: Map<String, Value> = user.map(|user| ("user", user)).into_iter().chain(others).map(|(name, id)| (name.to_owned(), id)).collect();
    let token = token(&alert.data);
    if members.is_empty() {
        return token;
    }
    members.insert("format".to_owned(), json!("complex"));
    members.insert("token".to_owned(), token);
    Value::Object(members)
}

/// The token: by issuer and id, which others know too, or by its fingerprint.
fn token(data: &AlertData) -> Value {
    match (&data.token.iss, &data.token.jti) {
        (Some(iss), Some(jti)) => json!({ "format": "jwt_id", "iss": iss, "jti": jti }),
        _ => opaque(&data.token.fp.as_ref().or(data.token.alt_keys.first()).map_or_else(|| data.finding_id.clone(), ToString::to_string)),
    }
}

fn opaque(id: &str) -> Value {
    json!({ "format": "opaque", "id": id })
}

/// 202 is the only success (RFC 8935, section 2.2); 400 comes with a code.
fn read(answer: &Answer) -> Meaning {
    #[derive(Deserialize)]
    struct Said {
        err: String,
    }
    let code = serde_json::from_slice(answer.body).map(|said: Said| said.err).unwrap_or_default();
    let known = |codes: &[&'static str]| codes.iter().copied().find(|one| *one == code);
    match answer.status {
        202 => Meaning::Delivered { labels: Vec::new() },
        400 if let Some(code) = known(&LASTING) => Meaning::Refused { reason: format!("status 400: {code}") },
        400 if let Some(code) = known(&MENDED) => answer.again(format!("status 400: {code}")),
        200..=299 => answer.again(format!("status {}, where only 202 is success", answer.status)),
        _ => answer.meaning(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::delivery::jose::{KeySet, verify};
    use crate::delivery::payload::{sample, set::PAYLOAD};
    use crate::delivery::set::{CREDENTIAL_COMPROMISE, MEDIA_TYPE, RISK_LEVEL_CHANGE, SESSION_REVOKED};
    use crate::model::alert::Alert;

    /// The claims of what is sent.
    fn claims(alert: &Alert) -> Value {
        let key = sample::ed25519_key(3);
        let message = sample::written(&PAYLOAD, alert, &sample::with_keys(std::slice::from_ref(&key)));
        assert_eq!(sample::header(&message, "content-type"), Some("application/secevent+jwt"));
        assert_eq!(sample::header(&message, "accept"), Some("application/json"));
        verify(&message.body, MEDIA_TYPE, &KeySet::from(vec![sample::public(&key)])).expect("because it is signed")
    }

    #[test]
    fn an_exposed_credential_is_compromised() {
        let expected = json!({
            "iss": "https://beartrap.example", "jti": "msg_1", "iat": 1_772_445_605, "aud": "https://receiver.example/hook", "txn": "f1",
            "sub_id": { "format": "opaque", "id": sample::FP },
            "events": { CREDENTIAL_COMPROMISE: {
                "credential_type": "pat", "event_timestamp": 1_772_445_600, "initiating_entity": "policy",
                "reason_admin": { "en": "example-pat: Example personal access token" },
            } },
        });
        assert_eq!(claims(&sample::exposed()), expected);
    }

    #[test]
    fn a_replay_raises_the_risk() {
        let expected = json!({
            "iss": "https://beartrap.example", "jti": "msg_1", "iat": 1_772_445_605, "aud": "https://receiver.example/hook", "txn": "j1",
            "sub_id": {
                "format": "complex",
                "token": { "format": "jwt_id", "iss": "https://issuer.example", "jti": "a1" },
                "user": { "format": "iss_sub", "iss": "https://issuer.example", "sub": "alice" },
                "session": { "format": "opaque", "id": "s1" }, "agent": { "format": "opaque", "id": "agent-7" }, "task": { "format": "opaque", "id": "t1" },
            },
            "events": { RISK_LEVEL_CHANGE: {
                "principal": "SESSION", "current_level": "HIGH", "risk_reason": "TOKEN_REPLAY", "event_timestamp": 1_772_445_600,
                "initiating_entity": "policy", "reason_admin": { "en": "TR-08: Used in another session" },
            } },
        });
        assert_eq!(claims(&sample::replayed()), expected);
    }

    #[test]
    fn every_event_has_its_type() {
        let check = |name: &str, uri: &str| {
            let claims = claims(&sample::changed(&sample::replayed(), &json!({ "type": name })));
            assert_eq!(claims["events"].as_object().map(|events| events.keys().cloned().collect()), Some(vec![uri.to_owned()]), "{name}");
            assert!(claims.get("sub").is_none() && claims.get("exp").is_none());
        };
        check("token.exposed", CREDENTIAL_COMPROMISE);
        check("token.replay_detected", RISK_LEVEL_CHANGE);
        check("token.revocation_requested", CREDENTIAL_COMPROMISE);
        check("token.revoked", SESSION_REVOKED);
        check("finding.updated", RISK_LEVEL_CHANGE);
    }

    #[test]
    fn no_more_is_said_to_be_revoked_than_is() {
        let issued = |session: Value| json!({ "type": "token.revoked", "data": { "issued_to": { "session_id": session, "agent_id": null, "task_id": null } } });
        let with = claims(&sample::changed(&sample::replayed(), &issued(json!("s1"))));
        assert_eq!((&with["sub_id"]["user"]["sub"], &with["sub_id"]["session"]["id"]), (&json!("alice"), &json!("s1")));
        let without = claims(&sample::changed(&sample::replayed(), &issued(Value::Null)));
        assert_eq!(without["sub_id"], json!({ "format": "jwt_id", "iss": "https://issuer.example", "jti": "a1" }));
    }

    #[test]
    fn answers_have_meanings() {
        let not = "status 200, where only 202 is success";
        sample::check_answers(
            &PAYLOAD,
            &[
                (202, "", "delivered", ""),
                (200, "", "again", not),
                (400, r#"{"err":"invalid_request","description":"x"}"#, "refused", "status 400: invalid_request"),
                (400, r#"{"err":"invalid_audience"}"#, "refused", "status 400: invalid_audience"),
                (400, r#"{"err":"authentication_failed"}"#, "again", "status 400: authentication_failed"),
                (400, r#"{"err":"access_denied"}"#, "again", "status 400: access_denied"),
                (400, r#"{"err":"invalid_key"}"#, "again", "status 400: invalid_key"),
                (400, r#"{"err":"something else"}"#, "again", "status 400"),
                (400, "<html>", "again", "status 400"),
                (401, r#"{"err":"invalid_request"}"#, "again", "status 401"),
                (410, "", "gone", ""),
                (503, "", "again", "status 503"),
            ],
        );
    }
}
