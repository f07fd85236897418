//! What the audit log says of one decision, attempt or change: what was done, by whom, why, and about what.
//!
//! **Invariant:** a record names tokens, and never holds one.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::alert::Alert;
use crate::model::token_key::TokenKey;

/// One record; one line of JSON.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct AuditRecord {
    /// What sort of thing was done.
    pub kind: AuditKind,
    /// Who did it: `user@host`, or the part of the program that runs by itself, such as `watch@host`.
    pub who: String,
    /// What was done, in a sentence.
    pub what: String,
    /// Why, where somebody or some rule said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The token that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<TokenKey>,
    /// The finding or judgement that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finding: Option<String>,
    /// The delivery that it is about: the id that stays the same in every attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery: Option<String>,
    /// The endpoint, or the inlet, by its name in the settings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
}

/// What sort of thing was done.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AuditKind {
    /// It was decided what happens with a finding.
    Decided,
    /// A revocation was asked for.
    Requested,
    /// A delivery was tried.
    Attempted,
    /// It arrived.
    Delivered,
    /// A token is known to be dead.
    Confirmed,
    /// A delivery was given up.
    Dropped,
    /// A delivery is tried again because somebody said so.
    Retried,
    /// Somebody decided otherwise than the rules.
    Overridden,
    /// Somebody said whether a finding is true.
    Labelled,
    /// Something came from outside.
    Received,
    /// Settings changed.
    Configured,
    /// The end of the log was signed.
    Checkpoint,
}

impl AuditKind {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Decided,
        Self::Requested,
        Self::Attempted,
        Self::Delivered,
        Self::Confirmed,
        Self::Dropped,
        Self::Retried,
        Self::Overridden,
        Self::Labelled,
        Self::Received,
        Self::Configured,
        Self::Checkpoint,
    ];

    /// As it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Decided => "decided",
            Self::Requested => "requested",
            Self::Attempted => "attempted",
            Self::Delivered => "delivered",
            Self::Confirmed => "confirmed",
            Self::Dropped => "dropped",
            Self::Retried => "retried",
            Self::Overridden => "overridden",
            Self::Labelled => "labelled",
            Self::Received => "received",
            Self::Configured => "configured",
            Self::Checkpoint => "checkpoint",
        }
    }
}

impl AuditRecord {
    /// A record that is about nothing in particular yet.
    #[must_use]
    pub fn new(kind: AuditKind, who: &str, what: impl Into<String>) -> Self {
        Self { kind, who: who.to_owned(), what: what.into(), why: None, token: None, finding: None, delivery: None, endpoint: None }
    }

    /// The same about an alert's token and finding.
    #[must_use]
    pub fn about(self, alert: &Alert) -> Self {
        Self { token: alert.data.token.fp.clone(), finding: Some(alert.data.finding_id.clone()), ..self }
    }

    /// Whether it is about a token, a finding or a delivery of this name.
    #[must_use]
    pub fn is_about(&self, name: &str) -> bool {
        let names = [self.finding.as_deref(), self.delivery.as_deref()];
        names.contains(&Some(name)) || self.token.as_ref().is_some_and(|token| token.to_string() == name)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::model::audit::{AuditKind, AuditRecord};

    #[test]
    fn a_record_is_one_line_and_is_found_by_what_it_is_about() {
        let token = "token_id:a".parse().ok();
        let record =
            AuditRecord { token, delivery: Some("msg_1".into()), ..AuditRecord::new(AuditKind::Attempted, "ann@build-7", "status 503\nfrom `soc`") };
        let line = serde_json::to_string(&record).expect("because records can be written");
        assert!(!line.contains('\n') && line.starts_with(r#"{"kind":"attempted","who":"ann@build-7""#), "{line}");
        assert_eq!(serde_json::from_str::<AuditRecord>(&line).ok().as_ref(), Some(&record));
        for (name, expected) in [("token_id:a", true), ("msg_1", true), ("a", false), ("", false)] {
            assert_eq!(record.is_about(name), expected, "{name}");
        }
        for kind in AuditKind::ALL {
            assert_eq!(json!(kind), kind.as_str());
        }
    }
}
