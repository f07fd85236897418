//! `entra`: Microsoft Entra sign-in and audit logs, where a sign-in names the token that it handed out.
//!
//! Source: Microsoft documentation, "signIn resource type" and "Track and investigate identity activities with linkable identifiers".

use serde_json::{Map, Value};

use crate::ledger::import::claims::words;
use crate::ledger::import::context::Context;
use crate::ledger::import::entry::{Entry, Parsed};
use crate::ledger::import::fault::Fault;
use crate::ledger::import::fields::{first, first_time, needed_time, number, revoked, source, text};
use crate::ledger::import::format::{Format, Framing};
use crate::model::instant::Instant;
use crate::model::issuance::{Issuance, IssuedTo, TokenType};
use crate::model::lifecycle::Target;
use crate::model::token_key::{KeyKind, TokenKey};

/// The format.
pub const FORMAT: Format = Format {
    name: "entra",
    about: "Microsoft Entra sign-in and audit logs, from diagnostic settings (`records`, `properties`) or one event on a line",
    framing: Framing::Objects("records", parse),
    recognizes,
    marks: &["uniqueTokenIdentifier", "evoke", "StsRefreshTokenValidFrom", "isable account"],
};

/// Activities after which earlier tokens of the user are refused.
const REVOKING: [&str; 4] = ["revoke user sign-in sessions", "update stsrefreshtokenvalidfrom timestamp", "revokesigninsessions", "disable account"];

const TIMES: [&str; 4] = ["/createdDateTime", "/activityDateTime", "/time", "/TimeGenerated"];

fn recognizes(object: &Map<String, Value>) -> bool {
    let inner = object.get("properties").and_then(Value::as_object).unwrap_or(object);
    let has = |name: &str| inner.contains_key(name);
    has("uniqueTokenIdentifier")
        || has("userPrincipalName") && (has("appId") || has("createdDateTime"))
        || has("activityDisplayName") && has("activityDateTime")
}

fn parse(event: &mut Value, _: &mut Context) -> Parsed {
    let inner = event.get("properties").filter(|properties| properties.is_object()).unwrap_or(event);
    let activity = first(inner, &["/activityDisplayName", "/operationName"]).unwrap_or_default();
    if REVOKING.contains(&&*activity.to_ascii_lowercase()) {
        return revocation(event, inner, &activity);
    }
    let failed = number(inner, "/status/errorCode").is_some_and(|code| code != 0) || text(event, "/resultType").is_some_and(|code| code != "0");
    match text(inner, "/uniqueTokenIdentifier") {
        Some(token) if !failed => Ok(vec![Entry::issued(issuance(event, inner, &token)?)]),
        _ => Ok(Vec::new()),
    }
}

fn issuance(event: &Value, inner: &Value, token: &str) -> Result<Issuance, Fault> {
    let tenant = first(inner, &["/resourceTenantId", "/homeTenantId", "/tenantId"]).or_else(|| text(event, "/tenantId"));
    let principal = first(inner, &["/servicePrincipalId", "/servicePrincipalName"]);
    Ok(Issuance {
        alt_keys: vec![TokenKey::Named(KeyKind::TokenId, format!("entra/{token}"))],
        token_type: TokenType::AccessToken,
        provider: Some("entra".to_owned()),
        issued_to: IssuedTo {
            user: first(inner, &["/userPrincipalName", "/userId"]),
            workload_id: principal,
            agent_id: first(inner, &["/agent/agentId", "/agentId"]),
            client_id: text(inner, "/appId"),
            session_id: text(inner, "/sessionId"),
            tenant,
            ..IssuedTo::default()
        },
        scope: words(inner.get("oauthScopeInfo")),
        aud: first(inner, &["/resourceId", "/resourceDisplayName"]).into_iter().collect(),
        issued_at: Some(moment(event, inner)?),
        issuer_event: Some(source("entra", text(event, "/category"), first(inner, &["/id", "/correlationId"]))),
        ..Issuance::default()
    })
}

fn revocation(event: &Value, inner: &Value, activity: &str) -> Parsed {
    if first(inner, &["/result"]).is_some_and(|result| !result.eq_ignore_ascii_case("success")) {
        return Ok(Vec::new());
    }
    let at = moment(event, inner)?;
    let targets = inner.get("targetResources").and_then(Value::as_array).into_iter().flatten();
    let users = targets.filter_map(|target| first(target, &["/userPrincipalName", "/id"]));
    Ok(users.map(|user| Entry::Event(revoked(Target::Subject(user), at, activity))).collect())
}

/// The time of the event, which stands inside `properties` or beside it.
fn moment(event: &Value, inner: &Value) -> Result<Instant, Fault> {
    first_time(inner, &TIMES)?.map_or_else(|| needed_time(event, &TIMES), Ok)
}
