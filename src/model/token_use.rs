//! Somebody presented a token: the token-use record, derived from logs.

use std::net::IpAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::exposure::PlaceKind;
use crate::model::instant::Instant;
use crate::model::text::Text;
use crate::model::token_facts::TokenFacts;
use crate::model::token_key::TokenKey;

/// How far a record's time can be trusted, the best first.
#[derive(
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Debug,
    Default,
    Serialize,
    Deserialize,
    JsonSchema,
    borsh::BorshSerialize,
    borsh::BorshDeserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum TimeQuality {
    /// The system that was called wrote it, with a zone.
    Exact,
    /// The time of a log line: written later, or without a zone.
    Log,
    /// Only the file's own time is known.
    File,
    /// There is none.
    #[default]
    None,
}

/// What came of a use.
#[derive(
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Debug,
    Default,
    Serialize,
    Deserialize,
    JsonSchema,
    borsh::BorshSerialize,
    borsh::BorshDeserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It was accepted.
    Success,
    /// It was refused.
    Denied,
    /// The log does not say.
    #[default]
    Unknown,
}

/// How a token was presented.
#[derive(
    Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize, JsonSchema, borsh::BorshSerialize, borsh::BorshDeserialize,
)]
#[serde(into = "String", from = "Text")]
#[schemars(with = "String")]
pub enum Scheme {
    /// `Authorization: Bearer` (RFC 6750).
    Bearer,
    /// `Authorization: DPoP` (RFC 9449).
    Dpop,
    /// `Authorization: Basic` (RFC 7617).
    Basic,
    /// A query or form parameter.
    Query,
    /// A cookie.
    Cookie,
    /// A header of its own, in lower case.
    Header(Text),
    /// AWS Signature Version 4: the key id only.
    Sigv4,
    /// The log does not say.
    #[default]
    Unknown,
}

/// Schemes that are one word, and their words.
const SCHEMES: [(Scheme, &str); 7] = [
    (Scheme::Bearer, "bearer"),
    (Scheme::Dpop, "dpop"),
    (Scheme::Basic, "basic"),
    (Scheme::Query, "query"),
    (Scheme::Cookie, "cookie"),
    (Scheme::Sigv4, "sigv4"),
    (Scheme::Unknown, "unknown"),
];

impl From<Scheme> for String {
    /// A word, or `header:<name>`.
    fn from(scheme: Scheme) -> Self {
        match scheme {
            Scheme::Header(name) => format!("header:{name}"),
            word => SCHEMES.iter().find(|(one, _)| *one == word).map_or_else(Self::new, |(_, word)| (*word).to_owned()),
        }
    }
}

impl From<Text> for Scheme {
    fn from(text: Text) -> Self {
        match text.split_once(':').filter(|(kind, _)| kind.eq_ignore_ascii_case("header")) {
            Some((_, name)) => Self::Header(name.to_ascii_lowercase().into()),
            None => SCHEMES.iter().find(|(_, word)| word.eq_ignore_ascii_case(&text)).map(|(scheme, _)| scheme.clone()).unwrap_or_default(),
        }
    }
}

/// What sort of id a session id is; ids of different sorts are never compared.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema, borsh::BorshSerialize, borsh::BorshDeserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum SessionSource {
    /// The issuer's session.
    Issuer,
    /// `mcp.session.id` or `Mcp-Session-Id`.
    Mcp,
    /// `gen_ai.conversation.id`.
    Conversation,
    /// `session.id` of a trace or log.
    Session,
    /// An agent harness's session.
    Harness,
    /// A cloud role session: ARN and creation time.
    Cloud,
    /// The trace's id, where nothing better is known.
    Trace,
}

