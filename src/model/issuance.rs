//! What the issuer said when it handed a token out: the issued-token record.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::model::instant::Instant;
use crate::model::lifecycle::Target;
use crate::model::token_key::TokenKey;

/// The version of the record.
pub const VERSION: u32 = 1;

/// What sort of token it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TokenType {
    /// OAuth access token (RFC 6749).
    AccessToken,
    /// OAuth refresh token.
    RefreshToken,
    /// `OpenID` Connect id token.
    IdToken,
    /// A vendor's API key.
    ApiKey,
    /// A session cookie or session id.
    Session,
    /// Transaction token.
    TxnToken,
    /// SPIFFE identity document.
    Svid,
    /// Temporary cloud credential.
    Sts,
    /// Personal access token.
    Pat,
    /// Anything else.
    #[default]
    #[serde(other)]
    Other,
}

/// To whom or what a token was issued; absent where the issuer did not say.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct IssuedTo {
    /// Agent id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<String>,
    /// The agent's name, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_name: Option<String>,
    /// SPIFFE id, WIMSE id, ARN or service account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workload_id: Option<String>,
    /// OAuth client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// User.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Tenant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// Session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// Conversation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conversation_id: Option<String>,
    /// Task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_id: Option<String>,
    /// Run or job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_id: Option<String>,
    /// Trace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
}

/// One issued token; one JSON object on a line. Unknown keys are kept.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Issuance {
    /// Version of the record, 1.
    #[serde(default = "version")]
    pub v: u32,
    /// Fingerprint of the token; may be absent when `alt_keys` name it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fp: Option<TokenKey>,
    /// Other names of the token.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alt_keys: Vec<TokenKey>,
    /// The token's length in octets: lets it be found between any bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length: Option<u32>,
    /// What sort of token it is.
    #[serde(default)]
    pub token_type: TokenType,
    /// Label of the rule or issuer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// Issuer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iss: Option<String>,
    /// JWT id; with `iss`, a name of the token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jti: Option<String>,
    /// Signing key's id, or a public key id such as `AKIA...`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kid: Option<String>,
    /// Family: all tokens of one grant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family_id: Option<String>,
    /// The token from which it was made by rotation, exchange or attenuation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_fp: Option<TokenKey>,
    /// How many rotations before it in its family.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generation: Option<u64>,
    /// To whom it was issued.
    #[serde(default)]
    pub issued_to: IssuedTo,
    /// Who acts for whom, the current actor first (RFC 8693, section 4.1).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actor_chain: Vec<String>,
    /// Tools that it may call, exact or with `*`; empty for all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<String>,
    /// Scopes.
    #[serde(default, deserialize_with = "words", skip_serializing_if = "Vec::is_empty")]
    pub scope: Vec<String>,
    /// Audiences.
    #[serde(default, deserialize_with = "one_or_many", skip_serializing_if = "Vec::is_empty")]
    pub aud: Vec<String>,
    /// What it is bound to (RFC 7800).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cnf: Option<Value>,
    /// When it was issued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued_at: Option<Instant>,
    /// From when on it is valid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Instant>,
    /// Until when it is valid; absent for a token without end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Instant>,
    /// How often it may be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_uses: Option<u64>,
    /// Networks from which it is expected, as CIDR.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bound_networks: Vec<String>,
    /// Autonomous systems from which it is expected.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bound_asn: Vec<u32>,
    /// User agents that are expected.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bound_ua: Vec<String>,
    /// A long life is accepted.
    #[serde(default, skip_serializing_if = "is_false")]
    pub long_lived_ok: bool,
    /// Sharing is accepted.
    #[serde(default, skip_serializing_if = "is_false")]
    pub shared_ok: bool,
    /// Until when the two exceptions hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exception_until: Option<Instant>,
    /// When it was revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Instant>,
    /// Why it was revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_reason: Option<String>,
    /// Where the record came from: file, line, event id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer_event: Option<Value>,
    /// Keys that this version does not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Default for Issuance {
    fn default() -> Self {
        serde_json::from_str("{}").expect("because every field may be absent")
    }
}

