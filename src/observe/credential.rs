//! Credentials as requests carry them, turned into the names of tokens at once.
//!
//! **Invariant:** nothing that leaves this file holds a token's octets.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use crate::model::basic;
use crate::model::fingerprint::Fingerprint;
use crate::model::jwt::Jwt;
use crate::model::token_facts::TokenFacts;
use crate::model::token_key::{KeyKind, TokenKey};
use crate::model::token_use::{Presented, Scheme};

/// Headers whose whole value is a token, in lower case.
pub const TOKEN_HEADERS: [&str; 17] = [
    "txn-token",
    "workload-identity-token",
    "workload-proof-token",
    "x-api-key",
    "api-key",
    "x-goog-api-key",
    "x-vault-token",
    "private-token",
    "job-token",
    "x-amz-security-token",
    "x-forwarded-access-token",
    "x-auth-request-access-token",
    "x-auth-token",
    "cf-access-jwt-assertion",
    "x-goog-iap-jwt-assertion",
    "x-amzn-oidc-data",
    "x-amzn-oidc-accesstoken",
];

/// Parameters of queries and forms that carry a token.
pub const TOKEN_PARAMETERS: [&str; 11] =
    ["access_token", "refresh_token", "id_token", "token", "code", "api_key", "apikey", "key", "sig", "x-amz-security-token", "subject_token"];

/// The shortest text that is taken for a token.
const SHORTEST: usize = 8;
/// How names of tokens begin that careful logs write; one that cannot be read, such as a server's own keyed hash, is no token either.
const NAMED: [&str; 3] = ["sha256:", "hmac-sha256:", "unsigned:"];
/// What stands where somebody removed a token.
const REMOVED: [&str; 8] = ["redacted", "masked", "hidden", "removed", "filtered", "undefined", "none", "null"];

/// Tokens that one header presents. The name may be in any case.
#[must_use]
pub fn header(name: &str, value: &str) -> Vec<Presented> {
    let name = name.to_ascii_lowercase();
    match name.as_str() {
        "authorization" | "proxy-authorization" => authorization(value).into_iter().collect(),
        "cookie" => cookies(value),
        _ if TOKEN_HEADERS.contains(&name.as_str()) => token(value, Scheme::Header(name.into())).into_iter().collect(),
        _ => Vec::new(),
    }
}

/// The token in the value of `Authorization` (RFC 9110, section 11.6.2).
#[must_use]
pub fn authorization(value: &str) -> Option<Presented> {
    let value = value.trim().trim_matches('"');
    let (scheme, rest) = value.split_once(' ').unwrap_or(("", value));
    match scheme.to_ascii_lowercase().as_str() {
        "" | "bearer" | "token" | "apikey" => token(rest, if scheme.is_empty() { Scheme::Header("authorization".into()) } else { Scheme::Bearer }),
        "dpop" => token(rest, Scheme::Dpop),
        "basic" => basic_pair(rest),
        "aws4-hmac-sha256" => {
            let id = rest.split("Credential=").nth(1)?.split('/').next().filter(|id| !id.is_empty())?;
            let keys = vec![TokenKey::Named(KeyKind::KeyId, id.to_owned())];
            Some(Presented { keys, scheme: Scheme::Sigv4, ..Presented::default() })
        }
        _ => None,
    }
}

/// The token in base64 of user and password (RFC 7617): its own names, then those of the text as it was sent, by which a place is known where
/// that text lies.
fn basic_pair(encoded: &str) -> Option<Presented> {
    let mut presented = token(encoded, Scheme::Basic)?;
    if let Some((mut keys, facts)) = basic::with_token(encoded.trim().as_bytes(), names) {
        keys.append(&mut presented.keys);
        presented = Presented { keys, token: facts.map(Box::new), ..presented };
    }
    Some(presented)
}

/// The token of a user's name and password: the password, or the name where the password is none.
#[must_use]
pub fn of_pair<'t>(user: &'t str, password: &'t str) -> &'t str {
    if basic::is_dummy(password.as_bytes()) { user } else { password }
}

/// The tokens in a query or form: `access_token=...&...`, percent-decoded.
#[must_use]
pub fn query(text: &str) -> Vec<Presented> {
    let pairs = text.split(['&', ';']).filter_map(|pair| pair.split_once('='));
    pairs
        .filter(|(name, _)| is_parameter(name))
        .filter_map(|(_, value)| token(&percent_decode_str(value).decode_utf8_lossy(), Scheme::Query))
        .collect()
}

/// The token in one parameter of a query or form, which somebody has decoded.
#[must_use]
pub fn parameter(name: &str, value: &str) -> Option<Presented> {
    is_parameter(name).then(|| token(value, Scheme::Query)).flatten()
}

fn is_parameter(name: &str) -> bool {
    TOKEN_PARAMETERS.iter().any(|one| name.eq_ignore_ascii_case(one))
}

