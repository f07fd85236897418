//! `vault-audit`: the audit device of Vault and its forks, where tokens are keyed hashes and accessors name them.
//!
//! Source: Vault documentation, "Audit devices". An `hmac-sha256:<hex>` there is keyed by the server and is no fingerprint.

use serde_json::{Map, Value, json};

use crate::ledger::import::claims::texts;
use crate::ledger::import::context::{Context, GramOf};
use crate::ledger::import::entry::{Entry, Parsed};
use crate::ledger::import::fault::Fault;
use crate::ledger::import::fields::{after, first, first_time, needed_time, number, revoked, source, text};
use crate::ledger::import::format::{Format, Framing};
use crate::ledger::import::raw_token::Shown;
use crate::model::issuance::{Issuance, IssuedTo, TokenType};
use crate::model::lifecycle::Target;
use crate::model::token_key::{KeyKind, TokenKey};

/// The format.
pub const FORMAT: Format = Format {
    name: "vault-audit",
    about: "audit device of HashiCorp Vault or OpenBao: logins, created tokens, wrapped responses, revocations",
    framing: Framing::Objects("", parse),
    recognizes,
    marks: &["\"auth\"", "revoke"],
};

fn recognizes(object: &Map<String, Value>) -> bool {
    let kind = object.get("type").and_then(Value::as_str).unwrap_or_default();
    let request = object.get("request").and_then(Value::as_object);
    matches!(kind, "request" | "response") && request.is_some_and(|request| request.contains_key("operation") || request.contains_key("path"))
}

fn parse(event: &mut Value, context: &mut Context) -> Parsed {
    let failed = first(event, &["/error", "/response/data/error"]).is_some();
    if failed || text(event, "/type").as_deref() != Some("response") {
        return Ok(Vec::new());
    }
    let path = text(event, "/request/path").unwrap_or_default();
    if path.starts_with("auth/token/revoke") || path.starts_with("sys/leases/revoke") || path.starts_with("sys/revoke") {
        return revocation(event, &path);
    }
    let mut entries = Vec::new();
    if event.pointer("/response/auth").is_some_and(Value::is_object) {
        entries.extend(login(event, context.gram_of)?);
    }
    if event.pointer("/response/wrap_info").is_some_and(Value::is_object) {
        entries.extend(wrapped(event, context.gram_of)?);
    }
    Ok(entries)
}

fn accessor(event: &Value, pointer: &str) -> Option<TokenKey> {
    text(event, pointer).map(|id| TokenKey::Named(KeyKind::VaultAccessor, id))
}

/// A token that the audit device logs raw (`log_raw`), or its keyed hash as a note.
fn take_token(event: &mut Value, pointer: &str) -> (Option<Shown>, Option<String>) {
    match text(event, pointer) {
        Some(keyed) if keyed.starts_with("hmac-sha256:") => (None, Some(keyed)),
        _ => (event.pointer_mut(pointer).and_then(Shown::take), None),
    }
}

fn login(event: &mut Value, gram_of: GramOf) -> Result<Option<Entry>, Fault> {
    let (token, keyed) = take_token(event, "/response/auth/client_token");
    let key = accessor(event, "/response/auth/accessor");
    if token.is_none() && key.is_none() {
        return Ok(None);
    }
    let issued_at = first_time(event, &["/response/auth/token_issue_time", "/time"])?;
    let lifetime = number(event, "/response/auth/token_ttl").or_else(|| number(event, "/response/auth/lease_duration"));
    let policies = ["/response/auth/token_policies", "/response/auth/policies"];
    let workload = ["/response/auth/metadata/service_account_name", "/response/auth/metadata/role_name", "/response/auth/entity_id"];
    let mut record = Issuance {
        alt_keys: key.into_iter().collect(),
        token_type: TokenType::AccessToken,
        provider: Some("vault".to_owned()),
        parent_fp: accessor(event, "/request/client_token_accessor"),
        issued_to: IssuedTo {
            user: first(event, &["/response/auth/metadata/username", "/response/auth/display_name"]),
            workload_id: first(event, &workload),
            tenant: first(event, &["/request/namespace/path", "/request/namespace/id"]),
            ..IssuedTo::default()
        },
        scope: policies.iter().map(|pointer| texts(event.pointer(pointer))).find(|list| !list.is_empty()).unwrap_or_default(),
        issued_at,
        expires_at: after(issued_at, lifetime),
        max_uses: number(event, "/response/auth/num_uses").and_then(|uses| u64::try_from(uses).ok()).filter(|uses| *uses > 0),
        issuer_event: Some(origin(event, keyed)),
        ..Issuance::default()
    };
    let gram = token.and_then(|token| token.absorb(&mut record, gram_of));
    Ok(Some(Entry::shown(record, gram)))
}

/// A wrapping token: it is used once, to fetch what it wraps.
fn wrapped(event: &mut Value, gram_of: GramOf) -> Result<Option<Entry>, Fault> {
    let (token, keyed) = take_token(event, "/response/wrap_info/token");
    let key = accessor(event, "/response/wrap_info/accessor");
    if token.is_none() && key.is_none() {
        return Ok(None);
    }
    let issued_at = first_time(event, &["/response/wrap_info/creation_time", "/time"])?;
    let mut record = Issuance {
        alt_keys: key.into_iter().collect(),
        provider: Some("vault".to_owned()),
        parent_fp: accessor(event, "/auth/accessor"),
        issued_to: IssuedTo { user: text(event, "/auth/display_name"), workload_id: text(event, "/auth/entity_id"), ..IssuedTo::default() },
        issued_at,
        expires_at: after(issued_at, number(event, "/response/wrap_info/ttl")),
        max_uses: Some(1),
        issuer_event: Some(origin(event, keyed)),
        ..Issuance::default()
    };
    let gram = token.and_then(|token| token.absorb(&mut record, gram_of));
    Ok(Some(Entry::shown(record, gram)))
}

fn revocation(event: &mut Value, path: &str) -> Parsed {
    let key = if path.starts_with("auth/token/revoke-self") {
        accessor(event, "/auth/accessor").or_else(|| accessor(event, "/request/client_token_accessor"))
    } else {
        let (token, _) = take_token(event, "/request/data/token");
        accessor(event, "/request/data/accessor").or_else(|| token.map(|token| token.key()))
    };
    let Some(key) = key else { return Ok(Vec::new()) };
    let at = needed_time(event, &["/time"])?;
    let route = path.split('/').take(3).collect::<Vec<_>>().join("/");
    Ok(vec![Entry::Event(revoked(Target::Key(key), at, &route))])
}

fn origin(event: &Value, keyed: Option<String>) -> Value {
    let mut origin = source("vault-audit", text(event, "/request/path"), text(event, "/request/id"));
    if let Some(keyed) = keyed {
        origin["client_token_hmac"] = json!(keyed);
    }
    origin
}
