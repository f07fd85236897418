//! What receivers said of findings, as the store keeps it: a value named `label/` and the finding's id or the token's fingerprint.

use serde::{Deserialize, Serialize};

use crate::delivery::letter::Label;
use crate::model::instant::Instant;
use crate::store::step::NewValue;

/// What the names of such values begin with.
pub const LABELS: &str = "label/";

/// A label; the value is its JSON.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Labelled {
    /// What was said.
    pub label: Label,
    /// When it came.
    pub at: Instant,
    /// Who said it: an endpoint or an inlet, by its name in the settings.
    pub by: String,
}

impl Labelled {
    /// The value to be kept; the last one counts.
    #[must_use]
    pub fn value(&self, about: &str) -> NewValue {
        NewValue { name: format!("{LABELS}{about}"), bytes: Some(serde_json::to_vec(self).expect("because labels can be written")) }
    }

    /// The label as it is written.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self.label {
            Label::TruePositive => "true_positive",
            Label::FalsePositive => "false_positive",
        }
    }
}
