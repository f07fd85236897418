//! `http-json`: access logs as JSON objects, whose keys operators choose: Envoy, nginx, Traefik, Caddy, gateways.

use crate::model::text::Text;
use crate::model::token_use::{Presented, Record, SessionSource};
use crate::observe::format::ObjectFormat;
use crate::observe::http_key::{Key, key};
use crate::observe::json::Json;
use crate::observe::observation::{Observation, Said, Thread};
use crate::observe::value::Object;
use crate::observe::when::{self, When};
use crate::observe::{address, credential, mask, request};

/// The format.
pub const FORMAT: ObjectFormat = ObjectFormat {
    name: "http-json",
    about: "HTTP access logs as JSON: Envoy, nginx, Traefik, Caddy, Kong and other gateways, by the usual names of keys",
    wrappers: &[],
    recognizes,
    read,
};

/// Objects that are about something else than the request.
const OTHERS: [&str; 9] = ["server", "destination", "upstream", "backend", "observer", "service", "route", "kubernetes", "host"];

/// How deep objects in objects are looked into.
const MAX_DEPTH: usize = 3;

/// Times before this are durations or counters: 2001-09-09T01:46:40Z, where seconds since 1970 get ten digits.
const FIRST_SECOND: i64 = 1_000_000_000;

/// What keys said, until all are read: which of two addresses is the caller's depends on both.
#[derive(Default)]
struct Parts {
    record: Record,
    presented: Vec<Presented>,
    client: Option<std::net::IpAddr>,
    remote: Option<std::net::IpAddr>,
    time: Option<When>,
    status: Option<i64>,
    record_id: Option<Text>,
}

/// A request has a method, something that was asked for, and a status.
fn recognizes(record: &Json<'_>) -> bool {
    let (mut method, mut target, mut status) = (false, false, false);
    each(record, "", 0, &mut |found, _, value| match found {
        Key::Method => method |= value.as_str().is_some_and(request::is_method),
        Key::Url | Key::Line => target |= value.as_str().is_some_and(|text| text == "*" || text.contains('/')),
        Key::Status => status |= status_of(value).is_some(),
        _ => {}
    });
    // A whole request line says the method as well.
    target && status && (method || has_line(record))
}

fn has_line(record: &Json<'_>) -> bool {
    let mut found = false;
    each(record, "", 0, &mut |key, _, value| {
        found |= key == Key::Line && value.as_str().is_some_and(|line| request::absorb_line(&mut Record::default(), &mut Vec::new(), line));
    });
    found
}

fn read<'b>(value: &'b Json<'_>, _: &mut Thread, say: &mut dyn FnMut(Said<'b>)) {
    let mut parts = Parts::default();
    each(value, "", 0, &mut |key, name, value| parts.take(key, name, value));
    let Parts { mut record, presented, client, remote, time, status, record_id } = parts;
    (record.time, record.time_quality) = (time.map(|(time, _)| time), time.map(|(_, quality)| quality).unwrap_or_default());
    record.source_ip = client.or(remote);
    record.peer_ip = client.and(remote);
    if let Some(status) = status {
        request::absorb_status(&mut record, status);
    }
    request::complete(&mut record);
    say(Said::Record(Box::new(Observation { record_id, ..Observation::new(record, presented) })));
}

/// Visits every value of an object and of the objects in it, with what its key means and the key's own name.
fn each<'b, 'a>(value: &'b Json<'a>, above: &str, depth: usize, visit: &mut dyn FnMut(Key, &'b str, &'b Json<'a>)) {
    let Some(object) = value.as_object() else { return };
    for (name, value) in object.iter() {
        let found = key(above, name);
        let is_group = value.is_object() && !matches!(found, Key::Headers | Key::AnswerHeaders | Key::Query);
        if is_group && depth < MAX_DEPTH && !OTHERS.contains(&name) {
            each(value, name, depth + 1, visit);
        } else if !is_group && !value.is_null() {
            visit(found, name, value);
        }
    }
}

fn status_of(value: &Json<'_>) -> Option<i64> {
    let status = value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())?;
    // Envoy writes 0 where no answer was sent.
    (status == 0 || (100..600).contains(&status)).then_some(status)
}

