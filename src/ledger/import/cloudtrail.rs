//! `cloudtrail`: the log of AWS's API calls, which logs the session token it hands out in clear.
//!
//! Source: user guide of `CloudTrail`, "record contents" and "Logging IAM and AWS STS API calls".

use serde_json::{Map, Value};

use crate::ledger::import::context::{Context, GramOf};
use crate::ledger::import::entry::{Entry, Parsed};
use crate::ledger::import::fault::Fault;
use crate::ledger::import::fields::{first, needed_time, revoked, source, text, time};
use crate::ledger::import::format::{Format, Framing};
use crate::ledger::import::raw_token::Shown;
use crate::model::issuance::{Issuance, IssuedTo, TokenType};
use crate::model::lifecycle::Target;
use crate::model::token_key::{KeyKind, TokenKey};

/// The format.
pub const FORMAT: Format = Format {
    name: "cloudtrail",
    about: "AWS CloudTrail: sessions of STS and access keys of IAM; a file with `Records`, an array, or one event on a line",
    framing: Framing::Objects("Records", parse),
    recognizes,
    marks: &["\"sessionToken\"", "AccessKey\"", "AssumeRo", "GetSessionToken", "GetFederationToken"],
};

fn recognizes(object: &Map<String, Value>) -> bool {
    object.contains_key("eventVersion") && (object.contains_key("eventSource") || object.contains_key("eventName"))
        || object.contains_key("eventSource") && object.contains_key("awsRegion")
}

fn parse(event: &mut Value, context: &mut Context) -> Parsed {
    if event.get("errorCode").is_some_and(|code| !code.is_null()) {
        return Ok(Vec::new());
    }
    let name = text(event, "/eventName").unwrap_or_default();
    match &*name {
        "CreateAccessKey" => created_key(event),
        "DeleteAccessKey" => ended_key(event, &name),
        "UpdateAccessKey" if text(event, "/requestParameters/status").as_deref() == Some("Inactive") => ended_key(event, "UpdateAccessKey Inactive"),
        "GetSessionToken" | "GetFederationToken" => session(event, context.gram_of),
        _ if name.starts_with("AssumeRo") => session(event, context.gram_of),
        _ => Ok(Vec::new()),
    }
}

/// Temporary credentials: the key id is public, the session token is the secret.
fn session(event: &mut Value, gram_of: GramOf) -> Parsed {
    let token = event.pointer_mut("/responseElements/credentials/sessionToken").and_then(Shown::take);
    let key_id = text(event, "/responseElements/credentials/accessKeyId");
    if token.is_none() && key_id.is_none() {
        return Ok(Vec::new());
    }
    let at = needed_time(event, &["/eventTime"])?;
    let subject = first(event, &["/responseElements/assumedRoleUser/arn", "/responseElements/federatedUser/arn", "/userIdentity/arn"]);
    let keys = [
        key_id.clone().map(|id| TokenKey::Named(KeyKind::KeyId, id)),
        subject.as_ref().map(|arn| TokenKey::Named(KeyKind::Session, format!("{arn}@{at}"))),
    ];
    let mut record = Issuance {
        alt_keys: keys.into_iter().flatten().collect(),
        token_type: TokenType::Sts,
        provider: Some("aws".to_owned()),
        kid: key_id,
        parent_fp: text(event, "/userIdentity/accessKeyId").map(|id| TokenKey::Named(KeyKind::KeyId, id)),
        issued_to: IssuedTo { workload_id: subject.clone(), session_id: text(event, "/requestParameters/roleSessionName"), ..caller(event) },
        actor_chain: chain(event, subject),
        issued_at: Some(at),
        expires_at: time(event, "/responseElements/credentials/expiration")?,
        issuer_event: Some(origin(event)),
        ..Issuance::default()
    };
    let gram = token.and_then(|token| token.absorb(&mut record, gram_of));
    Ok(vec![Entry::shown(record, gram)])
}

fn created_key(event: &Value) -> Parsed {
    let Some(id) = text(event, "/responseElements/accessKey/accessKeyId") else { return Ok(Vec::new()) };
    let user = first(event, &["/responseElements/accessKey/userName", "/requestParameters/userName"]);
    let created = time(event, "/responseElements/accessKey/createDate")?;
    let record = Issuance {
        alt_keys: vec![TokenKey::Named(KeyKind::KeyId, id.clone())],
        token_type: TokenType::ApiKey,
        provider: Some("aws".to_owned()),
        kid: Some(id),
        issued_to: IssuedTo { user: user.or_else(|| text(event, "/userIdentity/userName")), ..caller(event) },
        actor_chain: text(event, "/userIdentity/arn").into_iter().collect(),
        issued_at: Some(created.map_or_else(|| needed_time(event, &["/eventTime"]), Ok)?),
        issuer_event: Some(origin(event)),
        ..Issuance::default()
    };
    Ok(vec![Entry::issued(record)])
}

fn ended_key(event: &Value, reason: &str) -> Parsed {
    let id = text(event, "/requestParameters/accessKeyId")
        .ok_or(Fault::Missing { field: "requestParameters.accessKeyId", wants: "the key that was deleted or made inactive" })?;
    let target = Target::Key(TokenKey::Named(KeyKind::KeyId, id));
    Ok(vec![Entry::Event(revoked(target, needed_time(event, &["/eventTime"])?, reason))])
}

/// Who asked: the user where there is one, and the account.
fn caller(event: &Value) -> IssuedTo {
    let user = first(event, &["/userIdentity/userName", "/userIdentity/sessionContext/sessionIssuer/userName"]);
    IssuedTo { user, tenant: first(event, &["/recipientAccountId", "/userIdentity/accountId"]), ..IssuedTo::default() }
}

/// The new principal, who called for it, and the service that did so for the caller.
fn chain(event: &Value, subject: Option<String>) -> Vec<String> {
    let caller = first(event, &["/userIdentity/arn", "/userIdentity/principalId"]);
    let mut chain: Vec<String> = subject.into_iter().chain(caller).chain(text(event, "/userIdentity/invokedBy")).collect();
    chain.dedup();
    chain
}

fn origin(event: &Value) -> Value {
    source("cloudtrail", text(event, "/eventName"), text(event, "/eventID"))
}
