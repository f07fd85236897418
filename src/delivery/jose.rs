//! Signed JSON: JWS in its compact form (RFC 7515), with Ed25519 (RFC 8037) and ECDSA on P-256 (RFC 7518, section 3.4).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::delivery::key::{Form, KeyError, SigningKey, VerifyingKey};
use crate::delivery::letter::{Key, LetterError};
use crate::delivery::reveal;

/// The longest that is read, in octets.
pub const LONGEST: usize = 64 << 10;

/// The most keys that one signature is tried with.
const MOST: usize = 16;
/// What is said where no key is found.
const NO_KEY: KeyError = KeyError {
    why: "it holds no public key of Ed25519 or P-256\nhint: lines of `whpk_...`, PEM (`BEGIN PUBLIC KEY`), DER, a JWK set and GitHub's list are read",
};

/// A key with the name that it goes by, where it has one.
type Named = (Option<String>, VerifyingKey);

/// Public keys that whoever signs has made known, each with the name that it goes by.
#[derive(Clone, Default, Debug)]
pub struct KeySet(Vec<Named>);

/// Why a text is not believed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum JoseError {
    /// It is not of this form.
    #[error("is no signed JSON: {why}")]
    Form {
        /// What is wrong.
        why: &'static str,
    },
    /// The signature is made in a way that is not accepted.
    #[error("is not signed with EdDSA or ES256")]
    Algorithm,
    /// No key is of the kind and name that it says.
    #[error("is signed with a key that is not known here")]
    Key,
    /// Keys are there, and none made the signature.
    #[error("has a wrong signature")]
    Signature,
}

/// What stands before the content; another member that has to be understood (`crit`) is not.
#[derive(Deserialize)]
struct Header {
    alg: String,
    #[serde(default)]
    typ: Option<String>,
    #[serde(default)]
    kid: Option<String>,
    #[serde(default)]
    crit: Option<Value>,
    #[serde(default)]
    b64: Option<Value>,
}

/// Signs a content, with the first key that can; the header names it by its thumbprint (RFC 7638).
///
/// # Errors
/// Where none can.
pub fn sign(keys: &[Key], media_type: &str, content: &Value) -> Result<String, LetterError> {
    if keys.is_empty() {
        return Err(LetterError::Missing { setting: "key" });
    }
    for key in keys {
        let key = SigningKey::read(key)?;
        let algorithm = match &key {
            SigningKey::Shared(_) => continue,
            SigningKey::Ed25519(_) => "EdDSA",
            SigningKey::P256(..) => "ES256",
        };
        let header = json!({ "alg": algorithm, "kid": key.verifying().thumbprint(), "typ": media_type });
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(content.to_string()));
        let signature = URL_SAFE_NO_PAD.encode(key.sign(signed.as_bytes(), Form::Fixed));
        return Ok(format!("{signed}.{signature}"));
    }
    Err(LetterError::Key { why: "event tokens are signed with a `whsk_` key or one on P-256" })
}

/// The content of a text of this type that one of these keys signed.
///
/// # Errors
/// Says what is wrong.
pub fn verify(text: &[u8], media_type: &str, keys: &KeySet) -> Result<Value, JoseError> {
    let form = |why| JoseError::Form { why };
    let text = std::str::from_utf8(text).ok().filter(|text| text.len() <= LONGEST).ok_or(form("it is too long, or no text"))?.trim();
    let (signed, signature) = text.rsplit_once('.').ok_or(form("it has not three parts"))?;
    let (header, content) = signed.split_once('.').filter(|(_, content)| !content.contains('.')).ok_or(form("it has not three parts"))?;
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| form("a part is no base64url"));
    let header: Header = serde_json::from_slice(&decode(header)?).map_err(|_| form("its header is not as RFC 7515 has it"))?;
    if header.crit.is_some() || header.b64.is_some() {
        return Err(form("its header asks for what is not understood here"));
    }
    let typ = header.typ.as_deref().unwrap_or_default().to_ascii_lowercase();
    if typ.strip_prefix("application/").unwrap_or(&typ) != media_type {
        return Err(form("its type is another one"));
    }
    let signature = decode(signature)?;
    let mut tried = keys.candidates(&header)?.peekable();
    tried.peek().ok_or(JoseError::Key)?;
    if !tried.any(|key| key.verifies(signed.as_bytes(), &signature, Form::Fixed)) {
        return Err(JoseError::Signature);
    }
    serde_json::from_slice(&decode(content)?).map_err(|_| form("its content is no JSON"))
}

