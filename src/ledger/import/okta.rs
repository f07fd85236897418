//! `okta`: Okta's System Log, where a grant names its token by id and hash.
//!
//! Source: Okta developer documentation, "System Log API" and "Event types".

use serde_json::{Map, Value};

use crate::ledger::import::claims::words;
use crate::ledger::import::context::Context;
use crate::ledger::import::entry::{Entry, Parsed};
use crate::ledger::import::fault::Fault;
use crate::ledger::import::fields::{first, needed_time, revoked, source, text, time};
use crate::ledger::import::format::{Format, Framing};
use crate::model::fingerprint::Fingerprint;
use crate::model::issuance::{Issuance, IssuedTo, TokenType};
use crate::model::lifecycle::Target;
use crate::model::token_key::{KeyKind, TokenKey};

/// The format.
pub const FORMAT: Format = Format {
    name: "okta",
    about: "Okta System Log: token grants and revocations, API tokens, ends of sessions",
    framing: Framing::Objects("events", parse),
    recognizes,
    marks: &["token", "session"],
};

const DEBUG: &str = "/debugContext/debugData";

fn recognizes(object: &Map<String, Value>) -> bool {
    let has = |name: &str| object.contains_key(name);
    has("eventType") && (has("authenticationContext") || has("debugContext") || has("published"))
}

fn parse(event: &mut Value, _: &mut Context) -> Parsed {
    let kind = text(event, "/eventType").unwrap_or_default();
    if text(event, "/outcome/result").is_some_and(|result| !matches!(&*result, "SUCCESS" | "ALLOW")) {
        return Ok(Vec::new());
    }
    if matches!(&*kind, "user.session.end" | "user.session.clear") {
        let Some(session) = text(event, "/authenticationContext/externalSessionId") else { return Ok(Vec::new()) };
        return Ok(vec![Entry::Event(revoked(Target::Session(session), needed_time(event, &["/published"])?, &kind))]);
    }
    let oauth = kind.starts_with("app.oauth2.");
    if oauth && kind.contains(".token.grant.") || kind == "system.api_token.create" {
        return tokens(event).map(|target| issuance(event, target, &kind).map(Entry::issued)).collect();
    }
    if oauth && kind.contains(".token.revoke") || kind == "system.api_token.revoke" {
        let at = needed_time(event, &["/published"])?;
        return Ok(tokens(event).flat_map(keys).map(|key| Entry::Event(revoked(Target::Key(key), at, &kind))).collect());
    }
    Ok(Vec::new())
}

/// The targets of an event that are tokens with a name.
fn tokens(event: &Value) -> impl Iterator<Item = &Value> {
    let targets = event.get("target").and_then(Value::as_array).into_iter().flatten();
    targets.filter(|target| sort(target).is_some() && !keys(target).is_empty())
}

fn sort(target: &Value) -> Option<TokenType> {
    match &*text(target, "/type")?.to_ascii_lowercase().replace('_', "") {
        "accesstoken" | "idjag" => Some(TokenType::AccessToken),
        "refreshtoken" => Some(TokenType::RefreshToken),
        "idtoken" => Some(TokenType::IdToken),
        "token" | "apitoken" => Some(TokenType::ApiKey),
        _ => None,
    }
}

/// The names of a token: Okta's id, and its hash where that is a whole SHA-256.
fn keys(target: &Value) -> Vec<TokenKey> {
    let hash = text(target, "/detailEntry/hash").and_then(|hash| hash.parse::<Fingerprint>().ok()).map(TokenKey::Fingerprint);
    let id = text(target, "/id").map(|id| TokenKey::Named(KeyKind::TokenId, format!("okta/{id}")));
    hash.into_iter().chain(id).collect()
}

fn issuance(event: &Value, target: &Value, kind: &str) -> Result<Issuance, Fault> {
    let (fingerprints, others): (Vec<_>, Vec<_>) = keys(target).into_iter().partition(|key| matches!(key, TokenKey::Fingerprint(_)));
    let debug = |name: &str| text(event, &format!("{DEBUG}/{name}"));
    Ok(Issuance {
        fp: fingerprints.into_iter().next(),
        alt_keys: others,
        token_type: sort(target).unwrap_or_default(),
        provider: Some("okta".to_owned()),
        iss: debug("issuer"),
        issued_to: issued_to(event),
        actor_chain: text(target, "/detailEntry/actor").into_iter().collect(),
        scope: words(event.pointer(&format!("{DEBUG}/grantedScopes"))),
        aud: debug("authorizationServerAudience").or_else(|| debug("resource")).into_iter().collect(),
        issued_at: Some(needed_time(event, &["/published"])?),
        expires_at: time(target, "/detailEntry/expires")?,
        issuer_event: Some(source("okta", Some(kind.to_owned()), text(event, "/uuid"))),
        ..Issuance::default()
    })
}

/// The client is the actor in most grants; the user is the actor in others, and a target in some.
fn issued_to(event: &Value) -> IssuedTo {
    let named = |object: &Value| first(object, &["/alternateId", "/id"]).filter(|name| name != "unknown");
    let kind = text(event, "/actor/type").unwrap_or_default();
    let actor = event.get("actor").and_then(named);
    let user = event.get("target").and_then(Value::as_array).and_then(|targets| {
        let mut users = targets.iter().filter(|target| text(target, "/type").as_deref() == Some("User"));
        users.find_map(named)
    });
    let mut to = IssuedTo {
        user,
        client_id: first(event, &["/debugContext/debugData/clientId", "/client/id"]),
        session_id: text(event, "/authenticationContext/externalSessionId").filter(|id| id != "unknown"),
        ..IssuedTo::default()
    };
    match &*kind {
        "User" => to.user = to.user.or(actor),
        "WorkloadIdentityPrincipal" => {
            to.agent_id = text(event, "/actor/id");
            to.agent_name = text(event, "/actor/displayName");
        }
        _ => to.client_id = text(event, "/actor/id").or(to.client_id),
    }
    to
}
