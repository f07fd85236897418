//! What must be told: one line for each incident.

use beartrap::model::instant::Instant;
use beartrap::model::token_key::TokenKey;
use serde::{Deserialize, Serialize};

/// Whether the catalogue leaves a choice.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Expect {
    /// It must fire.
    Must,
    /// It may fire: a side effect on which the catalogue can be read both ways.
    May,
}

/// A detection that fires for a token.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Label {
    /// Its id.
    pub detection: String,
    /// The token, by its fingerprint.
    pub token: TokenKey,
    /// What it is about where it may fire several times for one token; `null` for any.
    pub slot: Option<String>,
    /// The time of the decisive record.
    pub at: Instant,
    /// Whether it must fire.
    pub expect: Expect,
}
