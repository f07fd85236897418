//! A verdict of replay as it is kept and told: whose token, about what, when, and on which records it rests.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::model::decision::Decision;
use crate::model::fingerprint::hex;
use crate::model::grade::Severity;
use crate::model::instant::Instant;
use crate::model::token_key::TokenKey;
use crate::model::token_use::RecordOrigin;
use crate::model::verdict::Verdict;

/// How many records a judgement names at most.
pub const MOST_USES: usize = 10;

/// One verdict about the uses of one token; one JSON object on a line.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Judgement {
    /// By what it is known again, as [`judgement_id`] makes it. The verdict's own `id` says which detection it is of.
    #[serde(rename = "judgement_id")]
    pub id: String,
    /// The judgement whose place it takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supersedes: Option<String>,
    /// The token, by the best of its names.
    pub token: TokenKey,
    /// What it is about where a detection may fire several times for one token, such as a tool's name; empty otherwise.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub slot: String,
    /// When it happened: the time of the decisive use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Instant>,
    /// What was judged.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// Where the uses stand on which it rests, the decisive one first, at most [`MOST_USES`].
    pub uses: Vec<RecordOrigin>,
    /// Whether somebody is to be told.
    pub alert: bool,
    /// What a policy decided about it; absent where none did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
}

/// The id of a judgement: 16 bytes of SHA-256 in hexadecimal, of what makes it this one. A verdict that gets worse, or rests on another
/// use, is another judgement; one whose words or further uses change is not.
#[must_use]
pub fn judgement_id(detection: &str, token: &TokenKey, slot: &str, severity: Severity, decisive: Option<&RecordOrigin>) -> String {
    let token = token.to_string();
    let mut parts = vec![detection, &token, slot, severity.as_str()];
    let line = decisive.map(|origin| origin.line.to_string()).unwrap_or_default();
    if let Some(origin) = decisive {
        parts.extend([&*origin.uri, &line, &origin.parser, origin.record_id.as_deref().unwrap_or_default()]);
    }
    let mut digest = Sha256::new();
    for part in parts {
        // With their lengths, so that no two lists of parts run together to one text.
        digest.update((part.len() as u64).to_le_bytes());
        digest.update(part);
    }
    hex(&digest.finalize()[..16])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use crate::model::grade::Severity;
    use crate::model::judgement::{Judgement, judgement_id};
    use crate::model::token_key::TokenKey;
    use crate::model::token_use::RecordOrigin;

    fn key(text: &str) -> TokenKey {
        text.parse().expect("because it is a name")
    }

    #[test]
    fn ids_tell_judgements_apart() {
        let origin = |uri: &str, line, parser: &str, id: Option<&str>| RecordOrigin {
            uri: uri.into(),
            line,
            parser: parser.into(),
            record_id: id.map(Into::into),
        };
        let uses = [
            None,
            Some(origin("a", 1, "p", None)),
            Some(origin("a", 12, "p", None)),
            Some(origin("a1", 2, "p", None)),
            Some(origin("a", 1, "q", None)),
            Some(origin("a", 1, "p", Some("x"))),
        ];
        let mut ids = BTreeSet::new();
        let mut count = 0;
        for detection in ["TR-01", "TR-06"] {
            for token in ["token_id:a", "token_id:b"] {
                for (slot, severity) in [("", Severity::High), ("", Severity::Critical), ("tool", Severity::High), ("a", Severity::High)] {
                    for decisive in &uses {
                        let id = judgement_id(detection, &key(token), slot, severity, decisive.as_ref());
                        assert!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
                        assert_eq!(id, judgement_id(detection, &key(token), slot, severity, decisive.as_ref()));
                        ids.insert(id);
                        count += 1;
                    }
                }
            }
        }
        assert_eq!(ids.len(), count);
    }

    #[test]
    fn an_id_stays_the_same_from_version_to_version() {
        let origin = RecordOrigin { uri: "access.log".into(), line: 7, parser: "jsonl".into(), record_id: Some("r1".into()) };
        let id = judgement_id("TR-12", &key("token_id:a"), "", Severity::Critical, Some(&origin));
        assert_eq!(id, "aa661c6f0b13de34950bb8786049178a");
    }

    #[test]
    fn a_judgement_is_one_flat_object() {
        let written = json!({
            "judgement_id": "0a", "supersedes": "0b", "token": "token_id:a", "slot": "tool", "at": "2026-03-02T10:00:00Z",
            "id": "TR-06", "severity": "high", "confidence": "medium", "message": "It was used with another tool", "evidence": [{"name": "tool", "value": "x"}],
            "uses": [{"uri": "access.log", "line": 7, "parser": "jsonl"}], "alert": true,
        });
        let judgement: Judgement = serde_json::from_value(written.clone()).expect("because it is one");
        assert_eq!((judgement.id.as_str(), judgement.verdict.id.as_str()), ("0a", "TR-06"));
        assert_eq!(serde_json::to_value(&judgement).expect("because it can be written"), written);
    }
}
