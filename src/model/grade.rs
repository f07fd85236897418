//! How bad a finding is and how sure we are: ordered scales that users filter by.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How much harm a token of this kind can do in the wrong hands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing, no credential.
    Info,
    /// Not usable alone, or short-lived and bound.
    Low,
    /// Usable with a partner, or limited.
    Medium,
    /// Usable by whoever holds it.
    High,
    /// Usable by whoever holds it, with wide or lasting power.
    Critical,
}

/// How sure we are that the span is a token of this kind.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// It may be one: weak context, or a checksum that does not match.
    Low,
    /// Prefix, length and alphabet fit, or a telling name introduces it.
    Medium,
    /// Structure that does not happen by chance: a valid checksum or parsed claims.
    High,
}

impl Severity {
    /// The word used in every output.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

impl Confidence {
    /// The word used in every output.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}