impl Issuance {
    /// Every name of the token: `fp`, `alt_keys`, `iss` with `jti`, and a public key id.
    #[must_use]
    pub fn keys(&self) -> Vec<TokenKey> {
        let mut keys: Vec<TokenKey> = self.fp.iter().chain(&self.alt_keys).cloned().collect();
        if let (Some(iss), Some(jti)) = (&self.iss, &self.jti) {
            keys.push(TokenKey::JwtId { iss: iss.clone(), jti: jti.clone() });
        }
        keys.sort();
        keys.dedup();
        keys
    }
}

impl Issuance {
    /// 64 bits by which the records of its family are found.
    #[must_use]
    pub fn family_index(&self) -> Option<u64> {
        self.family_id.as_ref().map(|id| Target::Family(id.clone()).index())
    }

    /// What two records of one token say together: the newer one's word counts, names are added up, the earliest revocation stands.
    #[must_use]
    pub fn merged(&self, newer: &Self) -> Self {
        let mut all = serde_json::to_value(self).expect("because records can be written");
        overlay(&mut all, serde_json::to_value(newer).expect("because records can be written"));
        let mut merged: Self = serde_json::from_value(all).expect("because both were records");
        merged.alt_keys = self.alt_keys.iter().chain(&newer.alt_keys).cloned().collect();
        // A name that stood in a field which the newer record took over.
        let kept = merged.keys();
        merged.alt_keys.extend(self.keys().into_iter().filter(|key| !kept.contains(key)));
        merged.alt_keys.retain(|key| merged.fp.as_ref() != Some(key));
        merged.alt_keys.sort();
        merged.alt_keys.dedup();
        merged.revoked_at = self.revoked_at.into_iter().chain(newer.revoked_at).min();
        if newer.token_type == TokenType::Other {
            merged.token_type = self.token_type;
        }
        merged
    }
}

/// Puts the members of one value over those of another.
fn overlay(under: &mut Value, over: Value) {
    match (under, over) {
        (Value::Object(under), Value::Object(over)) => {
            for (key, value) in over {
                overlay(under.entry(key).or_insert(Value::Null), value);
            }
        }
        (under, over) => *under = over,
    }
}

fn version() -> u32 {
    VERSION
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
fn is_false(value: &bool) -> bool {
    !value
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

fn one_or_many<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    Ok(match Option::<OneOrMany>::deserialize(deserializer)? {
        None => Vec::new(),
        Some(OneOrMany::One(one)) => vec![one],
        Some(OneOrMany::Many(many)) => many,
    })
}

/// A list, or one text split at spaces (RFC 6749, section 3.3).
fn words<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    Ok(one_or_many(deserializer)?.iter().flat_map(|text| text.split_whitespace()).map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use crate::model::issuance::{Issuance, TokenType};

    #[test]
    fn unknown_keys_are_kept_and_short_forms_read() {
        let text = r#"{"v":1,"alt_keys":["kid:AKIAX"],"token_type":"sts","scope":"read write","aud":"https://api.example","issued_to":{"agent_id":"agent-7"},"issued_at":1772445600,"team":"payments"}"#;
        let record: Issuance = serde_json::from_str(text).expect("because it is a record");
        assert_eq!((record.token_type, record.scope.len(), record.aud.len()), (TokenType::Sts, 2, 1));
        assert_eq!(record.issued_to.agent_id.as_deref(), Some("agent-7"));
        let again = serde_json::to_string(&record).expect("because it can be written");
        assert!(again.contains(r#""team":"payments""#) && again.contains("2026-03-02T10:00:00Z"), "{again}");
        assert_eq!(serde_json::from_str::<Issuance>(&again).ok(), Some(record));
    }
}
