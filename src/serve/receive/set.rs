//! `set`: security event tokens (RFC 8417) that are pushed (RFC 8935), with the events of CAEP, RISC and the older OAuth profile.

use serde_json::{Map, Value, json};

use crate::delivery::set::{
    self, AHEAD, CREDENTIAL_CHANGE, Expected, OLDEST, SESSION_REVOKED, SESSIONS_REVOKED, SecurityEvent, TOKEN_REVOKED, TOKENS_REVOKED,
};
use crate::model::instant::Instant;
use crate::model::lifecycle::Target;
use crate::serve::receive::inlet::{Heard, Inlet, Item, Needs, Protocol, Refusal, Told, bounded};
use crate::serve::receive::subject::{session, target};
use crate::serve::receive::verify;
use crate::serve::server::{Answer, Question};

/// How the kinds of login credentials are called that are no tokens (CAEP, section 3.3).
const LOGINS: [&str; 10] =
    ["password", "pin", "x509", "fido2-platform", "fido2-roaming", "fido-u2f", "verifiable-credential", "phone-voice", "phone-sms", "app"];

/// The format.
pub const PROTOCOL: Protocol = Protocol {
    name: "set",
    about: "security event tokens pushed by RFC 8935: CAEP `session-revoked` and `credential-change`, RISC `sessions-revoked`, OAuth `token-revoked`",
    needs: Needs::PublicKeyAndNames,
    lasting: OLDEST + 2 * AHEAD,
    paths: &[],
    read,
    taken: |_| Answer::new(202, "application/json", String::new()),
    refused,
};

fn read(inlet: &Inlet, question: &Question, now: Instant) -> Result<Heard, Refusal> {
    if question.method != "POST" {
        return Err(Refusal::Method("POST"));
    }
    verify::authorization(inlet, question)?;
    let media_type = question.header("content-type").and_then(|text| text.split(';').next()).unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case("application/secevent+jwt") {
        return Err(Refusal::Form("its media type is not `application/secevent+jwt`"));
    }
    let expected = Expected { issuer: inlet.issuer.as_deref(), audience: inlet.audience.as_deref() };
    let event = set::read(question.body, &inlet.public, expected, now)?;
    Ok(Heard::Told(event.events.iter().map(|(uri, what)| item(&event, uri, what, now)).collect()))
}

fn item(event: &SecurityEvent, uri: &str, what: &Map<String, Value>, now: Instant) -> Item {
    // A subject in the event itself is what drafts before the standard had.
    let subject = event.sub_id.as_ref().or_else(|| what.get("subject")).unwrap_or(&Value::Null);
    let at = Instant::from_number(event.time(what).min(now.seconds())).unwrap_or(now);
    let told = meant(uri, what, subject).map_or(Told::Nothing, |target| Told::Revoked { targets: vec![target], at });
    Item { id: format!("{} {uri}", event.jti), what: bounded(uri), told }
}

/// Which tokens an event says to be dead.
fn meant(uri: &str, event: &Map<String, Value>, subject: &Value) -> Option<Target> {
    let has = |name: &str, value: &str| event.get(name).and_then(Value::as_str) == Some(value);
    match uri {
        SESSION_REVOKED => session(subject),
        SESSIONS_REVOKED => target(subject).filter(|target| !matches!(target, Target::Key(_))),
        TOKEN_REVOKED => target(subject).filter(|target| matches!(target, Target::Key(_))),
        TOKENS_REVOKED => target(subject),
        // A password that is gone leaves tokens alive, and is no reason to call their uses replays.
        CREDENTIAL_CHANGE if has("change_type", "revoke") => {
            let is_login = LOGINS.iter().any(|login| has("credential_type", login));
            target(subject).filter(|target| !is_login || matches!(target, Target::Key(_)))
        }
        _ => None,
    }
}

/// RFC 8935, section 2.4.
fn refused(refusal: &Refusal) -> Answer {
    let code = match refusal {
        Refusal::Method(allowed) => return Answer::method(allowed),
        Refusal::Event(error) => error.code(),
        Refusal::Sender(_) | Refusal::Signature(_) => "authentication_failed",
        Refusal::Key => "invalid_key",
        Refusal::Form(_) => "invalid_request",
    };
    let body = json!({"err": code, "description": refusal.said()}).to_string();
    Answer { headers: vec![("content-language", "en")], ..Answer::new(400, "application/json", body) }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};

    use crate::serve::receive::set::meant;

    #[test]
    fn events_mean_what_is_dead_and_no_more() {
        let token = json!({"format": "jwt_id", "iss": "i", "jti": "j"});
        let user = json!({"format": "email", "email": "e"});
        let session = json!({"format": "opaque", "id": "s"});
        let change = |kind: &str, change: &str| json!({"credential_type": kind, "change_type": change});
        for (event, body, subject, expected) in [
            ("caep/event-type/session-revoked", json!({}), &session, json!({"session": "s"})),
            ("caep/event-type/session-revoked", json!({}), &user, json!({"subject": "e"})),
            ("caep/event-type/session-revoked", json!({}), &token, json!({"key": "jti:i#j"})),
            ("risc/event-type/sessions-revoked", json!({}), &user, json!({"subject": "e"})),
            ("risc/event-type/sessions-revoked", json!({}), &token, json!(null)),
            ("oauth/event-type/token-revoked", json!({}), &token, json!({"key": "jti:i#j"})),
            ("oauth/event-type/token-revoked", json!({}), &user, json!(null)),
            ("oauth/event-type/tokens-revoked", json!({}), &user, json!({"subject": "e"})),
            ("caep/event-type/credential-change", change("password", "revoke"), &user, json!(null)),
            ("caep/event-type/credential-change", change("password", "revoke"), &token, json!({"key": "jti:i#j"})),
            ("caep/event-type/credential-change", change("api-key", "revoke"), &user, json!({"subject": "e"})),
            ("caep/event-type/credential-change", change("api-key", "create"), &user, json!(null)),
            ("caep/event-type/risk-level-change", json!({}), &token, json!(null)),
            ("risc/event-type/credential-compromise", json!({}), &token, json!(null)),
            ("ssf/event-type/verification", json!({"state": "x"}), &Value::Null, json!(null)),
        ] {
            let uri = format!("https://schemas.openid.net/secevent/{event}");
            let body = body.as_object().cloned().unwrap_or_default();
            assert_eq!(json!(meant(&uri, &body, subject)), expected, "{event} {subject}");
        }
        assert!(meant("https://other.example/caep/event-type/session-revoked", &Map::new(), &session).is_none());
    }
}
