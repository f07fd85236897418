//! What rules ask of JSON web tokens, beyond their claims.

use serde_json::Value;

use crate::model::jwt::{Jwt, from_header, object, texts};
use crate::rules::spec::Claims;

/// Whether a rule is about this token.
#[must_use]
pub fn meets(jwt: &Jwt, claims: &Claims) -> bool {
    let holds = |wanted: &[String], test: &dyn Fn(&str) -> bool| wanted.is_empty() || wanted.iter().any(|w| test(w));
    let claim = |name: &str| jwt.payload.get(name).and_then(Value::as_str).unwrap_or("");
    let typ = jwt.header.get("typ").and_then(Value::as_str).unwrap_or("").to_ascii_lowercase();
    holds(&claims.typ, &|w| typ.trim_start_matches("application/") == w.to_ascii_lowercase())
        && holds(&claims.iss, &|w| claim("iss").contains(w))
        && holds(&claims.sub, &|w| claim("sub").starts_with(w))
        && holds(&claims.aud, &|w| texts(jwt.payload.get("aud")).iter().any(|aud| aud.contains(w)))
        && claims.has.iter().all(|name| jwt.payload.contains_key(name))
}

/// Names that stand for claims in documents and tests.
const PLACEHOLDERS: [&str; 6] = ["some", "test", "hello", "foo", "bar", "payload"];

/// The example token of jwt.io and RFC 7519, which stands in countless documents, or one whose claims are placeholders.
#[must_use]
pub fn is_documentation(jwt: &Jwt) -> bool {
    let text = |name: &str| jwt.payload.get(name).and_then(Value::as_str).unwrap_or("");
    let named = jwt.payload.keys().all(|name| PLACEHOLDERS.contains(&name.as_str()));
    (named && !jwt.payload.is_empty())
        || text("name") == "John Doe"
        || (text("iss") == "joe" && jwt.payload.contains_key("http://example.com/is_root"))
}

/// Whether it begins like a JSON web token, and ends before the signature or soon after.
#[must_use]
pub fn is_unsigned(token: &[u8]) -> bool {
    let mut parts = token.split(|b| *b == b'.');
    let header = parts.next().filter(|part| part.starts_with(b"eyJ")).and_then(object);
    let signature = parts.nth(1).map_or(0, <[u8]>::len);
    signature < 20 && token.contains(&b'.') && header.is_some_and(|header| header.contains_key("alg"))
}

/// How long the signature must be in base64url characters, where the algorithm fixes it (RFC 7518, section 3.1).
#[must_use]
pub fn signature_len(token: &[u8]) -> Option<usize> {
    let header = object(from_header(token)?.split(|b| *b == b'.').next()?)?;
    match header.get("alg")?.as_str()? {
        "HS256" => Some(43),
        "HS384" => Some(64),
        "HS512" | "ES256" | "EdDSA" | "ES256K" => Some(86),
        "ES384" => Some(128),
        "ES512" => Some(176),
        _ => None,
    }
}

/// Parses the header of a token in JWE compact form; whether it names an `enc`.
#[must_use]
pub fn is_jwe(token: &[u8]) -> bool {
    let header = from_header(token).and_then(|token| object(token.split(|b| *b == b'.').next()?));
    header.is_some_and(|header| header.contains_key("enc") && header.contains_key("alg"))
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use crate::model::jwt::Jwt;
    use crate::rules::spec::Claims;
    use crate::scan::jwt::meets;

    #[test]
    fn rules_ask_for_types_and_issuers() {
        let (header, payload) =
            (URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256","typ":"application/at+jwt"}"#), URL_SAFE_NO_PAD.encode(r#"{"iss":"https://as.test"}"#));
        let jwt = Jwt::parse(format!("{header}.{payload}.c2lnbmF0dXJl").as_bytes()).expect("because it is a JWT");
        let claims = |typ: &str, iss: &str| Claims { typ: vec![typ.into()], iss: vec![iss.into()], ..Claims::default() };
        assert!(meets(&jwt, &claims("at+jwt", "as.test")) && !meets(&jwt, &claims("dpop+jwt", "as.test")));
    }
}
