//! Attributes of telemetry, by their names in semantic conventions and in those of agents and tracing services.
//!
//! Sources: OpenTelemetry semantic conventions (HTTP, `GenAI`, MCP, RPC, CI/CD), `OpenInference`, Langfuse, the AI SDK, Claude Code, Gemini CLI.
//!
//! **Invariant:** the first of several attributes that say the same wins, so that the nearest is taken first.

use crate::model::text::Text;
use crate::model::token_use::{Scheme, SessionSource};
use crate::observe::json::Json;
use crate::observe::observation::Observation;
use crate::observe::{address, command, credential, outcome, request, when};

/// From this version on a session id of MCP's header says nothing.
const STATELESS_MCP: &str = "2026-07-28";

/// Headers that were logged as attributes.
const REQUEST_HEADER: &str = "http.request.header.";

/// Which side of a request wrote a span.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Side {
    /// The one that called: the other end of the connection is the server.
    Caller,
    /// The one that was called: its name is no agent's.
    Called,
    /// Not known.
    #[default]
    Unknown,
}

/// What attributes said so far.
#[derive(Clone, Debug, Default)]
pub struct Gathered<'b> {
    /// The record and the tokens.
    pub observation: Observation,
    /// Which side wrote it.
    side: Side,
    agent_id: Option<&'b str>,
    agent_name: Option<&'b str>,
    service: Option<&'b str>,
    mcp_session: Option<&'b str>,
    mcp_version: Option<&'b str>,
    conversation: Option<&'b str>,
    session: Option<&'b str>,
    mcp_method: Option<&'b str>,
    server: Option<&'b str>,
    /// Whether the session is that of an agent's harness.
    harness: bool,
    /// Whether the values that tools get are those of `input.value`.
    is_tool: bool,
    input: Option<&'b Json<'b>>,
}

/// The value within OTLP's wrapping (`{"stringValue": ...}`), and any other value as it is.
#[must_use]
pub fn plain<'b, 'a>(value: &'b Json<'a>) -> &'b Json<'a> {
    let Some(object) = value.as_object().filter(|object| object.len() == 1) else { return value };
    let Some((key, inner)) = object.iter().next() else { return value };
    match key {
        "stringValue" | "intValue" | "boolValue" | "doubleValue" | "bytesValue" => inner,
        "arrayValue" | "kvlistValue" => inner.as_object().and_then(|list| list.get("values")).unwrap_or(&Json::Null),
        _ => value,
    }
}

/// Names and values of OTLP's `[{key, value}]`.
pub fn pairs<'b, 'a>(list: &'b [Json<'a>]) -> impl Iterator<Item = (&'b str, &'b Json<'a>)> {
    list.iter().filter_map(|pair| {
        let pair = pair.as_object()?;
        Some((pair.get("key")?.as_str()?, plain(pair.get("value")?)))
    })
}

fn texts<'b>(value: &'b Json<'_>) -> impl Iterator<Item = &'b str> {
    let values = value.as_array().unwrap_or_else(|| std::slice::from_ref(value));
    values.iter().filter_map(|value| plain(value).as_str())
}

fn said<'b>(value: &'b Json<'_>) -> Option<&'b str> {
    texts(value).map(str::trim).find(|text| !text.is_empty())
}

fn number(value: &Json<'_>) -> Option<i64> {
    value.as_i64().or_else(|| said(value)?.parse().ok())
}

fn written(value: &Json<'_>) -> Option<Text> {
    value.as_written().or_else(|| said(value)).map(Text::from)
}

/// Keeps what is known, else takes the text over.
fn keep<'b>(place: &mut Option<&'b str>, value: &'b Json<'_>) {
    *place = place.or_else(|| said(value));
}

fn set(place: &mut Option<Text>, value: &Json<'_>) {
    match (&place, value) {
        (Some(_), _) => {}
        (None, Json::Number(_)) => *place = value.as_written().map(Text::from),
        (None, value) => request::set(place, said(value).unwrap_or_default()),
    }
}

impl<'b> Gathered<'b> {
    /// Nothing yet, from this side of a request.
    #[must_use]
    pub fn on(side: Side) -> Self {
        Self { side, ..Self::default() }
    }

    /// Takes one attribute over.
    pub fn absorb(&mut self, name: &str, value: &'b Json<'b>) {
        let Some((area, _)) = name.split_once(['.', '_']) else { return self.absorb_word(name, value) };
        match area {
            "gen" | "mcp" | "jsonrpc" | "rpc" | "tool" | "agent" | "ai" | "openinference" | "input" => self.absorb_agent(name, value),
            "http" | "url" | "client" | "network" | "net" | "server" | "user" | "tls" | "source" => self.absorb_request(name, value),
            _ => self.absorb_identity(name, value),
        }
    }

