//! Another scanner that says that a token lies at a place: which tool, by which rule, and what it learned when it tried the token.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who else says so.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Witness {
    /// The tool's name, lower case, such as `gitleaks`.
    pub tool: String,
    /// Its version, where the report names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Id of its rule, or name of its detector.
    pub rule: String,
    /// Its own name of the finding, where it gives one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What it learned when it tried the token.
    pub tried: Tried,
}

/// What somebody learned who tried a token.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Tried {
    /// Nothing: it was not tried, or the answer said nothing.
    #[default]
    Untried,
    /// It works.
    Live,
    /// It does not work.
    Dead,
}

impl Tried {
    /// The word used in every output.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Untried => "untried",
            Self::Live => "live",
            Self::Dead => "dead",
        }
    }
}
