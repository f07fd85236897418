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

    /// Its id and caption in OCSF.
    #[must_use]
    pub fn ocsf(self) -> (u8, &'static str) {
        match self {
            Self::Info => (1, "Informational"),
            Self::Low => (2, "Low"),
            Self::Medium => (3, "Medium"),
            Self::High => (4, "High"),
            Self::Critical => (5, "Critical"),
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

    /// Its id and caption in OCSF.
    #[must_use]
    pub fn ocsf(self) -> (u8, &'static str) {
        match self {
            Self::Low => (1, "Low"),
            Self::Medium => (2, "Medium"),
            Self::High => (3, "High"),
        }
    }
}
