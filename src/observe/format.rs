//! The log formats; adding one is a file, a line in a list and a fixture.

use crate::observe::json::Json;
use crate::observe::observation::{Said, Thread};
use crate::observe::{
    alb, amp, auth0, chat_messages, claude_code, cloudtrail, codex, combined, continue_session, cri, cursor, docker, entra, envoy, flat_telemetry,
    gemini_cli, generic, github_actions, github_audit, gitlab_trace, http_json, journald, k8s_audit, langsmith, mcp_client_log, mcp_jsonrpc, okta,
    opa, opencode, openhands, otlp, swe_agent, teleport, token_use, vault_audit,
};

/// A log format whose records are JSON objects.
pub struct ObjectFormat {
    /// Its name in records and reports.
    pub name: &'static str,
    /// What it holds, in one line for people.
    pub about: &'static str,
    /// Keys of documents under which an array of records stands; each element is a record then.
    pub wrappers: &'static [&'static str],
    /// Whether an object is a record of this format; it looks at few keys only.
    pub recognizes: fn(&Json<'_>) -> bool,
    /// What a record says.
    pub read: for<'a, 'b> fn(&'b Json<'a>, &mut Thread, &mut dyn FnMut(Said<'b>)),
}

/// A log format whose records are lines of text.
pub struct LineFormat {
    /// Its name in records and reports.
    pub name: &'static str,
    /// What it holds, in one line for people.
    pub about: &'static str,
    /// What a line says; false where it is none of this format.
    pub read: for<'a> fn(&'a str, &mut Thread, &mut dyn FnMut(Said<'a>)) -> bool,
}

/// Formats of JSON objects, in the order in which they are asked: the exacting ones first.
pub const OBJECT_FORMATS: &[ObjectFormat] = &[
    token_use::FORMAT,
    cloudtrail::FORMAT,
    k8s_audit::FORMAT,
    vault_audit::FORMAT,
    github_audit::FORMAT,
    okta::FORMAT,
    auth0::FORMAT,
    entra::FORMAT,
    teleport::FORMAT,
    opa::FORMAT,
    otlp::LOGS,
    otlp::TRACES,
    docker::FORMAT,
    journald::FORMAT,
    mcp_jsonrpc::FORMAT,
    codex::FORMAT,
    gemini_cli::FORMAT,
    continue_session::FORMAT,
    claude_code::FORMAT,
    openhands::FORMAT,
    swe_agent::FORMAT,
    amp::FORMAT,
    opencode::FORMAT,
    cursor::FORMAT,
    langsmith::FORMAT,
    flat_telemetry::FORMAT,
    chat_messages::FORMAT,
    http_json::FORMAT,
    generic::FORMAT,
];

/// Formats of lines, in the order in which they are asked: the exacting ones first. A trace of GitLab claims every line after its first mark.
pub const LINE_FORMATS: &[LineFormat] =
    &[github_actions::FORMAT, cri::FORMAT, mcp_client_log::FORMAT, alb::FORMAT, envoy::FORMAT, combined::FORMAT, gitlab_trace::FORMAT];
