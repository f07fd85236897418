//! `teleport`: the audit log of Teleport: logins, sessions, calls of MCP servers, and bots that join with a token.
//!
//! Source: Teleport documentation, "Audit events and records".

use crate::model::token_key::{KeyKind, TokenKey};
use crate::model::token_use::{Outcome, Presented, Record, Scheme, SessionSource};
use crate::observe::format::ObjectFormat;
use crate::observe::json::{Json, at, first, has, number, owned, text};
use crate::observe::observation::{Observation, Said, Thread};
use crate::observe::{address, credential, mask, request, when};

/// The format.
pub const FORMAT: ObjectFormat = ObjectFormat {
    name: "teleport",
    about: "Teleport audit log: logins, sessions, MCP requests, bots that join with a token",
    wrappers: &[],
    recognizes,
    read,
};

fn recognizes(record: &Json<'_>) -> bool {
    let is_code = text(record, &["code"]).is_some_and(|code| code.starts_with('T') && code.ends_with(['I', 'W', 'E']));
    is_code && has(record, &["event"]) && (has(record, &["uid"]) || has(record, &["cluster_name"]))
}

fn read<'b>(event: &'b Json<'_>, _: &mut Thread, say: &mut dyn FnMut(Said<'b>)) {
    let (mut record, mut presented) = (record(event), joining(event).into_iter().collect());
    if let Some(status) = number(event, &["status_code"]) {
        request::absorb_status(&mut record, status);
    }
    if let Some(headers) = at(event, &["headers"]) {
        request::absorb_headers(&mut record, &mut presented, headers);
    }
    say(Said::Record(Box::new(Observation { record_id: owned(event, &["uid"]), ..Observation::new(record, presented) })));
}

/// The token with which a bot or node joins: its name where it has one, since the name of a secret one is the secret.
fn joining(event: &Json<'_>) -> Option<Presented> {
    let name = text(event, &["token_name"]).filter(|_| text(event, &["event"]).is_some_and(|kind| kind.rsplit('.').next() == Some("join")))?;
    let is_secret = text(event, &["method"]) == Some("token");
    let scheme = Scheme::Unknown;
    if is_secret {
        return credential::token(name, scheme);
    }
    Some(Presented { keys: vec![TokenKey::Named(KeyKind::TokenId, format!("teleport/{name}"))], scheme, ..Presented::default() })
}

fn record(event: &Json<'_>) -> Record {
    let (time, quality) = when::at_path(event, &["time"]).unzip();
    let session_id = first(event, &[&["sid"], &["session_id"]]);
    let is_failure = text(event, &["code"]).is_some_and(|code| code.ends_with(['W', 'E']));
    let success = at(event, &["success"]).and_then(Json::as_bool);
    Record {
        time,
        time_quality: quality.unwrap_or_default(),
        outcome: match success {
            Some(false) => Outcome::Denied,
            None if is_failure => Outcome::Unknown,
            Some(true) | None => Outcome::Success,
        },
        principal: first(event, &[&["user"], &["bot_name"], &["host_id"]]),
        user: owned(event, &["user"]),
        tenant: owned(event, &["cluster_name"]),
        session_src: session_id.as_ref().map(|_| SessionSource::Session),
        session_id,
        rpc_id: owned(event, &["message", "id"]),
        tool: first(event, &[&["message", "params", "name"], &["event"]]),
        method: first(event, &[&["message", "method"], &["verb"], &["http_method"]]),
        aud: first(event, &[&["app_public_addr"], &["app_name"], &["db_service"], &["kubernetes_cluster"], &["server_hostname"], &["server_id"]]),
        resource: first(event, &[&["path"], &["request_path"], &["db_name"]]).map(|path| mask::path(&path)),
        source_ip: first(event, &[&["addr.remote"], &["addr", "remote"], &["remote_addr"], &["client_ip"]]).and_then(|text| address::ip(&text)),
        user_agent: owned(event, &["user_agent"]),
        ..Record::default()
    }
}
