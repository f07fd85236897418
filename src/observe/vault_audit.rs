//! `vault-audit`: the audit device of Vault and its forks, where the caller's token is named by its accessor.
//!
//! Source: Vault documentation, "Audit devices". A request and its answer are two lines with one id.

use crate::model::text::Text;
use crate::model::token_key::{KeyKind, TokenKey};
use crate::model::token_use::{Outcome, Presented, Record, Scheme};
use crate::observe::format::ObjectFormat;
use crate::observe::json::{Json, at, first, has, owned, text};
use crate::observe::observation::{Observation, Said, Thread};
use crate::observe::{address, credential, mask, request, when};

/// The format.
pub const FORMAT: ObjectFormat = ObjectFormat {
    name: "vault-audit",
    about: "audit device of HashiCorp Vault or OpenBao: every request and answer, with the accessor of the caller's token",
    wrappers: &[],
    recognizes,
    read,
};

/// Errors that refuse the caller's token.
const DENIALS: [&str; 4] = ["permission denied", "invalid token", "bad token", "missing client token"];

fn recognizes(record: &Json<'_>) -> bool {
    matches!(text(record, &["type"]), Some("request" | "response"))
        && at(record, &["request"]).is_some_and(|request| has(request, &["operation"]) || has(request, &["path"]))
}

fn read<'b>(event: &'b Json<'_>, _: &mut Thread, say: &mut dyn FnMut(Said<'b>)) {
    say(Said::Record(Box::new(Observation::new(record(event), presented(event).into_iter().collect()))));
}

fn presented(event: &Json<'_>) -> Option<Presented> {
    // What a login hands out stands under `auth` as well; nobody has presented it yet.
    let issues = at(event, &["response", "auth"]).is_some() || text(event, &["request", "path"]).is_some_and(|path| path.contains("/login"));
    let by_auth = || text(event, &["auth", "accessor"]).filter(|_| !issues);
    let accessor = text(event, &["request", "client_token_accessor"]).or_else(by_auth);
    let raw = text(event, &["request", "client_token"]).and_then(|token| credential::token(token, Scheme::Header("x-vault-token".into())));
    let named = accessor.map(|id| TokenKey::Named(KeyKind::VaultAccessor, id.to_owned()));
    let mut presented = raw.unwrap_or_else(|| Presented { scheme: Scheme::Header("x-vault-token".into()), ..Presented::default() });
    presented.keys.extend(named);
    (!presented.keys.is_empty()).then_some(presented)
}

fn record(event: &Json<'_>) -> Record {
    let (time, quality) = when::at_path(event, &["time"]).unzip();
    let path = text(event, &["request", "path"]).map(mask::path);
    let operation = text(event, &["request", "operation"]);
    let mut record = Record {
        time,
        time_quality: quality.unwrap_or_default(),
        outcome: outcome(event),
        principal: first(event, &[&["auth", "metadata", "service_account_name"], &["auth", "metadata", "role_name"], &["auth", "entity_id"]]),
        user: first(event, &[&["auth", "metadata", "username"], &["auth", "display_name"]]),
        tenant: first(event, &[&["request", "namespace", "path"], &["request", "namespace", "id"]]),
        request_id: owned(event, &["request", "id"]),
        tool: operation.zip(path.as_deref()).map(|(operation, path)| format!("{operation}:{path}").into()),
        method: operation.map(Text::from),
        resource: path,
        source_ip: text(event, &["request", "remote_address"]).and_then(address::ip),
        ..Record::default()
    };
    // Headers are logged where the operator asked for them; their tokens are keyed hashes like all others.
    if let Some(headers) = at(event, &["request", "headers"]) {
        request::absorb_headers(&mut record, &mut Vec::new(), headers);
    }
    record
}

fn outcome(event: &Json<'_>) -> Outcome {
    match first(event, &[&["error"], &["response", "data", "error"]]) {
        Some(error) if DENIALS.iter().any(|denial| error.contains(denial)) => Outcome::Denied,
        None if text(event, &["type"]) == Some("response") => Outcome::Success,
        _ => Outcome::Unknown,
    }
}
