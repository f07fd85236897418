//! `opa`: decision logs of Open Policy Agent, whose input holds the request that was decided on.
//!
//! Source: OPA documentation, "Decision Logs"; Envoy's `CheckRequest` for the input of its plugin.

use crate::model::token_use::{Outcome, Presented, Record, Scheme, SessionSource};
use crate::observe::format::ObjectFormat;
use crate::observe::json::{Json, at, first, has, owned, text, texts};
use crate::observe::observation::{Observation, Said, Thread};
use crate::observe::{address, credential, mask, request, when};

/// The format.
pub const FORMAT: ObjectFormat = ObjectFormat {
    name: "opa",
    about: "decision logs of Open Policy Agent, also as Envoy's authorizer: the request of the input, and what was decided",
    wrappers: &[],
    recognizes,
    read,
};

/// Where inputs hold the request's headers.
const HEADERS: [&[&str]; 5] =
    [&["attributes", "request", "http", "headers"], &["headers"], &["request", "headers"], &["request", "http", "headers"], &["http_headers"]];

/// Where inputs hold the token itself.
const TOKENS: [&[&str]; 5] = [&["token"], &["access_token"], &["jwt"], &["request", "token"], &["identity", "token"]];

fn recognizes(record: &Json<'_>) -> bool {
    has(record, &["decision_id"]) && (has(record, &["result"]) || has(record, &["input"]) || has(record, &["labels"]))
}

fn read<'b>(event: &'b Json<'_>, _: &mut Thread, say: &mut dyn FnMut(Said<'b>)) {
    let input = at(event, &["input"]).unwrap_or(&Json::Null);
    let (mut record, mut presented) = (record(event, input), Vec::new());
    absorb_request(&mut record, &mut presented, input);
    let raw = TOKENS.iter().find_map(|path| text(input, path));
    let written = |text: &str| credential::token(text.trim_start_matches("Bearer ").trim(), Scheme::Bearer);
    if let Some(token) = raw.and_then(written).filter(|token| presented.iter().all(|one| one.keys != token.keys)) {
        presented.push(token);
    }
    request::complete(&mut record);
    say(Said::Record(Box::new(Observation { record_id: owned(event, &["decision_id"]), ..Observation::new(record, presented) })));
}

fn absorb_request(record: &mut Record, presented: &mut Vec<Presented>, input: &Json<'_>) {
    let http: &[&[&str]] = &[&["attributes", "request", "http"], &["request", "http"], &["request"], &[]];
    let http = |name: &str| http.iter().find_map(|path| text(input, &[path, &[name][..]].concat()));
    if let Some(method) = http("method") {
        request::set(&mut record.method, method);
    }
    if let Some(url) = http("path").or_else(|| http("uri")).or_else(|| http("url")) {
        request::absorb_url(record, presented, url);
    }
    let steps: Vec<&str> = texts(input, &["path"]).collect();
    if record.resource.is_none() && !steps.is_empty() {
        record.resource = Some(mask::path(&format!("/{}", steps.join("/"))));
    }
    if let Some(host) = http("host") {
        request::absorb(record, presented, "host", host);
    }
    if let Some(headers) = HEADERS.iter().find_map(|path| at(input, path)) {
        request::absorb_headers(record, presented, headers);
    }
}

fn record(event: &Json<'_>, input: &Json<'_>) -> Record {
    let (time, quality) = when::at_path(event, &["timestamp"]).unzip();
    let session_id = first(input, &[&["session_id"], &["session", "id"]]);
    let peer =
        first(input, &[&["attributes", "source", "address", "socketAddress", "address"], &["source", "address"], &["source_ip"], &["client_ip"]]);
    let user = first(input, &[&["user"], &["user", "id"], &["user", "name"]]).map(|name| mask::word(&name));
    Record {
        time,
        time_quality: quality.unwrap_or_default(),
        outcome: outcome(event),
        principal: first(input, &[&["attributes", "source", "principal"], &["principal"], &["subject"], &["subject", "id"]])
            .map(|name| mask::word(&name)),
        user,
        agent_id: first(input, &[&["agent_id"], &["agent", "id"]]),
        client_id: first(input, &[&["client_id"], &["client", "id"]]),
        tenant: first(input, &[&["tenant"], &["tenant_id"]]),
        session_src: session_id.as_ref().map(|_| SessionSource::Session),
        session_id,
        task_id: owned(input, &["task_id"]),
        trace_id: owned(event, &["trace_id"]),
        span_id: owned(event, &["span_id"]),
        tool: first(input, &[&["tool"], &["tool", "name"], &["tool_name"], &["action"]]),
        resource: first(input, &[&["resource"], &["resource", "id"], &["resource", "name"]]).map(|path| mask::path(&path)),
        source_ip: peer.as_deref().and_then(address::ip),
        ..Record::default()
    }
}

/// What the policy said: a truth, or an object with one.
fn outcome(event: &Json<'_>) -> Outcome {
    let result = at(event, &["result"]);
    let said = result.and_then(|result| {
        let truth = |path: &[&str]| at(result, path).and_then(Json::as_bool);
        result.as_bool().or_else(|| truth(&["allow"])).or_else(|| truth(&["allowed"])).or_else(|| truth(&["decision", "allow"]))
    });
    match said {
        Some(true) => Outcome::Success,
        Some(false) => Outcome::Denied,
        None => Outcome::Unknown,
    }
}
