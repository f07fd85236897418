//! A finding or a judgement addressed to somebody: what happened to which token, whose it is, and what is to be done; never the token.
//!
//! Its JSON is the body of a Standard Webhooks 1.0.0 message: `{"type", "timestamp", "data"}`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::grade::{Confidence, Severity};
use crate::model::instant::Instant;
use crate::model::issuance::{IssuedTo, TokenType};
use crate::model::token_key::TokenKey;

/// What an alert says.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Alert {
    /// What happened.
    #[serde(rename = "type")]
    pub event: Event,
    /// When it happened, in UTC.
    pub timestamp: Instant,
    /// The rest.
    pub data: AlertData,
}

/// What happened.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
pub enum Event {
    /// A token lay where it may be read.
    #[serde(rename = "token.exposed")]
    Exposed,
    /// A token was used by somebody, or for something, it was not issued for.
    #[serde(rename = "token.replay_detected")]
    ReplayDetected,
    /// A token is to be revoked.
    #[serde(rename = "token.revocation_requested")]
    RevocationRequested,
    /// It is known to be dead.
    #[serde(rename = "token.revoked")]
    Revoked,
    /// More is known of something that was told: a judgement took another one's place, a revocation is late.
    #[serde(rename = "finding.updated")]
    Updated,
}

/// What an alert is about.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct AlertData {
    /// Id of the finding or judgement: the same for the same thing in every run.
    pub finding_id: String,
    /// The one whose place it takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supersedes: Option<String>,
    /// Id of the rule or detection.
    pub rule: String,
    /// What it found, in a sentence.
    pub title: String,
    /// How bad it is.
    pub severity: Severity,
    /// How sure it is.
    pub confidence: Confidence,
    /// The token.
    pub token: AlertToken,
    /// Whom it was issued to, where the ledger knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued_to: Option<AlertIssuance>,
    /// Where it was seen.
    pub observed: Observed,
    /// What is to be done, where something is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<Action>,
    /// Facts on which it rests, each in a line.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<String>,
    /// Ids in catalogues of attacks and risks, by catalogue.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub frameworks: BTreeMap<String, Vec<String>>,
    /// How somebody mends it, in a sentence.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub remediation: String,
    /// Commands and pages that tell more, by what they are: `timeline`, `explain`, `revoke`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub links: BTreeMap<String, String>,
}

/// A token, by its names.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct AlertToken {
    /// The name by which it was recognised; a fingerprint where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fp: Option<TokenKey>,
    /// Its other names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub alt_keys: Vec<TokenKey>,
    /// The rule's public prefix and the length.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preview: Option<String>,
    /// What kind of token it is.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub token_type: Option<TokenType>,
    /// Who issues such tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// The issuer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iss: Option<String>,
    /// Its id at the issuer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jti: Option<String>,
    /// The key that signed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kid: Option<String>,
    /// The refresh tokens and access tokens of one grant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family_id: Option<String>,
}

/// What the issued-token record says.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct AlertIssuance {
    /// Agent, workload, client, user, session, task.
    #[serde(flatten)]
    pub to: IssuedTo,
    /// Who acted for whom, the latest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub actor_chain: Vec<String>,
    /// Tools it was issued for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<String>,
    /// Audiences.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub aud: Vec<String>,
    /// Scopes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scope: Vec<String>,
    /// When it was issued.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issued_at: Option<Instant>,
    /// When it ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Instant>,
}

/// Where and with whom a token was seen.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Observed {
    /// When; none where nothing dates it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<Instant>,
    /// From which address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_ip: Option<String>,
    /// Which agent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<String>,
    /// Which session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// Which task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_id: Option<String>,
    /// Tools to which it was presented.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<String>,
    /// For which audience.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aud: Option<String>,
    /// In which file or record, the decisive one first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub locations: Vec<Location>,
}

/// A place in what was read.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Location {
    /// The file or stream.
    pub uri: String,
    /// The line, from 1.
    pub line: u64,
    /// The id of the record, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<String>,
}

/// What is to be done.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Action {
    /// What.
    pub kind: ActionKind,
    /// How much of it.
    pub scope: ActionScope,
    /// Tokens that were issued before this time are meant; where a token cannot be revoked by itself, such a condition revokes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Instant>,
    /// Whether it is only shown.
    pub dry_run: bool,
    /// Why, in a word of `snake_case`.
    pub reason: String,
}

/// What is to be done.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActionKind {
    /// Revoke the token.
    RevokeToken,
    /// A person is asked to decide: automatic revocation may not.
    Review,
}

/// What an action is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActionScope {
    /// This token.
    Token,
    /// All tokens of its grant.
    Family,
    /// All tokens of its session.
    Session,
    /// All tokens of its subject.
    Subject,
    /// All tokens of its client.
    Client,
    /// All tokens that its key signed.
    Key,
}

impl Event {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Exposed, Self::ReplayDetected, Self::RevocationRequested, Self::Revoked, Self::Updated];

    /// As it is written, such as `token.exposed`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exposed => "token.exposed",
            Self::ReplayDetected => "token.replay_detected",
            Self::RevocationRequested => "token.revocation_requested",
            Self::Revoked => "token.revoked",
            Self::Updated => "finding.updated",
        }
    }
}

impl ActionKind {
    /// As it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RevokeToken => "revoke_token",
            Self::Review => "review",
        }
    }
}

impl Alert {
    /// As it is kept and sent.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("because alerts can be written")
    }

    /// The number that stands for the token: alerts about one token are told in their order.
    #[must_use]
    pub fn token_index(&self) -> u64 {
        self.data.token.fp.as_ref().map_or(0, TokenKey::index)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::model::alert::{Alert, Event};

    #[test]
    fn an_alert_is_the_body_of_a_webhook() {
        let written = json!({
            "type": "token.replay_detected", "timestamp": "2026-03-02T10:00:00Z",
            "data": {
                "finding_id": "0a", "rule": "TR-08", "title": "Used in another session", "severity": "high", "confidence": "high",
                "token": {"fp": "token_id:a", "iss": "https://issuer.example", "jti": "a1", "type": "access_token"},
                "issued_to": {"agent_id": "agent-7", "tools": ["jira.search"]},
                "observed": {"time": "2026-03-02T09:59:00Z", "source_ip": "203.0.113.9", "locations": [{"uri": "logs/a.jsonl", "line": 812}]},
                "action": {"kind": "revoke_token", "scope": "token", "dry_run": false, "reason": "session_mismatch"},
                "evidence": ["session s2"], "frameworks": {"owasp_asi": ["ASI03"]}
            }
        });
        let alert: Alert = serde_json::from_value(written.clone()).expect("because it is one");
        assert_eq!(serde_json::to_value(&alert).expect("because it can be written"), written);
        for event in Event::ALL {
            assert_eq!(serde_json::to_value(event).expect("because it can be written"), event.as_str());
        }
    }
}
