//! `auth0`: Auth0's tenant logs, where exchanges name the access token by `jti` and rotated tokens by family and count.
//!
//! Source: Auth0 documentation, "Log event type codes", and the schemas in auth0/auth0-log-schemas.

use serde_json::{Map, Value};

use crate::ledger::import::claims::words;
use crate::ledger::import::context::Context;
use crate::ledger::import::entry::{Entry, Parsed};
use crate::ledger::import::fault::Fault;
use crate::ledger::import::fields::{first, needed_time, number, revoked, source, text};
use crate::ledger::import::format::{Format, Framing};
use crate::model::issuance::{Issuance, IssuedTo, TokenType};
use crate::model::lifecycle::Target;
use crate::model::token_key::{KeyKind, TokenKey};

/// The format.
pub const FORMAT: Format = Format {
    name: "auth0",
    about: "Auth0 tenant logs, from a stream (`data`) or the management API: token exchanges, revoked refresh tokens",
    framing: Framing::Objects("logs", parse),
    recognizes,
    marks: &["token", "refresh", "revok"],
};

/// Successful exchanges for an access token.
const EXCHANGES: [&str; 11] =
    ["seacft", "seccft", "sertft", "sepft", "sede", "sens", "secte", "seoobft", "seotpft", "sercft", "ciba_exchange_succeeded"];

fn recognizes(object: &Map<String, Value>) -> bool {
    let log = object.get("data").and_then(Value::as_object).unwrap_or(object);
    let has = |name: &str| log.contains_key(name);
    has("type") && (has("log_id") || object.contains_key("log_id")) && (has("date") || has("client_id") || has("tenant_name"))
}

fn parse(event: &mut Value, _: &mut Context) -> Parsed {
    let log = event.get("data").filter(|data| data.is_object()).unwrap_or(event);
    let kind = text(log, "/type").unwrap_or_default();
    match &*kind {
        "srrt" => revoked_token(log, &kind),
        "ferrt" => revoked_family(log, &kind),
        kind if EXCHANGES.contains(&kind) => exchange(log, kind),
        _ => Ok(Vec::new()),
    }
}

fn token_id(name: &str) -> TokenKey {
    TokenKey::Named(KeyKind::TokenId, format!("auth0/{name}"))
}

/// The name of a rotated refresh token: its family and its count in it.
fn counted(log: &Value) -> Option<(String, u64, TokenKey)> {
    let family = text(log, "/details/familyId")?;
    let count = u64::try_from(number(log, "/details/tokenCounter")?).ok()?;
    let key = token_id(&format!("{family}.{count}"));
    Some((family, count, key))
}

fn exchange(log: &Value, kind: &str) -> Parsed {
    let mut entries = Vec::new();
    let common = common(log, kind)?;
    let refresh = counted(log);
    if let Some(jti) = text(log, "/details/access_token_jti") {
        let access = Issuance {
            alt_keys: if common.iss.is_some() { Vec::new() } else { vec![token_id(&jti)] },
            jti: Some(jti),
            token_type: TokenType::AccessToken,
            parent_fp: refresh.as_ref().map(|(_, _, key)| key.clone()),
            ..common.clone()
        };
        entries.push(Entry::issued(access));
    }
    if let Some((family, count, key)) = refresh {
        let parent = count.checked_sub(1).map(|before| token_id(&format!("{family}.{before}")));
        let refresh = Issuance {
            alt_keys: vec![key],
            token_type: TokenType::RefreshToken,
            generation: Some(count),
            parent_fp: parent,
            aud: Vec::new(),
            ..common
        };
        entries.push(Entry::issued(refresh));
    }
    Ok(entries)
}

fn common(log: &Value, kind: &str) -> Result<Issuance, Fault> {
    let user = first(log, &["/user_id", "/user_name"]);
    Ok(Issuance {
        provider: Some("auth0".to_owned()),
        iss: text(log, "/hostname").map(|host| format!("https://{host}/")),
        family_id: text(log, "/details/familyId"),
        issued_to: IssuedTo {
            user,
            client_id: text(log, "/client_id"),
            tenant: first(log, &["/organization_id", "/tenant_name"]),
            session_id: first(log, &["/details/refresh_token/session_id", "/session_id", "/details/session_id"]),
            ..IssuedTo::default()
        },
        scope: words(log.get("scope")),
        aud: text(log, "/audience").into_iter().collect(),
        issued_at: Some(needed_time(log, &["/date"])?),
        issuer_event: Some(source("auth0", Some(kind.to_owned()), text(log, "/log_id"))),
        ..Issuance::default()
    })
}

fn revoked_token(log: &Value, kind: &str) -> Parsed {
    let target = match (counted(log), text(log, "/details/familyId"), text(log, "/details/credential_id")) {
        (Some((_, _, key)), _, _) => Target::Key(key),
        (None, Some(family), _) => Target::Family(family),
        (None, None, Some(credential)) => Target::Key(token_id(&credential)),
        (None, None, None) => return Ok(Vec::new()),
    };
    Ok(vec![Entry::Event(revoked(target, needed_time(log, &["/date"])?, kind))])
}

/// A rotated token was presented again, and Auth0 has revoked its family.
fn revoked_family(log: &Value, kind: &str) -> Parsed {
    let Some(family) = text(log, "/details/familyId") else { return Ok(Vec::new()) };
    Ok(vec![Entry::Event(revoked(
        Target::Family(family),
        needed_time(log, &["/date"])?,
        &format!("{kind}: a rotated refresh token was presented again"),
    ))])
}