/// The tokens among cookies: the long values.
fn cookies(value: &str) -> Vec<Presented> {
    let values = value.split(';').filter_map(|pair| pair.trim().split_once('=')).map(|(_, value)| value);
    values.filter(|value| value.len() >= 16).filter_map(|value| token(value, Scheme::Cookie)).collect()
}

/// A token by its octets or by the fingerprint that a careful log writes in its place; `None` for a masked or empty one.
#[must_use]
pub fn token(text: &str, scheme: Scheme) -> Option<Presented> {
    let text = text.trim().trim_matches(['"', '\'', ',']);
    if NAMED.iter().any(|start| text.starts_with(start)) {
        let keys = vec![text.parse().ok()?];
        return Some(Presented { keys, scheme, ..Presented::default() });
    }
    if text.len() < SHORTEST || is_masked(text) {
        return None;
    }
    let (keys, facts) = names(text.as_bytes());
    Some(Presented { keys, scheme, token: facts.map(Box::new), ..Presented::default() })
}

/// The names of a token: its fingerprint, without padding that logs cut off, and those that it gives itself.
#[must_use]
pub fn names(octets: &[u8]) -> (Vec<TokenKey>, Option<TokenFacts>) {
    let mut keys = vec![TokenKey::Fingerprint(Fingerprint::of(octets))];
    if let Some(bare) = octets.strip_suffix(b"=") {
        let bare = bare.strip_suffix(b"=").unwrap_or(bare);
        keys.push(TokenKey::Fingerprint(Fingerprint::of(bare)));
    }
    let Some(jwt) = Jwt::parse(octets).filter(|_| octets.starts_with(b"eyJ")) else { return (keys, None) };
    let facts = jwt.facts();
    keys.push(TokenKey::Unsigned(jwt.unsigned));
    if let (Some(iss), Some(jti)) = (&facts.iss, &facts.jti) {
        keys.push(TokenKey::JwtId { iss: iss.clone(), jti: jti.clone() });
    }
    (keys, Some(facts))
}

fn is_masked(text: &str) -> bool {
    let lower: Cow<str> = text.get(..text.len().min(64)).map_or(Cow::Borrowed(""), |start| start.to_ascii_lowercase().into());
    let inner = lower.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    text.contains("***")
        || text.contains("...")
        || text.starts_with(['<', '[', '{', '$'])
        || REMOVED.contains(&inner)
        || text.bytes().all(|b| matches!(b, b'x' | b'X'))
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use crate::model::fingerprint::Fingerprint;
    use crate::model::token_key::TokenKey;
    use crate::model::token_use::Scheme;
    use crate::observe::credential::{header, query};

    #[test]
    fn carriers_give_the_exact_octets() {
        let secret = "Zq3-".repeat(6) + "==";
        let key = TokenKey::Fingerprint(Fingerprint::of(secret.as_bytes()));
        for (name, value, scheme) in [
            ("Authorization", format!("Bearer {secret}"), Scheme::Bearer),
            ("AUTHORIZATION", format!("dpop {secret}"), Scheme::Dpop),
            ("X-Api-Key", format!(" {secret} "), Scheme::Header("x-api-key".into())),
            ("cookie", format!("theme=dark; sid={secret}"), Scheme::Cookie),
        ] {
            let found = header(name, &value);
            assert_eq!(found.len(), 1, "{name}");
            assert_eq!((&found[0].keys[0], &found[0].scheme), (&key, &scheme), "{name}");
        }
        for pair in [format!("x-access-token:{secret}"), format!("{secret}:x-oauth-basic"), format!("{secret}:")] {
            let sent = STANDARD.encode(pair);
            let found = header("Authorization", &format!("Basic {sent}"));
            assert_eq!((&found[0].keys[0], &found[0].scheme), (&key, &Scheme::Basic));
            assert!(found[0].keys.contains(&TokenKey::Fingerprint(Fingerprint::of(sent.as_bytes()))), "the text as it was sent is a name too");
        }
        let opaque = "Zq3Zq3Zq".repeat(3);
        let found = header("Authorization", &format!("Basic {opaque}"));
        assert_eq!(found[0].keys, [TokenKey::Fingerprint(Fingerprint::of(opaque.as_bytes()))], "what is no pair is a token itself");
        let found = query(&format!("page=2&access_token={}", secret.replace('=', "%3D")));
        assert_eq!((found.len(), &found[0].keys[0]), (1, &key));
    }

    #[test]
    fn what_is_no_token_is_none() {
        for (name, value) in [
            ("authorization", "Bearer ***"),
            ("authorization", "Bearer [REDACTED]"),
            ("x-api-key", "${API_KEY}"),
            ("accept", "text/html"),
            ("authorization", "Negotiate abcdefghijklmnop"),
            ("x-vault-token", "hmac-sha256:0011"),
        ] {
            assert!(header(name, value).is_empty(), "{name}: {value}");
        }
    }
}