impl Parts {
    fn take(&mut self, key: Key, name: &str, value: &Json<'_>) {
        match key {
            Key::Headers => return request::absorb_headers(&mut self.record, &mut self.presented, value),
            Key::AnswerHeaders => return self.take_answer(value),
            Key::Time => return self.take_time(value),
            Key::Status => return self.status = self.status.or_else(|| status_of(value)),
            Key::Query if value.is_object() => return self.take_parameters(value),
            _ => {}
        }
        let Some(text) = value.as_written().or_else(|| value.as_str()).filter(|text| !matches!(text.trim(), "" | "-")) else { return };
        self.take_text(key, name, text);
    }

    fn take_text(&mut self, key: Key, name: &str, text: &str) {
        let (record, presented) = (&mut self.record, &mut self.presented);
        match key {
            Key::Method if request::is_method(text) => request::set(&mut record.method, text),
            // Gateways of MCP log the method of JSON-RPC beside or in place of that of HTTP.
            Key::Method | Key::RpcMethod => record.method = Some(text.into()),
            Key::Url => request::absorb_url(record, presented, text),
            Key::Query => request::add(presented, credential::query(text.trim_start_matches('?'))),
            Key::Line => _ = request::absorb_line(record, presented, text),
            Key::Client => self.client = self.client.or_else(|| address::ip(text)),
            Key::Remote => self.remote = self.remote.or_else(|| address::ip(text)),
            Key::Peer => {
                self.client = self.client.or(self.remote);
                self.remote = address::ip(text).or(self.remote);
            }
            Key::User => request::set(&mut record.user, &mask::word(text)),
            Key::Principal => request::set(&mut record.principal, &mask::word(text)),
            Key::ClientId => request::set(&mut record.client_id, text),
            Key::Agent => request::set(&mut record.agent_id, text),
            Key::Tenant => request::set(&mut record.tenant, text),
            Key::Session => self.take_session(text, SessionSource::Session),
            Key::Conversation => self.take_session(text, SessionSource::Conversation),
            Key::Task => request::set(&mut record.task_id, text),
            Key::Run => request::set(&mut record.run_id, text),
            Key::Trace => request::set(&mut record.trace_id, &text.to_ascii_lowercase()),
            Key::Span => request::set(&mut record.span_id, &text.to_ascii_lowercase()),
            Key::Tool => request::set(&mut record.tool, text),
            Key::Rpc => request::set(&mut record.rpc_id, text),
            Key::Scope => record.scope_required.extend(text.split_whitespace().map(Text::from)),
            Key::RequestId => request::set(&mut record.request_id, text),
            Key::UserAgent => request::set(&mut record.user_agent, text),
            Key::Forwarded => request::absorb(record, presented, "x-forwarded-for", text),
            Key::Host => request::absorb(record, presented, "host", text),
            Key::RecordId => request::set(&mut self.record_id, text),
            Key::Other => request::absorb(record, presented, &header_name(name), text),
            Key::Headers | Key::AnswerHeaders | Key::Time | Key::Status => {}
        }
    }

    fn take_session(&mut self, text: &str, source: SessionSource) {
        if self.record.session_id.is_none() {
            self.record.session_id = Some(text.into());
            self.record.session_src = Some(source);
        }
    }

    fn take_time(&mut self, value: &Json<'_>) {
        if self.time.is_none() {
            self.time = when::at_path(value, &[]).filter(|(time, _)| time.seconds() >= FIRST_SECOND);
        }
    }

    /// Of an answer's headers only the challenge and the ids matter: a cookie that is set was not presented.
    fn take_answer(&mut self, headers: &Json<'_>) {
        request::absorb_headers(&mut self.record, &mut Vec::new(), headers);
    }

    fn take_parameters(&mut self, object: &Json<'_>) {
        for (name, value) in object.as_object().into_iter().flat_map(Object::iter) {
            let value = value.as_str().or_else(|| value.as_array()?.first()?.as_str()).unwrap_or_default();
            request::add(&mut self.presented, credential::parameter(name, value));
        }
    }
}

/// The header that a key names: `request_User-Agent`, `http_user_agent`, `x_forwarded_for`.
fn header_name(key: &str) -> String {
    let lower = key.to_ascii_lowercase();
    let bare = ["request_", "http_", "req_", "header_"].iter().find_map(|start| lower.strip_prefix(start)).unwrap_or(&lower);
    bare.replace('_', "-")
}
