//! `github-audit`: GitHub's audit log, where tokens appear as the base64 of their SHA-256.
//!
//! Source: GitHub's documentation, "Identifying audit log events performed by an access token".

use serde_json::{Map, Value};

use crate::ledger::import::claims::words;
use crate::ledger::import::context::Context;
use crate::ledger::import::entry::{Entry, Parsed};
use crate::ledger::import::fault::Fault;
use crate::ledger::import::fields::{first, needed_time, revoked, source, text, time};
use crate::ledger::import::format::{Format, Framing};
use crate::model::issuance::{Issuance, IssuedTo, TokenType};
use crate::model::lifecycle::Target;
use crate::model::token_key::{KeyKind, TokenKey};

/// The format.
pub const FORMAT: Format = Format {
    name: "github-audit",
    about: "audit log of a GitHub organisation or enterprise, as exported or streamed",
    framing: Framing::Objects("", parse),
    recognizes,
    marks: &["hashed_token", "personal_access_token", "oauth", "token"],
};

/// Kinds of events that are about credentials.
const CATEGORIES: [&str; 8] = [
    "personal_access_token",
    "oauth_authorization",
    "oauth_access",
    "org_credential_authorization",
    "business_credential_authorization",
    "integration_installation",
    "integration_installation_request",
    "public_key",
];

/// What hands a credential out.
const ISSUING: [&str; 7] = ["access_granted", "create", "grant", "regenerate", "credential_authorized", "credential_regenerated", "token_created"];

/// What ends a credential.
const ENDING: [&str; 9] =
    ["access_revoked", "revoke", "revoked", "destroy", "delete", "deauthorize", "deauthorized", "credential_revoked", "credential_deauthorized"];

fn recognizes(object: &Map<String, Value>) -> bool {
    let has = |name: &str| object.contains_key(name);
    let dotted = object.get("action").and_then(Value::as_str).is_some_and(|action| action.contains('.'));
    dotted && (has("@timestamp") || has("_document_id") || has("created_at"))
}

fn parse(event: &mut Value, _: &mut Context) -> Parsed {
    let Some(action) = text(event, "/action") else { return Ok(Vec::new()) };
    let Some((category, verb)) = action.split_once('.') else { return Ok(Vec::new()) };
    let about_credentials = CATEGORIES.contains(&category) || verb.starts_with("credential_");
    let keys = keys(event)?;
    if !about_credentials || keys.is_empty() {
        return Ok(Vec::new());
    }
    if ENDING.contains(&verb) {
        let at = needed_time(event, &["/@timestamp", "/created_at"])?;
        return Ok(keys.into_iter().map(|key| Entry::Event(revoked(Target::Key(key), at, &action))).collect());
    }
    if ISSUING.contains(&verb) {
        return Ok(vec![Entry::issued(issuance(event, keys)?)]);
    }
    Ok(Vec::new())
}

/// The names of the event's token, the fingerprint first.
fn keys(event: &Value) -> Result<Vec<TokenKey>, Fault> {
    let mut keys = Vec::new();
    if let Some(hash) = text(event, "/hashed_token") {
        keys.push(TokenKey::Fingerprint(hash.parse().map_err(|_| Fault::field("hashed_token", "the base64 of 32 bytes"))?));
    }
    keys.extend(text(event, "/token_id").map(|id| TokenKey::Named(KeyKind::TokenId, format!("github/{id}"))));
    Ok(keys)
}

fn issuance(event: &Value, keys: Vec<TokenKey>) -> Result<Issuance, Fault> {
    let (fingerprints, others): (Vec<_>, Vec<_>) = keys.into_iter().partition(|key| matches!(key, TokenKey::Fingerprint(_)));
    Ok(Issuance {
        fp: fingerprints.into_iter().next(),
        alt_keys: others,
        token_type: token_type(event),
        provider: Some("github".to_owned()),
        issued_to: IssuedTo {
            user: first(event, &["/user", "/actor"]),
            tenant: first(event, &["/org", "/business"]),
            client_id: first(event, &["/oauth_application_id", "/application_client_id", "/integration"]),
            agent_name: first(event, &["/user_programmatic_access_name", "/oauth_application_name"]),
            ..IssuedTo::default()
        },
        scope: words(event.get("token_scopes")),
        issued_at: Some(needed_time(event, &["/@timestamp", "/created_at"])?),
        expires_at: time(event, "/token_expires_at")?,
        issuer_event: Some(source("github-audit", text(event, "/action"), text(event, "/_document_id"))),
        ..Issuance::default()
    })
}

fn token_type(event: &Value) -> TokenType {
    let written = text(event, "/programmatic_access_type").or_else(|| text(event, "/action")).unwrap_or_default().to_ascii_lowercase();
    match written.replace('_', " ") {
        kind if kind.contains("personal access token") => TokenType::Pat,
        kind if kind.contains("refresh") => TokenType::RefreshToken,
        kind if ["oauth", "github app", "server-to-server", "user-to-server", "integration"].iter().any(|word| kind.contains(word)) => {
            TokenType::AccessToken
        }
        _ => TokenType::Other,
    }
}
