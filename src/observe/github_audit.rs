//! `github-audit`: GitHub's audit log, where the caller's token is named by the base64 of its SHA-256 and by an id.
//!
//! Source: GitHub's documentation, "Identifying audit log events performed by an access token".

use crate::model::fingerprint::Fingerprint;
use crate::model::token_key::{KeyKind, TokenKey};
use crate::model::token_use::{Outcome, Presented, Record};
use crate::observe::format::ObjectFormat;
use crate::observe::json::{Json, first, has, number, owned, text};
use crate::observe::observation::{Observation, Said, Thread};
use crate::observe::{address, mask, request, when};

/// The format.
pub const FORMAT: ObjectFormat = ObjectFormat {
    name: "github-audit",
    about: "audit log of a GitHub organisation or enterprise: what was done, with the hash and id of the token",
    wrappers: &[],
    recognizes,
    read,
};

/// Kinds of events that name the credential that they are about, not one that was presented.
const ABOUT_CREDENTIALS: [&str; 5] =
    ["personal_access_token", "oauth_authorization", "oauth_access", "org_credential_authorization", "business_credential_authorization"];

fn recognizes(record: &Json<'_>) -> bool {
    let dotted = text(record, &["action"]).is_some_and(|action| action.contains('.'));
    dotted && (has(record, &["actor"]) || has(record, &["_document_id"])) && (has(record, &["@timestamp"]) || has(record, &["created_at"]))
}

fn read<'b>(event: &'b Json<'_>, _: &mut Thread, say: &mut dyn FnMut(Said<'b>)) {
    let kind = text(event, &["action"]).and_then(|action| action.split('.').next()).unwrap_or_default();
    let keys = if ABOUT_CREDENTIALS.contains(&kind) { Vec::new() } else { keys(event) };
    let presented = (!keys.is_empty()).then(|| Presented { keys, ..Presented::default() });
    let record_id = owned(event, &["_document_id"]);
    say(Said::Record(Box::new(Observation { record_id, ..Observation::new(record(event), presented.into_iter().collect()) })));
}

fn keys(event: &Json<'_>) -> Vec<TokenKey> {
    let hash = text(event, &["hashed_token"]).and_then(|hash| hash.parse::<Fingerprint>().ok()).map(TokenKey::Fingerprint);
    let id = owned(event, &["token_id"]).map(|id| TokenKey::Named(KeyKind::TokenId, format!("github/{id}")));
    hash.into_iter().chain(id).collect()
}

fn record(event: &Json<'_>) -> Record {
    let (time, quality) = when::at_path(event, &["@timestamp"]).or_else(|| when::at_path(event, &["created_at"])).unzip();
    let mut record = Record {
        time,
        time_quality: quality.unwrap_or_default(),
        // What stands in the log was done, unless a status says otherwise.
        outcome: Outcome::Success,
        principal: owned(event, &["actor"]),
        user: owned(event, &["actor"]),
        client_id: first(event, &[&["oauth_application_id"], &["application_client_id"], &["integration"]]),
        tenant: owned(event, &["org"]),
        request_id: owned(event, &["request_id"]),
        tool: owned(event, &["action"]),
        method: owned(event, &["request_method"]),
        resource: owned(event, &["repo"]).or_else(|| text(event, &["url_path"]).map(mask::path)),
        source_ip: text(event, &["actor_ip"]).and_then(address::ip),
        geo: owned(event, &["actor_location", "country_code"]),
        user_agent: owned(event, &["user_agent"]),
        ..Record::default()
    };
    if let Some(status) = number(event, &["status_code"]) {
        request::absorb_status(&mut record, status);
    }
    record
}
