//! What a self-describing token says of itself: the JOSE header and the claims that name it, never the signature.

use std::io;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Header parameters and claims of a JWT-like token (RFC 7515, 7519, 8693, 9068); absent ones are omitted.
#[derive(Clone, Default, PartialEq, Debug, Serialize, Deserialize, JsonSchema, borsh::BorshSerialize, borsh::BorshDeserialize)]
pub struct TokenFacts {
    /// `typ` header parameter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub typ: Option<String>,
    /// `alg` header parameter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alg: Option<String>,
    /// `kid` header parameter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kid: Option<String>,
    /// Issuer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iss: Option<String>,
    /// Subject.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub: Option<String>,
    /// Audiences.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub aud: Vec<String>,
    /// Expiry in seconds since 1970-01-01T00:00:00Z.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exp: Option<i64>,
    /// Issue time in seconds since 1970-01-01T00:00:00Z.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iat: Option<i64>,
    /// Token id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jti: Option<String>,
    /// Scopes, split at spaces (`scope`) or as listed (`scp`).
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub scope: Vec<String>,
    /// `client_id`, else `azp`, `cid` or `appid`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// Actor chain (RFC 8693, section 4.1), as it stands in the token.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[borsh(serialize_with = "write_json", deserialize_with = "read_json")]
    pub act: Option<Value>,
    /// Confirmation (RFC 7800): what the token is bound to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[borsh(serialize_with = "write_json", deserialize_with = "read_json")]
    pub cnf: Option<Value>,
    /// SHA-256 of `header.payload`: finds the token in logs that strip its signature.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unsigned_fingerprint: Option<String>,
}

/// JSON of any shape is packed as its text.
#[allow(clippy::ref_option, reason = "the derive hands over the field")]
fn write_json<W: io::Write>(value: &Option<Value>, writer: &mut W) -> io::Result<()> {
    borsh::to_writer(writer, &value.as_ref().map(Value::to_string))
}

fn read_json<R: io::Read>(reader: &mut R) -> io::Result<Option<Value>> {
    let text: Option<String> = borsh::BorshDeserialize::deserialize_reader(reader)?;
    Ok(text.map(|text| serde_json::from_str(&text)).transpose()?)
}
