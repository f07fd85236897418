//! JSON web tokens (RFC 7519): parsed, never verified; the claims that name the token, never its signature.

use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use serde_json::{Map, Value};

use crate::model::fingerprint::Fingerprint;
use crate::model::token_facts::TokenFacts;

/// Base64 as logs hold it: with or without padding, and whatever stands in the last character's spare bits.
pub const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent).with_decode_allow_trailing_bits(true);

/// Longest text that is taken over from a claim, in characters.
const MAX_TEXT: usize = 256;

/// A parsed token in compact form.
pub struct Jwt {
    /// JOSE header.
    pub header: Map<String, Value>,
    /// Claims.
    pub payload: Map<String, Value>,
    /// SHA-256 of `header.payload`.
    pub unsigned: Fingerprint,
}

impl Jwt {
    /// Parses `header.payload.signature` from the first `eyJ` on; `None` unless both are JSON objects and the header names an `alg`.
    #[must_use]
    pub fn parse(token: &[u8]) -> Option<Self> {
        let token = from_header(token)?;
        let mut parts = token.split(|b| *b == b'.');
        let (header_text, payload_text) = (parts.next()?, parts.next()?);
        let header = object(header_text)?;
        let payload = object(payload_text)?;
        header.get("alg")?.as_str()?;
        let unsigned = Fingerprint::of(&token[..header_text.len() + 1 + payload_text.len()]);
        Some(Self { header, payload, unsigned })
    }

    /// What the token says of itself.
    #[must_use]
    pub fn facts(&self) -> TokenFacts {
        let (header, payload) = (&self.header, &self.payload);
        let client = ["client_id", "azp", "cid", "appid"].into_iter().find_map(|name| text(payload.get(name)));
        let scope = match payload.get("scope") {
            Some(Value::String(scopes)) => scopes.split(' ').filter(|s| !s.is_empty()).map(clip).collect(),
            other => texts(other.or_else(|| payload.get("scp"))),
        };
        TokenFacts {
            typ: text(header.get("typ")),
            alg: text(header.get("alg")),
            kid: text(header.get("kid")),
            iss: text(payload.get("iss")),
            sub: text(payload.get("sub")),
            aud: texts(payload.get("aud")),
            exp: seconds(payload.get("exp")),
            iat: seconds(payload.get("iat")),
            jti: text(payload.get("jti")),
            scope,
            client_id: client,
            act: small(payload.get("act")),
            cnf: small(payload.get("cnf")),
            unsigned_fingerprint: Some(self.unsigned.to_string()),
        }
    }
}

/// The token from the first `eyJ` on.
#[must_use]
pub fn from_header(token: &[u8]) -> Option<&[u8]> {
    memchr::memmem::find(token, b"eyJ").map(|at| &token[at..])
}

/// The JSON object that base64url encodes.
#[must_use]
pub fn object(text: &[u8]) -> Option<Map<String, Value>> {
    serde_json::from_slice(&GeneralPurpose::new(&base64::alphabet::URL_SAFE, LENIENT).decode(text).ok()?).ok()
}

fn clip(text: &str) -> String {
    text.chars().take(MAX_TEXT).collect()
}

fn text(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) => Some(clip(text)),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// One text, or a list of texts.
#[must_use]
pub fn texts(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::Array(values)) => values.iter().filter_map(Value::as_str).take(50).map(clip).collect(),
        other => text(other).into_iter().collect(),
    }
}

/// `NumericDate`, or the RFC 3339 text of PASETO left out; milliseconds are not guessed.
fn seconds(value: Option<&Value>) -> Option<i64> {
    value.and_then(|v| v.as_i64().or_else(|| v.as_f64().map(|f| f as i64)))
}

fn small(value: Option<&Value>) -> Option<Value> {
    value.filter(|v| v.to_string().len() <= 2048).cloned()
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use crate::model::jwt::Jwt;

    fn token(header: &str, payload: &str) -> Vec<u8> {
        format!("{}.{}.c2lnbmF0dXJl", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload)).into_bytes()
    }

    #[test]
    fn claims_that_name_the_token_come_out_and_nothing_else() {
        let payload = r#"{"iss":"https://as.test","sub":"agent-7","aud":["a","b"],"exp":1790000000,"scope":"read write","azp":"c1","act":{"sub":"x"},"password":"no"}"#;
        let jwt = Jwt::parse(&token(r#"{"alg":"RS256","typ":"application/at+jwt","kid":"k1"}"#, payload)).expect("because it is a JWT");
        let facts = jwt.facts();
        assert_eq!((facts.iss.as_deref(), facts.client_id.as_deref(), facts.exp), (Some("https://as.test"), Some("c1"), Some(1_790_000_000)));
        assert_eq!((facts.aud, facts.scope), (vec!["a".to_owned(), "b".to_owned()], vec!["read".to_owned(), "write".to_owned()]));
    }

    #[test]
    fn what_is_no_jwt_is_refused() {
        for (header, payload) in [("{}", "{}"), (r#"{"alg":1}"#, "{}"), (r#"{"alg":"none"}"#, "[]"), ("x", "{}")] {
            assert!(Jwt::parse(&token(header, payload)).is_none(), "{header} {payload}");
        }
        assert!(Jwt::parse(b"eyJhbGciOiJub25lIn0").is_none());
    }
}
