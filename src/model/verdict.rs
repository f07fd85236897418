//! The answer of a detection, holding its evidence.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::grade::{Confidence, Severity};

/// One answer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Verdict {
    /// The detection's id, such as `EX-02`.
    pub id: String,
    /// How bad it is.
    pub severity: Severity,
    /// How sure we are.
    pub confidence: Confidence,
    /// What happened, in one sentence for people; never a secret.
    pub message: String,
    /// What it rests on: names and values, in the order in which they matter.
    pub evidence: Vec<Evidence>,
}

/// One piece of evidence.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// What it is, a field's name of the records where there is one.
    pub name: String,
    /// Its value.
    pub value: String,
}
