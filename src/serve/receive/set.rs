//! `set`: security event tokens (RFC 8417) that are pushed (RFC 8935), with the events of CAEP, RISC and the older OAuth profile.

use serde_json::{Map, Value, json};

use crate::model::instant::Instant;
use crate::model::jwt::texts;
use crate::model::lifecycle::Target;
use crate::serve::receive::inlet::{Heard, Inlet, Item, Needs, Protocol, Refusal, Told, bounded};
use crate::serve::receive::subject::{session, target};
use crate::serve::receive::verify::{self, Token};
use crate::serve::server::{Answer, Question};

/// How far ahead of ours the sender's clock may be, in seconds.
const AHEAD: i64 = 600;
/// How old a token may be, in seconds: deliveries are tried again.
const OLDEST: i64 = 86_400;
/// The most events that are read of one token.
const MOST: usize = 100;

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
    let Token { head, claims } = verify::token(inlet, question.body)?;
    let kind = head.get("typ").and_then(Value::as_str).unwrap_or_default().to_ascii_lowercase();
    // Explicit typing keeps a token of another kind, under the same key, from being taken for an event.
    if kind.strip_prefix("application/").unwrap_or(&kind) != "secevent+jwt" {
        return Err(Refusal::Form("its `typ` is not `secevent+jwt`"));
    }
    items(inlet, &claims, now).map(Heard::Told)
}

fn items(inlet: &Inlet, claims: &Map<String, Value>, now: Instant) -> Result<Vec<Item>, Refusal> {
    if claims.get("iss").and_then(Value::as_str) != inlet.issuer.as_deref() || inlet.issuer.is_none() {
        return Err(Refusal::Issuer);
    }
    if !inlet.audience.as_ref().is_some_and(|audience| texts(claims.get("aud")).contains(audience)) {
        return Err(Refusal::Audience);
    }
    let issued = number(claims.get("iat")).ok_or(Refusal::Form("`iat` is missing"))?;
    let ended = number(claims.get("exp")).is_some_and(|end| end <= now.seconds());
    if ended || issued > now.seconds() + AHEAD || issued < now.seconds() - OLDEST {
        return Err(Refusal::Stale);
    }
    let jti = claims.get("jti").and_then(Value::as_str).filter(|jti| (1..=256).contains(&jti.len())).ok_or(Refusal::Form("`jti` is missing"))?;
    let events = claims.get("events").and_then(Value::as_object).filter(|events| (1..=MOST).contains(&events.len()));
    let events = events.ok_or(Refusal::Form("`events` is missing or holds too many"))?;
    let at = |event: &Value| number(event.get("event_timestamp")).or_else(|| number(claims.get("toe"))).unwrap_or(issued).min(now.seconds());
    let item = |(uri, event): (&String, &Value)| {
        // A subject in the event itself is what drafts before the standard had.
        let subject = claims.get("sub_id").or_else(|| event.get("subject")).unwrap_or(&Value::Null);
        let told = match meant(uri, event, subject) {
            Some(target) => Told::Revoked { targets: vec![target], at: Instant::from_number(at(event)).unwrap_or(now) },
            None => Told::Nothing,
        };
        Item { id: format!("{jti} {uri}"), what: bounded(uri), told }
    };
    Ok(events.iter().map(item).collect())
}

/// Which tokens an event says to be dead.
fn meant(uri: &str, event: &Value, subject: &Value) -> Option<Target> {
    let (profile, name) = uri.strip_prefix("https://schemas.openid.net/secevent/")?.split_once("/event-type/")?;
    match (profile, name) {
        ("caep", "session-revoked") => session(subject),
        ("risc", "sessions-revoked") => target(subject).filter(|target| !matches!(target, Target::Key(_))),
        ("oauth", "token-revoked") => target(subject).filter(|target| matches!(target, Target::Key(_))),
        ("oauth", "tokens-revoked") => target(subject),
        // A password that is gone leaves tokens alive, and is no reason to call their uses replays.
        ("caep", "credential-change") if event["change_type"] == "revoke" => {
            let is_login = LOGINS.iter().any(|login| event["credential_type"] == *login);
            target(subject).filter(|target| !is_login || matches!(target, Target::Key(_)))
        }
        _ => None,
    }
}

fn number(value: Option<&Value>) -> Option<i64> {
    let value = value?;
    value.as_i64().or_else(|| value.as_f64().map(|number| number as i64)).filter(|number| (0..=253_402_300_799).contains(number))
}

/// RFC 8935, section 2.4.
fn refused(refusal: &Refusal) -> Answer {
    let code = match refusal {
        Refusal::Method(allowed) => return Answer::method(allowed),
        Refusal::Sender(_) => "authentication_failed",
        Refusal::Key => "invalid_key",
        Refusal::Issuer => "invalid_issuer",
        Refusal::Audience => "invalid_audience",
        Refusal::Stale | Refusal::Form(_) => "invalid_request",
    };
    let body = json!({"err": code, "description": refusal.to_string()}).to_string();
    Answer { headers: vec![("content-language", "en")], ..Answer::new(400, "application/json", body) }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

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
            assert_eq!(json!(meant(&uri, &body, subject)), expected, "{event} {subject}");
        }
        assert!(meant("https://other.example/caep/event-type/session-revoked", &json!({}), &session).is_none());
    }
}