    /// Names of one word, as vendors' events have them.
    fn absorb_word(&mut self, name: &str, value: &'b Json<'b>) {
        let record = &mut self.observation.record;
        match name {
            "traceId" => set_trace(&mut record.trace_id, value),
            "spanId" => set_trace(&mut record.span_id, value),
            "sessionId" => keep(&mut self.session, value),
            "userId" => set(&mut record.user, value),
            _ => {}
        }
    }

    /// What agents, tools and their protocols say.
    fn absorb_agent(&mut self, name: &str, value: &'b Json<'b>) {
        let record = &mut self.observation.record;
        match name {
            "gen_ai.agent.id" | "agent.id" | "agent_id" => keep(&mut self.agent_id, value),
            "gen_ai.agent.name" | "agent.name" | "agent_name" => keep(&mut self.agent_name, value),
            "gen_ai.conversation.id" => keep(&mut self.conversation, value),
            "gen_ai.tool.name" | "tool.name" | "tool_name" | "mcp.tool.name" | "ai.toolCall.name" => set(&mut record.tool, value),
            "gen_ai.tool.call.id" | "tool_call.id" | "tool_use_id" | "ai.toolCall.id" => set(&mut record.request_id, value),
            "gen_ai.tool.call.arguments" | "tool.parameters" | "tool_parameters" | "tool_input" | "ai.toolCall.args" => self.run(value),
            "input.value" => self.input = Some(value),
            "openinference.span.kind" => self.is_tool = said(value).is_some_and(|kind| kind.eq_ignore_ascii_case("tool")),
            "mcp.method.name" => keep(&mut self.mcp_method, value),
            "mcp.session.id" => keep(&mut self.mcp_session, value),
            "mcp.protocol.version" => keep(&mut self.mcp_version, value),
            "mcp.resource.uri" => set(&mut record.resource, value),
            "mcp_server_name" => keep(&mut self.server, value),
            "jsonrpc.request.id" | "mcp.request.id" => set(&mut record.rpc_id, value),
            "rpc.response.status_code" | "rpc.grpc.status_code" | "rpc.jsonrpc.error_code" => self.rpc_status(value),
            "rpc.method" => set(&mut record.method, value),
            "ai.telemetry.metadata.sessionId" | "ai.telemetry.metadata.session_id" => keep(&mut self.session, value),
            "ai.telemetry.metadata.userId" | "ai.telemetry.metadata.user_id" => set(&mut record.user, value),
            _ => {}
        }
    }

    /// What a request says.
    fn absorb_request(&mut self, name: &str, value: &'b Json<'b>) {
        let Observation { record, presented, .. } = &mut self.observation;
        match name {
            "http.request.method" | "http.method" => set(&mut record.method, value),
            "http.response.status_code" | "http.status_code" => self.http_status(value),
            "url.full" | "http.url" | "http.target" => said(value).into_iter().for_each(|url| request::absorb_url(record, presented, url)),
            "url.path" => set(&mut record.resource, value),
            "url.query" => presented.extend(said(value).map(|text| credential::query(text.trim_start_matches('?'))).unwrap_or_default()),
            "client.address" | "http.client_ip" | "source.address" => record.source_ip = record.source_ip.or_else(|| address::ip(said(value)?)),
            "network.peer.address" | "net.peer.ip" | "net.sock.peer.addr" => record.peer_ip = record.peer_ip.or_else(|| address::ip(said(value)?)),
            "server.address" | "net.host.name" | "http.host" => keep(&mut self.server, value),
            "user_agent.original" | "http.user_agent" | "user_agent" => set(&mut record.user_agent, value),
            "user.id" | "user.name" | "user.email" | "user.account_uuid" | "user_id" => set(&mut record.user, value),
            "tls.client.ja4" => set(&mut record.ja4, value),
            _ => {
                if let Some(header) = name.strip_prefix(REQUEST_HEADER) {
                    texts(value).for_each(|value| request::absorb(record, presented, header, value));
                }
            }
        }
    }

    /// Who it was, and for what.
    fn absorb_identity(&mut self, name: &str, value: &'b Json<'b>) {
        let Observation { record, presented, .. } = &mut self.observation;
        match name {
            "session.id" | "langfuse.session.id" | "session_id" => keep(&mut self.session, value),
            "conversation_id" | "conversation.id" => keep(&mut self.conversation, value),
            "enduser.id" | "enduser.pseudo.id" | "langfuse.user.id" => set(&mut record.user, value),
            "service.name" => keep(&mut self.service, value),
            "organization.id" | "tenant.id" | "tenant_id" | "org_id" => set(&mut record.tenant, value),
            "client_id" | "oauth.client_id" | "oauth2.client_id" => set(&mut record.client_id, value),
            "task.id" | "task_id" | "cicd.pipeline.task.run.id" => set(&mut record.task_id, value),
            "run.id" | "run_id" | "cicd.pipeline.run.id" => set(&mut record.run_id, value),
            "request_id" | "request.id" | "aws.request_id" | "faas.invocation_id" => set(&mut record.request_id, value),
            "trace_id" | "trace.id" => set_trace(&mut record.trace_id, value),
            "span_id" | "span.id" => set_trace(&mut record.span_id, value),
            // Our own: a careful service writes this in the token's place. Only a name of a token is one, not a token.
            "token.fingerprint" | "token_fingerprint" => {
                presented.extend(texts(value).filter(|text| text.contains(':')).filter_map(|text| credential::token(text, Scheme::Unknown)));
            }
            // Gemini CLI's events name tools like this; the session's id is the harness's then.
            "function_name" => set(&mut record.tool, value),
            "function_args" => self.run(value),
            "event.name" => self.name(said(value).unwrap_or_default()),
            "event.timestamp" if record.time.is_none() => self.time(said(value).and_then(when::read)),
            _ => {}
        }
    }