/// The log record around a token: its when, who, where and what. Absent where the log does not say.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema, borsh::BorshSerialize, borsh::BorshDeserialize)]
#[serde(default)]
pub struct Record {
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<Instant>,
    /// How far the time can be trusted.
    pub time_quality: TimeQuality,
    /// What came of it.
    pub outcome: Outcome,
    /// HTTP status, or the protocol's own code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_code: Option<i64>,
    /// Who was authenticated by the system that was called: ARN, SPIFFE id, service account, user name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub principal: Option<Text>,
    /// Agent id, by its own word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<Text>,
    /// OAuth client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<Text>,
    /// User.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<Text>,
    /// Tenant, organisation or account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant: Option<Text>,
    /// Session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<Text>,
    /// What sort of id the session's is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_src: Option<SessionSource>,
    /// Task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_id: Option<Text>,
    /// Run or job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_id: Option<Text>,
    /// Trace, in lower case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<Text>,
    /// Span, in lower case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub span_id: Option<Text>,
    /// The request's id by the system that was called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<Text>,
    /// JSON-RPC id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rpc_id: Option<Text>,
    /// Tool, or service and operation such as `s3.amazonaws.com:GetObject`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool: Option<Text>,
    /// HTTP method, or the method of JSON-RPC such as `tools/call`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<Text>,
    /// The server that was called: canonical URI, else host, else server id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aud: Option<Text>,
    /// What was asked for: path without query, object, repository.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<Text>,
    /// Scopes that the request needed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scope_required: Vec<Text>,
    /// The caller, as the system that was called saw it or as a trusted proxy said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_ip: Option<IpAddr>,
    /// The other end of the connection, perhaps a proxy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peer_ip: Option<IpAddr>,
    /// `X-Forwarded-For` or `Forwarded` as logged, the left-most first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub forwarded_for: Vec<IpAddr>,
    /// Autonomous system of the caller.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asn: Option<u32>,
    /// Where the caller is: `latitude,longitude`, or a country's code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub geo: Option<Text>,
    /// User agent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<Text>,
    /// JA4 fingerprint of the TLS client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ja4: Option<Text>,
    /// SHA-256 thumbprint of the client certificate (RFC 8705).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_client_x5t: Option<Text>,
    /// The cloud service that called for the caller; then addresses say nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<Text>,
    /// `Mcp-Method` as the header said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header_method: Option<Text>,
    /// `Mcp-Name` as the header said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header_name: Option<Text>,
    /// What sort of place the record is, for tokens that lie in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<PlaceKind>,
}

macro_rules! fill {
    ($own:ident, $other:ident, $is_empty:ident: $($field:ident),*) => { $( if $own.$field.$is_empty() { $own.$field.clone_from(&$other.$field); } )* };
}

impl Record {
    /// Fills what it does not say with what stands around it: when, who and from where, but not what was done.
    pub fn surround(&mut self, around: &Self) {
        if self.time.is_none() {
            (self.time, self.time_quality) = (around.time, around.time_quality);
        }
        if self.session_id.is_none() {
            self.session_id.clone_from(&around.session_id);
            self.session_src = around.session_src;
        }
        fill!(self, around, is_none: principal, agent_id, client_id, user, tenant, task_id, run_id, trace_id, span_id, request_id);
        fill!(self, around, is_none: aud, source_ip, peer_ip, user_agent, place);
    }

    /// Fills what it does not say with what another record of the same call says.
    pub fn fill(&mut self, other: &Self) {
        self.surround(other);
        fill!(self, other, is_none: status_code, rpc_id, tool, method, resource, asn, geo, ja4, tls_client_x5t, on_behalf_of);
        fill!(self, other, is_none: header_method, header_name);
        fill!(self, other, is_empty: scope_required, forwarded_for);
    }
}

/// A proof of possession that came with a token (RFC 9449).
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize, JsonSchema, borsh::BorshSerialize, borsh::BorshDeserialize)]
#[serde(default)]
pub struct Proof {
    /// The proof's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jti: Option<Text>,
    /// Thumbprint of the key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jkt: Option<Text>,
    /// HTTP method.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub htm: Option<Text>,
    /// HTTP URI.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub htu: Option<Text>,
    /// Base64url SHA-256 of the access token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ath: Option<Text>,
}

/// A token as it was presented: its names, never its octets.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema, borsh::BorshSerialize, borsh::BorshDeserialize)]
#[serde(default)]
pub struct Presented {
    /// Every name by which it may be known, the surest first; never empty in a use.
    pub keys: Vec<TokenKey>,
    /// How.
    pub scheme: Scheme,
    /// What the token says of itself, where the log holds it whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<Box<TokenFacts>>,
    /// The proof that came with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proof: Option<Box<Proof>>,
}

/// Where a record stands.
#[derive(
    Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize, JsonSchema, borsh::BorshSerialize, borsh::BorshDeserialize,
)]
pub struct RecordOrigin {
    /// The place, for people: path, archive member, stream.
    pub uri: Text,
    /// Line on which the record begins, from 1.
    pub line: u64,
    /// The log format by whose reader it was understood.
    pub parser: Text,
    /// The record's own id, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record_id: Option<Text>,
}

/// One use of one token; one JSON object on a line.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema, borsh::BorshSerialize, borsh::BorshDeserialize)]
pub struct TokenUse {
    /// Version of the record, 1.
    pub v: u32,
    /// The token.
    #[serde(flatten)]
    pub presented: Presented,
    /// The record; it is large, and passes through many hands.
    #[serde(flatten)]
    pub record: Box<Record>,
    /// Where it stands.
    pub origin: RecordOrigin,
}

/// The version of the record.
pub const VERSION: u32 = 1;
