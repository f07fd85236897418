//! `k8s-audit`: requests to a Kubernetes API server, where the caller's token is named by its credential id.
//!
//! Source: Kubernetes documentation, "Auditing"; KEP-4193 for the credential ids.

use std::net::IpAddr;

use crate::model::text::Text;
use crate::model::token_key::{KeyKind, TokenKey};
use crate::model::token_use::{Presented, Record, Scheme, SessionSource, TimeQuality};
use crate::observe::format::ObjectFormat;
use crate::observe::json::{Json, at, has, items, number, owned, text};
use crate::observe::observation::{Observation, Said, Thread};
use crate::observe::{address, mask, request, when};

/// The format.
pub const FORMAT: ObjectFormat = ObjectFormat {
    name: "k8s-audit",
    about: "Kubernetes audit log: every request to the API server, with the credential id of its caller",
    wrappers: &["items"],
    recognizes,
    read,
};

fn recognizes(record: &Json<'_>) -> bool {
    text(record, &["apiVersion"]).is_some_and(|version| version.starts_with("audit.k8s.io/")) && has(record, &["stage"])
        || has(record, &["auditID", "requestReceivedTimestamp"])
}

fn read<'b>(event: &'b Json<'_>, _: &mut Thread, say: &mut dyn FnMut(Said<'b>)) {
    // A request is logged at several stages; at the last one the answer is known.
    let is_answered = text(event, &["stage"]) == Some("ResponseComplete");
    let presented = if is_answered { presented(event) } else { Vec::new() };
    say(Said::Record(Box::new(Observation { record_id: owned(event, &["auditID"]), ..Observation::new(record(event), presented) })));
}

/// What an authenticator said of the caller beyond the name: the first of the texts under this key.
fn extra<'b>(event: &'b Json<'_>, key: &str) -> Option<&'b str> {
    items(event, &["user", "extra", key]).first()?.as_str().filter(|text| !text.is_empty())
}

fn presented(event: &Json<'_>) -> Vec<Presented> {
    let token =
        extra(event, "authentication.kubernetes.io/credential-id").map(|id| (TokenKey::Named(KeyKind::Kubernetes, id.to_owned()), Scheme::Bearer));
    let key = extra(event, "accessKeyId").map(|id| (TokenKey::Named(KeyKind::KeyId, id.to_owned()), Scheme::Sigv4));
    let named = token.into_iter().chain(key);
    named.map(|(key, scheme)| Presented { keys: vec![key], scheme, ..Presented::default() }).collect()
}

fn record(event: &Json<'_>) -> Record {
    let name = text(event, &["user", "username"]);
    // EKS maps an IAM identity to a name in the cluster; the token was issued to the identity.
    let arn = extra(event, "arn");
    let user = text(event, &["impersonatedUser", "username"]).or(arn.and(name));
    let pod = extra(event, "authentication.kubernetes.io/pod-uid");
    let (time, quality) = when::at_path(event, &["requestReceivedTimestamp"]).or_else(|| when::at_path(event, &["stageTimestamp"])).unzip();
    let mut record = Record {
        time,
        time_quality: quality.unwrap_or(TimeQuality::None),
        principal: arn.or(name).map(Text::from),
        user: user.map(Text::from),
        session_id: pod.map(Text::from),
        session_src: pod.map(|_| SessionSource::Issuer),
        request_id: owned(event, &["auditID"]),
        tool: tool(event),
        method: owned(event, &["verb"]),
        resource: text(event, &["requestURI"]).map(mask::path),
        user_agent: owned(event, &["userAgent"]),
        ..Record::default()
    };
    set_addresses(&mut record, items(event, &["sourceIPs"]).iter().filter_map(|text| address::ip(text.as_str()?)).collect());
    if let Some(status) = number(event, &["responseStatus", "code"]) {
        request::absorb_status(&mut record, status);
    }
    record
}

/// `create:pods/exec`, or `get:/healthz` where no object is asked for.
fn tool(event: &Json<'_>) -> Option<Text> {
    let verb = text(event, &["verb"])?;
    let Some(object) = at(event, &["objectRef"]) else {
        return Some(format!("{verb}:{}", mask::path(text(event, &["requestURI"])?)).into());
    };
    let resource = text(object, &["resource"])?;
    let part = text(object, &["subresource"]);
    Some([verb, ":", resource, if part.is_some() { "/" } else { "" }, part.unwrap_or_default()].concat().into())
}

/// The first address is the caller's by its own word where there are several; only the last is what the server saw.
fn set_addresses(record: &mut Record, mut addresses: Vec<IpAddr>) {
    record.source_ip = addresses.first().copied();
    if addresses.len() > 1 {
        record.peer_ip = addresses.pop();
        record.forwarded_for = addresses;
    }
}
