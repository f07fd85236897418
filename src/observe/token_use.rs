//! `token-use`: our own token-use records, one JSON object on a line.

use crate::model::token_key::TokenKey;
use crate::model::token_use::{Outcome, Presented, Proof, Record, Scheme, SessionSource, TimeQuality};
use crate::observe::format::ObjectFormat;
use crate::observe::json::{Json, at, has, number, owned, text, texts};
use crate::observe::observation::{Observation, Said, Thread};
use crate::observe::when::at_path;

/// The format.
pub const FORMAT: ObjectFormat = ObjectFormat {
    name: "token-use",
    about: "our own token-use records (docs/formats.md), or what another tool wrote with the same keys",
    wrappers: &[],
    recognizes,
    read,
};

fn recognizes(record: &Json<'_>) -> bool {
    (has(record, &["fp", "time"]) || has(record, &["keys", "time"]) || has(record, &["alt_keys", "time"])) && !has(record, &["issued_to"])
}

fn read<'b>(value: &'b Json<'_>, _: &mut Thread, say: &mut dyn FnMut(Said<'b>)) {
    let names = text(value, &["fp"]).into_iter().map(str::to_owned).chain(texts(value, &["keys"])).chain(texts(value, &["alt_keys"]));
    let keys: Vec<TokenKey> = names.filter_map(|name| name.parse().ok()).collect();
    let proof = at(value, &["proof"]).map(|proof| {
        let said = |name: &str| owned(proof, &[name]);
        Box::new(Proof { jti: said("jti"), jkt: said("jkt"), htm: said("htm"), htu: said("htu"), ath: said("ath") })
    });
    let presented = Presented { keys, scheme: owned(value, &["scheme"]).map(Scheme::from).unwrap_or_default(), token: None, proof };
    let presented = if presented.keys.is_empty() { Vec::new() } else { vec![presented] };
    say(Said::Record(Box::new(Observation { record_id: owned(value, &["origin", "record_id"]), ..Observation::new(record(value), presented) })));
}

/// The record under our own names of its fields.
#[must_use]
pub fn record(value: &Json<'_>) -> Record {
    let said = |name: &str| owned(value, &[name]);
    let address = |name: &str| text(value, &[name]).and_then(|text| text.parse().ok());
    let time = at_path(value, &["time"]);
    let quality = match text(value, &["time_quality"]) {
        Some("log") => TimeQuality::Log,
        Some("file") => TimeQuality::File,
        Some("none") => TimeQuality::None,
        _ => time.map(|(_, quality)| quality).unwrap_or_default(),
    };
    Record {
        time: time.map(|(time, _)| time),
        time_quality: quality,
        outcome: match text(value, &["outcome"]) {
            Some("success") => Outcome::Success,
            Some("denied") => Outcome::Denied,
            _ => Outcome::Unknown,
        },
        status_code: number(value, &["status_code"]),
        principal: said("principal"),
        agent_id: said("agent_id"),
        client_id: said("client_id"),
        user: said("user"),
        tenant: said("tenant"),
        session_id: said("session_id"),
        session_src: text(value, &["session_src"]).and_then(session_source).or_else(|| said("session_id").map(|_| SessionSource::Session)),
        task_id: said("task_id"),
        run_id: said("run_id"),
        trace_id: said("trace_id"),
        span_id: said("span_id"),
        request_id: said("request_id"),
        rpc_id: said("rpc_id"),
        tool: said("tool"),
        method: said("method"),
        aud: said("aud"),
        resource: said("resource"),
        scope_required: texts(value, &["scope_required"]).iter().flat_map(|text| text.split_whitespace()).map(str::to_owned).collect(),
        source_ip: address("source_ip"),
        peer_ip: address("peer_ip"),
        forwarded_for: texts(value, &["forwarded_for"]).iter().filter_map(|text| text.parse().ok()).collect(),
        asn: number(value, &["asn"]).and_then(|number| number.try_into().ok()),
        geo: said("geo"),
        user_agent: said("user_agent"),
        ja4: said("ja4"),
        tls_client_x5t: said("tls_client_x5t"),
        on_behalf_of: said("on_behalf_of"),
        header_method: said("header_method"),
        header_name: said("header_name"),
        place: None,
    }
}

fn session_source(word: &str) -> Option<SessionSource> {
    Some(match word {
        "issuer" => SessionSource::Issuer,
        "mcp" => SessionSource::Mcp,
        "conversation" => SessionSource::Conversation,
        "session" => SessionSource::Session,
        "harness" => SessionSource::Harness,
        "cloud" => SessionSource::Cloud,
        "trace" => SessionSource::Trace,
        _ => return None,
    })
}
