//! `okta`: Okta's System Log, where API tokens are named by their ids and reused ones by id and hash.
//!
//! Source: Okta developer documentation, "System Log API" and "Event types".

use crate::model::fingerprint::Fingerprint;
use crate::model::token_key::{KeyKind, TokenKey};
use crate::model::token_use::{Outcome, Presented, Record, Scheme, SessionSource};
use crate::observe::format::ObjectFormat;
use crate::observe::json::{Json, at, first, has, items, number, owned, text};
use crate::observe::observation::{Observation, Said, Thread};
use crate::observe::{address, geo, mask, when};

/// The format.
pub const FORMAT: ObjectFormat = ObjectFormat {
    name: "okta",
    about: "Okta System Log: calls with API tokens, reuse of refresh tokens, sign-ins",
    wrappers: &["events"],
    recognizes,
    read,
};

fn recognizes(record: &Json<'_>) -> bool {
    has(record, &["eventType"]) && ["authenticationContext", "debugContext", "published"].iter().any(|key| has(record, &[key]))
}

fn read<'b>(event: &'b Json<'_>, _: &mut Thread, say: &mut dyn FnMut(Said<'b>)) {
    let presented = api_token(event).into_iter().chain(reused(event)).collect();
    say(Said::Record(Box::new(Observation { record_id: owned(event, &["uuid"]), ..Observation::new(record(event), presented) })));
}

fn token_id(id: &str) -> TokenKey {
    TokenKey::Named(KeyKind::TokenId, format!("okta/{id}"))
}

/// The API token with which Okta itself was called.
fn api_token(event: &Json<'_>) -> Option<Presented> {
    let id = text(event, &["transaction", "detail", "requestApiTokenId"])?;
    Some(Presented { keys: vec![token_id(id)], scheme: Scheme::Header("authorization".into()), ..Presented::default() })
}

/// Tokens that were presented again; targets of all other events are tokens that were handed out or revoked.
fn reused<'b>(event: &'b Json<'_>) -> impl Iterator<Item = Presented> + 'b {
    let is_reuse = text(event, &["eventType"]).is_some_and(|kind| kind.contains("detect_reuse"));
    let targets = items(event, &["target"]).iter().filter(move |target| is_reuse && text(target, &["type"]).is_some_and(is_token));
    targets.filter_map(|target| {
        let hash = text(target, &["detailEntry", "hash"]).and_then(|hash| hash.parse::<Fingerprint>().ok()).map(TokenKey::Fingerprint);
        let keys: Vec<TokenKey> = hash.into_iter().chain(text(target, &["id"]).map(token_id)).collect();
        (!keys.is_empty()).then(|| Presented { keys, ..Presented::default() })
    })
}

fn is_token(kind: &str) -> bool {
    kind.to_ascii_lowercase().ends_with("token")
}

fn record(event: &Json<'_>) -> Record {
    let (time, quality) = when::at_path(event, &["published"]).unzip();
    let named = |path: &[&str]| owned(event, path).filter(|name| name != "unknown");
    let session_id = named(&["authenticationContext", "externalSessionId"]).or_else(|| named(&["authenticationContext", "rootSessionId"]));
    let debug = |name: &str| owned(event, &["debugContext", "debugData", name]);
    let actor = first(event, &[&["actor", "alternateId"], &["actor", "id"]]).filter(|name| name != "unknown");
    let kind = text(event, &["actor", "type"]).unwrap_or_default();
    let actor_id = || owned(event, &["actor", "id"]);
    let client = || debug("clientId").or_else(|| named(&["client", "id"]));
    Record {
        time,
        time_quality: quality.unwrap_or_default(),
        outcome: match text(event, &["outcome", "result"]) {
            Some("SUCCESS" | "ALLOW") => Outcome::Success,
            Some("FAILURE" | "DENY") => Outcome::Denied,
            _ => Outcome::Unknown,
        },
        user: actor.clone().filter(|_| kind == "User"),
        principal: actor,
        agent_id: actor_id().filter(|_| kind == "WorkloadIdentityPrincipal"),
        client_id: if kind.contains("Client") { actor_id() } else { client() },
        session_src: session_id.as_ref().map(|_| SessionSource::Issuer),
        session_id,
        trace_id: debug("traceId"),
        request_id: debug("requestId").or_else(|| owned(event, &["transaction", "id"])),
        tool: owned(event, &["eventType"]),
        resource: text(event, &["debugContext", "debugData", "requestUri"]).map(mask::path),
        source_ip: text(event, &["client", "ipAddress"]).and_then(address::ip),
        forwarded_for: items(event, &["request", "ipChain"]).iter().filter_map(|hop| address::ip(text(hop, &["ip"])?)).collect(),
        asn: number(event, &["securityContext", "asNumber"]).and_then(|number| number.try_into().ok()),
        geo: at(event, &["client", "geographicalContext"])
            .and_then(|context| geo::place(context, [&["geolocation", "lat"], &["geolocation", "lon"]], "country")),
        user_agent: owned(event, &["client", "userAgent", "rawUserAgent"]),
        ..Record::default()
    }
}
