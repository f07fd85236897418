//! `k8s-audit`: the Kubernetes audit log, where a token request names the credential that it handed out.
//!
//! Source: Kubernetes documentation, "Auditing" and "Audit annotations"; KEP-4193 for the credential ids.

use serde_json::{Map, Value};

use crate::ledger::import::claims::texts;
use crate::ledger::import::context::Context;
use crate::ledger::import::entry::{Entry, Parsed};
use crate::ledger::import::fault::Fault;
use crate::ledger::import::fields::{after, first_time, needed_time, number, source, text};
use crate::ledger::import::format::{Format, Framing};
use crate::ledger::import::raw_token::Shown;
use crate::model::issuance::{Issuance, IssuedTo, TokenType};
use crate::model::token_key::{KeyKind, TokenKey};

/// The format.
pub const FORMAT: Format = Format {
    name: "k8s-audit",
    about: "Kubernetes audit log: tokens of service accounts; one event on a line, or an `EventList`",
    framing: Framing::Objects("items", parse),
    recognizes,
    marks: &["issued-credential-id"],
};

const ISSUED: &str = "/annotations/authentication.kubernetes.io~1issued-credential-id";
const USED: &str = "/user/extra/authentication.kubernetes.io~1credential-id/0";
const TIMES: [&str; 2] = ["/requestReceivedTimestamp", "/stageTimestamp"];

fn recognizes(object: &Map<String, Value>) -> bool {
    let starts = |name: &str, start: &str| object.get(name).and_then(Value::as_str).is_some_and(|text| text.starts_with(start));
    starts("apiVersion", "audit.k8s.io/") || object.contains_key("auditID") && object.contains_key("requestReceivedTimestamp")
}

fn parse(event: &mut Value, context: &mut Context) -> Parsed {
    let is = |pointer: &str, wanted: &str| text(event, pointer).as_deref() == Some(wanted);
    let created = is("/verb", "create") && is("/objectRef/subresource", "token") && is("/stage", "ResponseComplete");
    if !created || number(event, "/responseStatus/code").is_some_and(|code| !(200..300).contains(&code)) {
        return Ok(Vec::new());
    }
    let token = event.pointer_mut("/responseObject/status/token").and_then(Shown::take);
    let credential = text(event, ISSUED);
    if token.is_none() && credential.is_none() {
        return Err(Fault::Missing {
            field: "annotations[\"authentication.kubernetes.io/issued-credential-id\"]",
            wants: "the id of the token; Kubernetes 1.30 and later log it",
        });
    }
    let mut record = record(event, credential)?;
    let gram = token.and_then(|token| token.absorb(&mut record, context.gram_of));
    Ok(vec![Entry::shown(record, gram)])
}

fn record(event: &Value, credential: Option<String>) -> Result<Issuance, Fault> {
    let issued_at = needed_time(event, &TIMES)?;
    let at = |part: &str| text(event, &format!("/responseObject{part}")).or_else(|| text(event, &format!("/requestObject{part}")));
    let expires = first_time(event, &["/responseObject/status/expirationTimestamp", "/responseObject/status/expirationTime"])?;
    let lifetime = at("/spec/expirationSeconds").and_then(|seconds| seconds.parse().ok());
    let audiences = ["/responseObject/spec/audiences", "/requestObject/spec/audiences"];
    let account = (text(event, "/objectRef/namespace"), text(event, "/objectRef/name"));
    Ok(Issuance {
        alt_keys: credential.map(|id| TokenKey::Named(KeyKind::Kubernetes, id)).into_iter().collect(),
        token_type: TokenType::AccessToken,
        provider: Some("kubernetes".to_owned()),
        parent_fp: text(event, USED).map(|id| TokenKey::Named(KeyKind::Kubernetes, id)),
        issued_to: IssuedTo {
            workload_id: account.0.zip(account.1).map(|(namespace, name)| format!("system:serviceaccount:{namespace}:{name}")),
            session_id: (at("/spec/boundObjectRef/kind").as_deref() == Some("Pod")).then(|| at("/spec/boundObjectRef/uid")).flatten(),
            ..IssuedTo::default()
        },
        actor_chain: text(event, "/user/username").into_iter().collect(),
        aud: audiences.iter().map(|pointer| texts(event.pointer(pointer))).find(|list| !list.is_empty()).unwrap_or_default(),
        issued_at: Some(issued_at),
        expires_at: expires.or_else(|| after(Some(issued_at), lifetime)),
        issuer_event: Some(source("k8s-audit", None, text(event, "/auditID"))),
        ..Issuance::default()
    })
}
