//! Log records -> observations: which log format it is, when it was, who it was, and which tokens were presented.
//!
//! **Invariant:** no raw token leaves this room: names and fingerprints take its place.

pub mod json;
pub mod when;
pub mod address;
pub mod mask;
pub mod credential;
pub mod proof;
pub mod request;
pub mod observation;
pub mod format;
pub mod token_use;
pub mod outcome;
pub mod shell;
pub mod command;
pub mod attribute;
pub mod carried;
pub mod transcript;
pub mod otlp;
pub mod flat_telemetry;
pub mod claude_code;
pub mod codex;
pub mod gemini_cli;
pub mod continue_session;
pub mod openhands;
pub mod swe_agent;
pub mod amp;
pub mod langsmith;
pub mod chat_messages;
pub mod mcp_jsonrpc;
pub mod mcp_client_log;
pub mod docker;
pub mod cri;
pub mod journald;
pub mod github_actions;
pub mod gitlab_trace;
pub mod generic;
pub mod mapping;
