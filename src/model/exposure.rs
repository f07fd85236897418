//! A token lay somewhere: an exposure, seen once or many times at one place.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::carrier::Carrier;
use crate::model::decoder::Decoder;
use crate::model::instant::Instant;

/// What sort of place it is, by who reads it.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema, borsh::BorshSerialize, borsh::BorshDeserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum PlaceKind {
    /// A prompt or another message that a model was given.
    Prompt,
    /// A configuration file.
    Config,
    /// The log of a CI job.
    CiLog,
    /// Traces, metrics and service logs.
    Telemetry,
    /// The transcript of an agent.
    AgentLog,
    /// What a tool gave back to an agent.
    ToolOutput,
    /// What an agent remembers between tasks.
    Memory,
    /// A message queue or job list.
    Queue,
    /// Source code.
    Source,
    /// None of them, or not known.
    Other,
}

/// Who can read a place.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Reach {
    /// People and systems of the organisation.
    Internal,
    /// Others as well: a public CI log, a prompt to a model elsewhere, a URL.
    External,
}

/// A token at a place.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Exposure {
    /// What sort of place.
    pub kind: PlaceKind,
    /// Who can read it.
    pub reach: Reach,
    /// The place, for people: path, archive member, stream.
    pub location: String,
    /// Line where it was last seen, from 1.
    pub line: u64,
    /// What carried it.
    pub carrier: Option<Carrier>,
    /// Decoding steps between the place and the token, from the outside in.
    #[serde(default)]
    pub decoders: Vec<Decoder>,
    /// When it was first seen there.
    pub first_seen: Instant,
    /// When it was last seen there.
    pub last_seen: Instant,
    /// In how many scans or records it was seen there.
    pub count: u64,
}