    /// The record's name: the events of agents' harnesses are known by it.
    pub fn name(&mut self, name: &str) {
        self.harness |= ["claude_code.", "gemini_cli.", "codex."].iter().any(|harness| name.starts_with(harness));
    }

    /// The record's time, unless it has one.
    pub fn time(&mut self, time: Option<when::When>) {
        let record = &mut self.observation.record;
        if let (None, Some((time, quality))) = (record.time, time) {
            (record.time, record.time_quality) = (Some(time), quality);
        }
    }

    /// Requests that a tool's arguments make.
    fn run(&mut self, arguments: &Json<'_>) {
        for one in command::requests(arguments) {
            self.observation.record.surround(&one.record);
            self.observation.record.resource = self.observation.record.resource.take().or(one.record.resource);
            self.observation.presented.extend(one.presented);
        }
    }

    fn http_status(&mut self, value: &Json<'_>) {
        let record = &mut self.observation.record;
        if let (None, Some(status)) = (record.status_code, number(value)) {
            request::absorb_status(record, status);
        }
    }

    fn rpc_status(&mut self, value: &Json<'_>) {
        if let Some(status) = written(value).filter(|_| self.observation.record.status_code.is_none()) {
            outcome::absorb_rpc(&mut self.observation.record, &status);
        }
    }

    /// The observation, once every attribute was taken over; `around` is what the resource said.
    #[must_use]
    pub fn finish(mut self, around: &Gathered<'_>) -> Observation {
        if let Some(input) = self.input.filter(|_| self.is_tool) {
            self.run(input);
        }
        let record = &mut self.observation.record;
        // The service that wrote a record may be the one that was called; it is the actor only where it calls or runs tools.
        let runs = record.source_ip.is_none() && (record.tool.is_some() || self.conversation.is_some() || self.harness);
        let acts = self.side == Side::Caller || (self.side == Side::Unknown && runs);
        let service = self.service.or(around.service).filter(|_| acts);
        let agent = self.agent_id.or(self.agent_name).or(around.agent_id).or(around.agent_name).or(service);
        if let Some(agent) = agent {
            request::set(&mut record.agent_id, agent);
        }
        if let Some(method) = self.mcp_method {
            record.method = Some(method.into());
        }
        if let Some(server) = self.server {
            request::set(&mut record.aud, server);
        }
        if self.side == Side::Caller {
            record.peer_ip = None;
        }
        self.resolve_session(around);
        let record = &mut self.observation.record;
        record.surround(&around.observation.record);
        if record.session_id.is_none() && record.trace_id.is_some() {
            record.session_id.clone_from(&record.trace_id);
            record.session_src = Some(SessionSource::Trace);
        }
        self.observation
    }

    /// The best session that is known; ids of MCP's header count for old peers only.
    fn resolve_session(&mut self, around: &Gathered<'_>) {
        let version = self.mcp_version.or(around.mcp_version);
        let mcp = self.mcp_session.or(around.mcp_session).filter(|_| version.is_none_or(|version| version < STATELESS_MCP));
        let session_src = if self.harness || around.harness { SessionSource::Harness } else { SessionSource::Session };
        let found = mcp.map(|id| (id, SessionSource::Mcp));
        let found = found.or_else(|| self.conversation.or(around.conversation).map(|id| (id, SessionSource::Conversation)));
        let found = found.or_else(|| self.session.or(around.session).map(|id| (id, session_src)));
        let record = &mut self.observation.record;
        if record.session_src == Some(SessionSource::Mcp) && version.is_some_and(|version| version >= STATELESS_MCP) {
            (record.session_id, record.session_src) = (None, None);
        }
        if let Some((id, source)) = found.filter(|(_, source)| record.session_src.is_none_or(|known| *source < known)) {
            (record.session_id, record.session_src) = (Some(id.into()), Some(source));
        }
    }
}

fn set_trace(place: &mut Option<Text>, value: &Json<'_>) {
    if let (None, Some(id)) = (&place, said(value)) {
        let id = id.strip_prefix("0x").unwrap_or(id);
        if !id.is_empty() && id.bytes().any(|b| b != b'0') {
            request::set(place, &id.to_ascii_lowercase());
        }
    }
}
