//! Whom a security event is about (RFC 9493): from its subject identifier to the tokens that are meant.
//!
//! **Invariant:** what is not understood means nobody; a subject is never widened, from a session to its user or from a user to a tenant.

use serde_json::{Map, Value};

use crate::model::lifecycle::Target;
use crate::model::token_key::TokenKey;

/// The longest identifier, in octets.
const LONGEST: usize = 500;

/// What a subject identifier means; `None` where it is not understood.
#[must_use]
pub fn target(subject: &Value) -> Option<Target> {
    let subject = subject.as_object()?;
    // `subject_type` is what drafts before the standard said.
    match text(subject, "format").or_else(|| text(subject, "subject_type"))? {
        "complex" => of_complex(subject),
        "jwt_id" | "jwt-id" => {
            let (iss, jti) = (text(subject, "iss")?.to_owned(), text(subject, "jti")?.to_owned());
            Some(Target::Key(TokenKey::JwtId { iss, jti }))
        }
        "opaque" => text(subject, "id")?.parse().ok().map(Target::Key),
        _ => of_person(subject).map(Target::Subject),
    }
}

/// The same, where an opaque identifier that names no token is one of a session.
#[must_use]
pub fn session(subject: &Value) -> Option<Target> {
    target(subject).or_else(|| of_session(subject))
}

/// The narrowest member that is understood; one that narrows and is not understood means nobody.
fn of_complex(subject: &Map<String, Value>) -> Option<Target> {
    if let Some(session) = subject.get("session") {
        return of_session(session);
    }
    let narrows = |name: &str| subject.contains_key(name);
    if let Some(task) = subject.get("task") {
        return text(task.as_object()?, "id").map(|id| Target::Task(id.to_owned()));
    }
    if narrows("device") {
        return None;
    }
    let member = ["agent", "application", "user"].into_iter().find_map(|name| subject.get(name))?.as_object()?;
    of_person(member).or_else(|| text(member, "id").map(str::to_owned)).map(Target::Subject)
}

fn of_session(subject: &Value) -> Option<Target> {
    let subject = subject.as_object()?;
    (text(subject, "format")? == "opaque").then_some(())?;
    text(subject, "id").map(|id| Target::Session(id.to_owned()))
}

/// How issuers name people, agents and workloads.
fn of_person(subject: &Map<String, Value>) -> Option<String> {
    let name = match text(subject, "format").or_else(|| text(subject, "subject_type"))? {
        "iss_sub" | "iss-sub" => text(subject, "sub")?,
        "email" => text(subject, "email")?,
        "account" => text(subject, "uri")?.strip_prefix("acct:")?,
        "uri" => text(subject, "uri")?,
        _ => return None,
    };
    Some(name.to_owned())
}

fn text<'a>(map: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    map.get(name)?.as_str().filter(|text| (1..=LONGEST).contains(&text.len()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::serve::receive::subject::{session, target};

    #[test]
    fn subjects_mean_tokens_and_are_never_widened() {
        let user = json!({"format": "iss_sub", "iss": "https://i.example", "sub": "ann"});
        let own = json!({"format": "opaque", "id": "s1"});
        for (subject, expected) in [
            (json!({"format": "jwt_id", "iss": "i", "jti": "j"}), json!({"key": "jti:i#j"})),
            (json!({"format": "opaque", "id": "token_id:a"}), json!({"key": "token_id:a"})),
            (own.clone(), json!(null)),
            (user.clone(), json!({"subject": "ann"})),
            (json!({"format": "email", "email": "a@b.example"}), json!({"subject": "a@b.example"})),
            (json!({"format": "account", "uri": "acct:a@b.example"}), json!({"subject": "a@b.example"})),
            (json!({"format": "uri", "uri": "spiffe://d/w"}), json!({"subject": "spiffe://d/w"})),
            (json!({"format": "complex", "user": user, "session": own}), json!({"session": "s1"})),
            (json!({"format": "complex", "user": user, "session": {"format": "email", "email": "e"}}), json!(null)),
            (json!({"format": "complex", "user": user, "task": {"format": "opaque", "id": "t"}}), json!({"task": "t"})),
            (json!({"format": "complex", "user": user, "tenant": own}), json!({"subject": "ann"})),
            (json!({"format": "complex", "user": user, "agent": {"format": "opaque", "id": "a7"}}), json!({"subject": "a7"})),
            (json!({"format": "complex", "user": user, "device": own}), json!(null)),
            (json!({"format": "complex", "tenant": own}), json!(null)),
            (json!({"format": "phone_number", "phone_number": "+1"}), json!(null)),
            (json!({"format": "jwt_id", "iss": "", "jti": "j"}), json!(null)),
            (json!({"id": "s1"}), json!(null)),
            (json!("s1"), json!(null)),
        ] {
            assert_eq!(json!(target(&subject)), expected, "{subject}");
        }
        assert_eq!(json!(session(&own)), json!({"session": "s1"}));
        assert_eq!(json!(session(&user)), json!({"subject": "ann"}));
    }
}