impl KeySet {
    /// Reads public keys: a JSON Web Key or a set of them (RFC 7517), those that GitHub publishes, lines of `whpk_…`, PEM, or one as DER. In JSON, keys of
    /// kinds that are not known here are left out.
    ///
    /// # Errors
    /// Where no key is left, or one is secret or damaged.
    pub fn read(key: &Key) -> Result<Self, KeyError> {
        let text = reveal::key(key);
        let keys = if text.starts_with(b"{") { of_json(&text)? } else { of_text(&text)? };
        if keys.is_empty() { Err(NO_KEY) } else { Ok(Self(keys)) }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Those that go by this name; where keys have no names, all.
    pub fn named<'a>(&'a self, name: Option<&'a str>) -> impl Iterator<Item = &'a VerifyingKey> {
        let fits = move |own: &Option<String>| own.is_none() || name.is_none() || own.as_deref() == name;
        self.0.iter().filter(move |(own, _)| fits(own)).map(|(_, key)| key).take(MOST)
    }

    /// Those that may have signed. A shared key never has: whoever verifies with it could sign with it.
    fn candidates<'a>(&'a self, header: &'a Header) -> Result<impl Iterator<Item = &'a VerifyingKey>, JoseError> {
        let fits: fn(&VerifyingKey) -> bool = match header.alg.as_str() {
            "EdDSA" | "Ed25519" => |key| matches!(key, VerifyingKey::Ed25519(_)),
            "ES256" => |key| matches!(key, VerifyingKey::P256(_)),
            _ => return Err(JoseError::Algorithm),
        };
        Ok(self.named(header.kid.as_deref()).filter(move |key| fits(key)))
    }
}

impl From<Vec<VerifyingKey>> for KeySet {
    fn from(keys: Vec<VerifyingKey>) -> Self {
        Self(keys.into_iter().map(|key| (key.thumbprint(), key)).collect())
    }
}

fn of_json(text: &[u8]) -> Result<Vec<Named>, KeyError> {
    let json: Value = serde_json::from_slice(text).map_err(|_| KeyError { why: "it begins like JSON and is none" })?;
    let named = |jwk: &Value| Some((jwk["kid"].as_str().map(str::to_owned), VerifyingKey::from_jwk(jwk)?));
    let github = |one: &Value| Some((one["key_identifier"].as_str().map(str::to_owned), VerifyingKey::public(one["key"].as_str()?.as_bytes())?));
    Ok(match (json["keys"].as_array(), json["public_keys"].as_array()) {
        (Some(keys), _) => keys.iter().filter(|key| key["use"] != "enc").filter_map(named).collect(),
        (None, Some(keys)) => keys.iter().filter_map(github).collect(),
        (None, None) => named(&json).into_iter().collect(),
    })
}

/// Keys one behind the other, none of which has a name.
fn of_text(text: &[u8]) -> Result<Vec<Named>, KeyError> {
    let pieces: Vec<&[u8]> = match std::str::from_utf8(text) {
        Ok(text) if text.contains("-----BEGIN ") => text.split_inclusive("-----END PUBLIC KEY-----").map(|one| one.trim().as_bytes()).collect(),
        Ok(text) if !text.starts_with('0') => text.split_ascii_whitespace().map(str::as_bytes).collect(),
        _ => vec![text],
    };
    let pieces = pieces.into_iter().filter(|piece| !piece.is_empty());
    pieces.map(|piece| VerifyingKey::public(piece).map(|key| (None, key)).ok_or(NO_KEY)).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::{Value, json};

    use crate::delivery::jose::{JoseError, KeySet, LONGEST, sign, verify};
    use crate::delivery::key::{Form, SigningKey, VerifyingKey};
    use crate::delivery::letter::{Key, LetterError};
    use crate::delivery::payload::sample;
    use crate::model::secret::Secret;

    fn keys(key: &Key) -> KeySet {
        VerifyingKey::read(key).map(|key| KeySet::from(vec![key])).expect("because it is one")
    }

    fn json_key(json: &Value) -> Key {
        Key(Arc::new(Secret::new(json.to_string().into_bytes())))
    }

    /// A text with this header and this signature over it.
    fn with_header(header: &Value, key: &Key) -> String {
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode("{}"));
        let key = SigningKey::read(key).expect("because it is one");
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(key.sign(signed.as_bytes(), Form::Fixed)))
    }

    #[test]
    fn what_is_signed_is_read() {
        for key in [sample::ed25519_key(3), sample::p256_key()] {
            let content = json!({ "a": 1 });
            let text = sign(&[sample::shared_key(1), key.clone()], "x+jwt", &content).expect("because the second can");
            assert_eq!(verify(text.as_bytes(), "x+jwt", &keys(&key)), Ok(content.clone()));
            assert_eq!(verify(format!(" {text}\n").as_bytes(), "x+jwt", &keys(&key)), Ok(content));
            assert_eq!(verify(text.as_bytes(), "y+jwt", &keys(&key)), Err(JoseError::Form { why: "its type is another one" }));
            assert_eq!(verify(text.as_bytes(), "x+jwt", &keys(&sample::shared_key(1))), Err(JoseError::Key));
            let (signed, _) = text.rsplit_once('.').expect("because it has parts");
            assert_eq!(verify(format!("{signed}.AAAA").as_bytes(), "x+jwt", &keys(&key)), Err(JoseError::Signature));
        }
    }

    #[test]
    fn only_keys_that_can_sign_do() {
        assert!(matches!(sign(&[], "x", &json!({})), Err(LetterError::Missing { setting: "key" })));
        assert!(matches!(sign(&[sample::shared_key(1)], "x", &json!({})), Err(LetterError::Key { .. })));
    }

    #[test]
    fn other_headers_are_refused() {
        let key = sample::ed25519_key(3);
        let set = keys(&key);
        let check = |header: Value, expected: Result<Value, JoseError>| {
            let text = with_header(&header, &key);
            let read = verify(text.as_bytes(), "x", &set);
            // Of forms, only that they are refused.
            match (&read, &expected) {
                (Err(JoseError::Form { .. }), Err(JoseError::Form { .. })) => {}
                _ => assert_eq!(read, expected, "{header}"),
            }
        };
        let form = Err(JoseError::Form { why: "" });
        check(json!({ "alg": "EdDSA", "typ": "x" }), Ok(json!({})));
        check(json!({ "alg": "Ed25519", "typ": "application/X" }), Ok(json!({})));
        check(json!({ "alg": "EdDSA", "typ": "x", "kid": "other" }), Err(JoseError::Key));
        check(json!({ "alg": "none", "typ": "x" }), Err(JoseError::Algorithm));
        check(json!({ "alg": "HS256", "typ": "x" }), Err(JoseError::Algorithm));
        check(json!({ "alg": "ES256", "typ": "x" }), Err(JoseError::Key));
        check(json!({ "alg": "EdDSA" }), form.clone());
        check(json!({ "alg": "EdDSA", "typ": "JWT" }), form.clone());
        check(json!({ "alg": "EdDSA", "typ": "x", "crit": ["b64"] }), form.clone());
        check(json!({ "alg": "EdDSA", "typ": "x", "b64": false }), form.clone());
        check(json!({ "typ": "x" }), form);
        for text in ["", ".", "..", "a.b", "a.b.c.d", &"a".repeat(LONGEST + 1)] {
            assert!(matches!(verify(text.as_bytes(), "x", &set), Err(JoseError::Form { .. })), "{}", text.len());
        }
    }

    #[test]
    fn keys_are_read_as_others_publish_them() {
        // RFC 8037, appendix A.2, with its thumbprint in A.3.
        let ed25519 = json!({ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" });
        let read = VerifyingKey::from_jwk(&ed25519).expect("because it is one");
        assert_eq!(read.thumbprint().as_deref(), Some("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"));
        let p256 = VerifyingKey::read(&sample::p256_key()).expect("because it is one");
        let jwk = p256.to_jwk().expect("because it is public");
        let count = |json: Value| KeySet::read(&json_key(&json)).map(|set| set.named(None).count()).ok();
        assert_eq!(count(ed25519.clone()), Some(1));
        let rsa = json!({ "kty": "RSA", "n": "AQAB", "e": "AQAB" });
        assert_eq!(count(json!({ "keys": [ed25519, jwk, rsa, { "kty": "EC", "crv": "P-256", "x": "short" }] })), Some(2));
        assert_eq!(count(json!({ "keys": [rsa] })), None);
        assert_eq!(count(json!({})), None);
        assert_eq!(count(json!({ "public_keys": [{ "key_identifier": "1", "key": sample::pem(&p256), "is_current": true }] })), Some(1));
        let set =
            KeySet::read(&json_key(&json!({ "public_keys": [{ "key_identifier": "1", "key": sample::pem(&p256) }] }))).expect("because it is one");
        assert_eq!((set.named(Some("1")).count(), set.named(Some("2")).count()), (1, 0));
    }

    #[test]
    fn public_keys_are_read_one_behind_the_other() {
        let (first, second) = (sample::public(&sample::ed25519_key(1)), sample::public(&sample::p256_key()));
        let key = |octets: &[u8]| Key(Arc::new(Secret::new(octets.to_vec())));
        let count = |octets: &[u8]| KeySet::read(&key(octets)).map(|set| set.named(Some("any")).count()).ok();
        let (line, pems) = (first.to_string(), format!("{}\n{}", sample::pem(&first), sample::pem(&second)));
        assert_eq!(count(format!("\n{line}\n{line}\n").as_bytes()), Some(2));
        assert_eq!(count(pems.as_bytes()), Some(2));
        assert_eq!(count(&second.to_der().expect("because it is public")), Some(1));
        let no_key = sample::pem(&first).replace('M', "N");
        for text in ["", "whpk_", "whpk_AAAA", "{", "hunter2", "0", &no_key, &format!("{line} x"), &format!("{pems}{no_key}")] {
            assert_eq!(count(text.as_bytes()), None, "{text}");
        }
        // A secret key is not to lie where the receiver can read it.
        for secret in [sample::shared_key(1), sample::ed25519_key(1), sample::p256_key()] {
            assert!(KeySet::read(&secret).is_err_and(|error| error.to_string().contains("no public key")));
        }
    }
}
