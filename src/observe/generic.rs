//! `generic`: records of JSON that have a time or a message, whoever wrote them; asked last of all.

use crate::model::token_use::{Presented, Record};
use crate::observe::attribute::Gathered;
use crate::observe::carried::is_record;
use crate::observe::format::ObjectFormat;
use crate::observe::json::{Json, at, has, owned};
use crate::observe::observation::{Said, Thread};
use crate::observe::request;
use crate::observe::when::at_path;

/// The format.
pub const FORMAT: ObjectFormat = ObjectFormat {
    name: "generic",
    about: "records of JSON with a time or a message: Fluent Bit, Vector, structured logs of services",
    wrappers: &[],
    recognizes,
    read,
};

/// Keys of the time, in the order in which they are asked.
const TIMES: [&str; 10] = ["@timestamp", "timestamp", "time", "ts", "date", "datetime", "eventTime", "event_time", "created_at", "asctime"];
/// Keys of a carried line.
const MESSAGES: [&str; 5] = ["log", "message", "msg", "body", "MESSAGE"];
/// Deepest object whose keys are read as parts of a name.
const MAX_DEPTH: usize = 4;

fn recognizes(value: &Json<'_>) -> bool {
    let has_text = |key: &&str| at(value, &[key]).is_some_and(Json::is_string);
    TIMES.iter().any(|key| has(value, &[key])) || MESSAGES.iter().any(has_text)
}

fn read<'b>(value: &'b Json<'_>, _: &mut Thread, say: &mut dyn FnMut(Said<'b>)) {
    let mut gathered = Gathered::default();
    gathered.time(TIMES.iter().find_map(|key| at_path(value, &[key])));
    flatten(value, &mut String::new(), 0, &mut |name, value| absorb(&mut gathered, name, value));
    let mut observation = gathered.finish(&Gathered::default());
    observation.record_id = owned(value, &["id"]);
    let messages = MESSAGES.iter().filter_map(|key| at(value, &[key])?.as_str()).filter(|text| is_record(text));
    for text in messages {
        // A line's own reader finds its tokens; what the object says of itself fills the line's gaps.
        say(Said::Line { text: text.into(), partial: false, around: observation.record.clone() });
    }
    say(Said::Record(Box::new(observation)));
}

/// Every value of an object with its name: the keys on the way, joined by dots.
pub fn flatten<'b>(value: &'b Json<'b>, name: &mut String, depth: usize, found: &mut dyn FnMut(&str, &'b Json<'b>)) {
    let Some(object) = value.as_object() else { return };
    for (key, value) in object.iter() {
        let length = name.len();
        if !name.is_empty() {
            name.push('.');
        }
        name.push_str(key);
        if value.is_object() && depth < MAX_DEPTH {
            flatten(value, name, depth + 1, found);
        }
        found(name, value);
        name.truncate(length);
    }
}

/// Names that services give to what semantic conventions name otherwise; headers stand under their own names.
fn absorb<'b>(gathered: &mut Gathered<'b>, name: &str, value: &'b Json<'b>) {
    let parent = name.rsplit_once('.').map(|(parent, _)| parent);
    if let Some(parent) = parent.filter(|parent| parent.rsplit('.').next().is_some_and(|word| word.eq_ignore_ascii_case("headers"))) {
        return header(gathered, &name[parent.len() + 1..], value);
    }
    let known = match name.strip_prefix("request.").or_else(|| name.strip_prefix("req.")).unwrap_or(name) {
        "method" | "http_method" | "verb" => "http.request.method",
        "status" | "status_code" | "statusCode" | "http_status" | "response.status" | "res.statusCode" | "response.status_code" => {
            "http.response.status_code"
        }
        "url" | "uri" | "request_uri" | "original_url" | "originalUrl" => "url.full",
        "path" => "url.path",
        "query" | "query_string" | "querystring" => "url.query",
        "remote_addr" | "remoteAddress" | "client_ip" | "clientIp" | "ip" | "remote_ip" | "source_ip" | "src_ip" | "source.ip" | "client.ip" => {
            "client.address"
        }
        "peer_ip" | "peer_addr" => "network.peer.address",
        "userAgent" | "http_user_agent" | "ua" => "user_agent.original",
        "host" | "authority" | "server_name" => "server.address",
        "user" | "username" | "userName" => "user.id",
        "agent" | "agentId" => "agent.id",
        "agentName" => "agent.name",
        "tool" | "toolName" => "tool.name",
        "conversationId" => "conversation.id",
        "clientId" | "azp" => "client_id",
        "tenantId" | "tenant" | "organization_id" => "tenant.id",
        "taskId" => "task.id",
        "runId" | "job_id" | "jobId" => "run.id",
        "requestId" | "reqId" | "id" if name != "id" => "request.id",
        "dd.trace_id" | "otelTraceID" => "trace_id",
        "dd.span_id" | "otelSpanID" => "span_id",
        "authorization" | "Authorization" | "http_authorization" => return header(gathered, "authorization", value),
        "fp" | "token_fp" | "token_sha256" | "tokenFingerprint" => "token.fingerprint",
        other => {
            let other = other.strip_prefix("resource.attributes.").or_else(|| other.strip_prefix("attributes.")).unwrap_or(other);
            return gathered.absorb(other.strip_prefix("resource.").unwrap_or(other), value);
        }
    };
    gathered.absorb(known, value);
}

fn header<'b>(gathered: &mut Gathered<'b>, name: &str, value: &'b Json<'b>) {
    let values = value.as_array().unwrap_or_else(|| std::slice::from_ref(value));
    let observation = &mut gathered.observation;
    let (record, presented): (&mut Record, &mut Vec<Presented>) = (&mut observation.record, &mut observation.presented);
    values.iter().filter_map(Json::as_str).for_each(|value| request::absorb(record, presented, name, value));
}
