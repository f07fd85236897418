//! `mcp-jsonrpc`: the messages of the Model Context Protocol, bare or inside a proxy's record.

use crate::model::exposure::PlaceKind;
use crate::model::token_use::{Outcome, Record, SessionSource};
use crate::observe::attribute::Gathered;
use crate::observe::format::ObjectFormat;
use crate::observe::json::{Json, at, first, has, number, owned, text};
use crate::observe::observation::{Observation, Said, Thread};
use crate::observe::when::at_path;
use crate::observe::{command, outcome, request};

/// The format.
pub const FORMAT: ObjectFormat = ObjectFormat {
    name: "mcp-jsonrpc",
    about: "messages of the Model Context Protocol (JSON-RPC), one on a line, bare or inside a proxy's record with headers",
    wrappers: &[],
    recognizes: |value| message(value).is_some(),
    read,
};

/// Where a proxy's record keeps the message.
const INSIDE: [&str; 9] = ["message", "msg", "payload", "body", "data", "request", "response", "rpc", "jsonrpc_message"];
/// Where a proxy's record keeps the request's headers.
const HEADERS: [&[&str]; 4] = [&["headers"], &["request_headers"], &["request", "headers"], &["http", "headers"]];

fn is_message(value: &Json<'_>) -> bool {
    text(value, &["jsonrpc"]) == Some("2.0") && (has(value, &["method"]) || has(value, &["id"]))
}

fn message<'b, 'a>(value: &'b Json<'a>) -> Option<&'b Json<'a>> {
    if is_message(value) {
        return Some(value);
    }
    INSIDE.iter().find_map(|key| at(value, &[key]).filter(|inner| is_message(inner)))
}

fn read<'b>(value: &'b Json<'_>, thread: &mut Thread, say: &mut dyn FnMut(Said<'b>)) {
    let Some(message) = message(value) else { return };
    let mut observation = Observation::new(record(value), Vec::new());
    for headers in HEADERS.iter().filter_map(|path| at(value, path)) {
        request::absorb_headers(&mut observation.record, &mut observation.presented, headers);
    }
    observation.record.rpc_id = owned(message, &["id"]);
    match text(message, &["method"]) {
        Some(method) => call(message, method, observation, thread, say),
        None => answer(message, observation, thread, say),
    }
}

/// What a proxy's record says around the message.
fn record(value: &Json<'_>) -> Record {
    let time = ["timestamp", "time", "ts", "@timestamp"].iter().find_map(|key| at_path(value, &[key]));
    let session = first(value, &[&["session_id"], &["sessionId"], &["mcp_session_id"]]).filter(|_| !is_message(value));
    Record {
        time: time.map(|(time, _)| time),
        time_quality: time.map(|(_, quality)| quality).unwrap_or_default(),
        session_src: session.as_ref().map(|_| SessionSource::Mcp),
        session_id: session,
        place: Some(PlaceKind::AgentLog),
        ..Record::default()
    }
}

/// A request or a notification: its tool, and the requests that its arguments make.
fn call<'b>(message: &'b Json<'_>, method: &str, mut observation: Observation, thread: &mut Thread, say: &mut dyn FnMut(Said<'b>)) {
    let params = at(message, &["params"]).unwrap_or(&Json::Null);
    let record = &mut observation.record;
    record.method = Some(method.into());
    record.tool = owned(params, &["name"]).filter(|_| matches!(method, "tools/call" | "prompts/get"));
    record.resource = owned(params, &["uri"]).or(record.resource.take());
    meta(at(params, &["_meta"]).unwrap_or(&Json::Null), &mut observation);
    if method == "initialize" {
        // The client's own word for itself holds for the whole connection.
        thread.base.agent_id = owned(params, &["clientInfo", "name"]);
    }
    let record = &mut observation.record;
    record.surround(&thread.base);
    let mut uses = at(params, &["arguments"]).map(command::requests).unwrap_or_default();
    for one in &mut uses {
        one.record.tool.clone_from(&record.tool);
        one.record.rpc_id.clone_from(&record.rpc_id);
        one.record.surround(record);
    }
    let tool = record.tool.clone();
    if !observation.presented.is_empty() {
        uses.insert(0, observation.clone());
    }
    if let Some(id) = &observation.record.rpc_id {
        thread.ask(id, tool.as_deref().unwrap_or(method), &uses);
    }
    if observation.presented.is_empty() {
        say(Said::Record(Box::new(observation)));
    }
    for one in uses {
        say(Said::Record(Box::new(one)));
    }
}

/// `_meta`: the trace, and attributes under the names of semantic conventions.
fn meta(meta: &Json<'_>, observation: &mut Observation) {
    let Some(object) = meta.as_object() else { return };
    let mut gathered = Gathered::default();
    for (name, value) in object.iter() {
        match value.as_str().filter(|_| name == "traceparent") {
            Some(value) => request::absorb(&mut observation.record, &mut observation.presented, name, value),
            None => gathered.absorb(name, value),
        }
    }
    let said = gathered.finish(&Gathered::default());
    observation.record.surround(&said.record);
    observation.presented.extend(said.presented);
}

/// A response: the tool of its request, and what came of it.
fn answer<'b>(message: &'b Json<'_>, mut observation: Observation, thread: &mut Thread, say: &mut dyn FnMut(Said<'b>)) {
    let record = &mut observation.record;
    let (tool, uses) = record.rpc_id.as_ref().map(|id| thread.answer(id)).unwrap_or_default();
    // A method stands for the tool of a request that has none.
    (record.tool, record.method) = match tool {
        Some(method) if method.contains('/') || method == "initialize" => (None, Some(method)),
        tool => (tool, None),
    };
    record.place = Some(PlaceKind::ToolOutput);
    match number(message, &["error", "data", "status"]).or_else(|| number(message, &["error", "code"])) {
        Some(code) => outcome::absorb_rpc(record, &code.to_string()),
        None if has(message, &["result"]) => record.outcome = Outcome::Success,
        None => {}
    }
    record.surround(&thread.base);
    let told = at(message, &["result"]).or_else(|| at(message, &["error"])).and_then(outcome::in_result);
    for mut one in uses {
        // The message's own token was accepted or refused with it; of the others the result's text may tell.
        let is_own = one.record.method.as_ref().is_some_and(|method| method.contains('/') || method == "initialize");
        if is_own {
            (one.record.status_code, one.record.outcome) = (record.status_code, record.outcome);
        } else if let Some(status) = told {
            request::absorb_status(&mut one.record, status);
        }
        if one.record.status_code.is_some() || one.record.outcome != Outcome::Unknown {
            say(Said::Record(Box::new(one)));
        }
    }
    say(Said::Record(Box::new(observation)));
}
