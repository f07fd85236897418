//! `auth0`: Auth0's tenant logs, where refresh tokens are named by family and count, and access tokens to its own API by `jti`.
//!
//! Source: Auth0 documentation, "Log event type codes", and the schemas in auth0/auth0-log-schemas.

use crate::model::token_key::{KeyKind, TokenKey};
use crate::model::token_use::{Outcome, Presented, Record, Scheme, SessionSource};
use crate::observe::format::ObjectFormat;
use crate::observe::json::{Json, at, first, has, number, owned, text};
use crate::observe::observation::{Observation, Said, Thread};
use crate::observe::{address, geo, mask, when};

/// The format.
pub const FORMAT: ObjectFormat = ObjectFormat {
    name: "auth0",
    about: "Auth0 tenant logs, from a stream (`data`) or the management API: exchanged refresh tokens, calls of the management API",
    wrappers: &["logs"],
    recognizes,
    read,
};

/// Where the logs name a session.
const SESSIONS: [&[&str]; 3] = [&["details", "refresh_token", "session_id"], &["session_id"], &["details", "session_id"]];

/// What a stream wraps the log in.
fn inner<'b, 'a>(record: &'b Json<'a>) -> &'b Json<'a> {
    at(record, &["data"]).filter(|data| data.is_object()).unwrap_or(record)
}

fn recognizes(record: &Json<'_>) -> bool {
    let log = inner(record);
    let is_log = has(log, &["type"]) && (has(log, &["log_id"]) || has(record, &["log_id"]));
    is_log && ["date", "client_id", "tenant_name"].iter().any(|key| has(log, &[key]))
}

fn read<'b>(event: &'b Json<'_>, _: &mut Thread, say: &mut dyn FnMut(Said<'b>)) {
    let log = inner(event);
    let record_id = owned(log, &["log_id"]).or_else(|| owned(event, &["log_id"]));
    let presented = exchanged(log).or_else(|| called(log)).into_iter().collect();
    say(Said::Record(Box::new(Observation { record_id, ..Observation::new(record(log), presented) })));
}

fn token_id(name: &str) -> TokenKey {
    TokenKey::Named(KeyKind::TokenId, format!("auth0/{name}"))
}

/// The refresh token of an exchange: a successful one logs the count of the token that took its place.
fn exchanged(log: &Json<'_>) -> Option<Presented> {
    let family = text(log, &["details", "familyId"])?;
    let count = number(log, &["details", "tokenCounter"])?;
    let count = match text(log, &["type"])? {
        "sertft" => count.checked_sub(1).filter(|count| *count >= 0)?,
        "ferrt" | "fertft" => count,
        _ => return None,
    };
    Some(Presented { keys: vec![token_id(&format!("{family}.{count}"))], ..Presented::default() })
}

/// The access token of a call of Auth0's own API.
fn called(log: &Json<'_>) -> Option<Presented> {
    let jti = owned(log, &["details", "request", "auth", "credentials", "jti"])?;
    let issuer = text(log, &["hostname"]).map(|host| TokenKey::JwtId { iss: format!("https://{host}/"), jti: jti.to_string() });
    Some(Presented { keys: issuer.into_iter().chain([token_id(&jti)]).collect(), scheme: Scheme::Bearer, ..Presented::default() })
}

fn record(log: &Json<'_>) -> Record {
    let (time, quality) = when::at_path(log, &["date"]).unzip();
    let kind = text(log, &["type"]).unwrap_or_default();
    let session_id = first(log, &SESSIONS);
    let user = first(log, &[&["user_id"], &["user_name"], &["details", "request", "auth", "user", "user_id"]]);
    Record {
        time,
        time_quality: quality.unwrap_or_default(),
        // Codes begin with `s` for success and `f` for failure.
        outcome: match kind.as_bytes().first() {
            Some(b's') => Outcome::Success,
            Some(b'f') => Outcome::Denied,
            _ => Outcome::Unknown,
        },
        principal: user.clone(),
        user,
        client_id: owned(log, &["client_id"]),
        tenant: first(log, &[&["organization_id"], &["tenant_name"]]),
        session_src: session_id.as_ref().map(|_| SessionSource::Issuer),
        session_id,
        request_id: owned(log, &["log_id"]),
        tool: (!kind.is_empty()).then(|| kind.into()),
        method: owned(log, &["details", "request", "method"]),
        aud: owned(log, &["hostname"]),
        resource: text(log, &["details", "request", "path"]).map(mask::path),
        source_ip: text(log, &["ip"]).and_then(address::ip),
        geo: at(log, &["location_info"]).and_then(|location| geo::place(location, [&["latitude"], &["longitude"]], "country_code")),
        user_agent: owned(log, &["user_agent"]),
        ja4: owned(log, &["security_context", "ja4"]),
        ..Record::default()
    }
}
