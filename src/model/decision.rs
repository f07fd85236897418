//! What a user's policy decided about a judgement.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::grade::Severity;

/// One decision, so that no judgement is changed in silence.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Decision {
    /// The policy's file name.
    pub policy: String,
    /// The severity that the detection gave.
    pub before: Severity,
    /// The severity that the judgement has now.
    pub after: Severity,
    /// Whether nobody is to be told.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dropped: bool,
    /// What is to be done, a word of the policy's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// Why, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}
