//! Keys that sign what is sent and verify what comes: Standard Webhooks' own, PEM, DER, and public ones as JSON.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair,
    EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::delivery::letter::{Key, LetterError};
use crate::delivery::reveal;
use crate::model::fingerprint::hex;
use crate::model::secret::Secret;

/// A key that signs.
pub enum SigningKey {
    /// Shared with the receiver: HMAC-SHA-256.
    Shared(Zeroizing<Vec<u8>>),
    /// Ed25519.
    Ed25519(Box<Ed25519KeyPair>),
    /// ECDSA on P-256, as PKCS#8.
    P256(Zeroizing<Vec<u8>>, [u8; 65]),
}

/// A key that verifies.
#[derive(Clone)]
pub enum VerifyingKey {
    /// Shared with the sender: HMAC-SHA-256.
    Shared(Zeroizing<Vec<u8>>),
    /// Ed25519.
    Ed25519([u8; 32]),
    /// ECDSA on P-256: the uncompressed point.
    P256([u8; 65]),
}

/// How a signature on P-256 is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// Two numbers of 32 bytes: JOSE.
    Fixed,
    /// DER: GitHub.
    Der,
}

/// What kind of key is made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeyKind {
    /// Both sides have the same one, `whsec_…`.
    Shared,
    /// The sender's is secret, `whsk_…`; the receiver's is public, `whpk_…`.
    Ed25519,
}

/// Why a text is no key.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not a usable key: {why}")]
pub struct KeyError {
    /// What is wrong, without a byte of it.
    pub why: &'static str,
}

/// What stands before the point in a public key's DER (RFC 5480, RFC 8410).
const P256_DER: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03,
    0x42, 0,
];
const ED25519_DER: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// A new key from random octets, and its public half where it has one.
#[must_use]
pub fn generate(kind: KeyKind, random: &Zeroizing<[u8; 32]>) -> (Key, Option<VerifyingKey>) {
    let (prefix, public) = match kind {
        KeyKind::Shared => ("whsec_", None),
        KeyKind::Ed25519 => ("whsk_", Some(public_of(&ed25519(&random[..]).expect("because any 32 octets are a seed")))),
    };
    let mut text = Zeroizing::new(String::with_capacity(64));
    text.push_str(prefix);
    STANDARD_NO_PAD.encode_string(&random[..], &mut text);
    text.push('=');
    (Key(Arc::new(Secret::new(text.as_bytes().to_vec()))), public)
}

impl SigningKey {
    /// Reads `whsec_…`, `whsk_…`, or PKCS#8 as PEM or DER.
    ///
    /// # Errors
    /// Where it is something else.
    pub fn read(key: &Key) -> Result<Self, KeyError> {
        let text = reveal::key(key);
        if let Some(octets) = text.strip_prefix(b"whsec_") {
            return shared(octets).map(Self::Shared);
        }
        if let Some(octets) = text.strip_prefix(b"whsk_") {
            return ed25519(&base64(octets)?).map(|pair| Self::Ed25519(Box::new(pair)));
        }
        if text.starts_with(b"whpk_") || pem(&text, "PUBLIC KEY").is_some() {
            return Err(KeyError { why: "it is public, and signing takes the secret one" });
        }
        if pem(&text, "EC PRIVATE KEY").is_some() {
            return Err(KeyError { why: "it is in an older form; `openssl pkcs8 -topk8 -nocrypt` makes PKCS#8 of it" });
        }
        let document = pem(&text, "PRIVATE KEY").or_else(|| text.starts_with(&[0x30]).then(|| text.clone()));
        Self::from_pkcs8(document.ok_or(KeyError { why: "it begins neither with `whsec_` nor with `whsk_`, and is no PKCS#8" })?)
    }

    fn from_pkcs8(document: Zeroizing<Vec<u8>>) -> Result<Self, KeyError> {
        if let Ok(pair) = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&document) {
            return Ok(Self::Ed25519(Box::new(pair)));
        }
        let pair = p256(&document, &ECDSA_P256_SHA256_FIXED_SIGNING).ok_or(KeyError { why: "it is no key of Ed25519 or P-256" })?;
        let point = pair.public_key().as_ref().try_into().map_err(|_| KeyError { why: "its point is not uncompressed" })?;
        Ok(Self::P256(document, point))
    }

    /// The key that verifies what this one signs.
    #[must_use]
    pub fn verifying(&self) -> VerifyingKey {
        match self {
            Self::Shared(octets) => VerifyingKey::Shared(octets.clone()),
            Self::Ed25519(pair) => public_of(pair),
            Self::P256(_, point) => VerifyingKey::P256(*point),
        }
    }

    /// The signature of a message.
    #[must_use]
    pub fn sign(&self, message: &[u8], form: Form) -> Vec<u8> {
        match self {
            Self::Shared(octets) => mac(octets, message).finalize().into_bytes().to_vec(),
            Self::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
            Self::P256(document, _) => {
                let algorithm = if form == Form::Fixed { &ECDSA_P256_SHA256_FIXED_SIGNING } else { &ECDSA_P256_SHA256_ASN1_SIGNING };
                let pair = p256(document, algorithm).expect("because it was read before");
                // The library mixes the key and the message into each nonce, and takes no randomness but the system's.
                pair.sign(&SystemRandom::new(), message).expect("because the system has randomness").as_ref().to_vec()
            }
        }
    }
}

impl VerifyingKey {
    /// Reads `whsec_…`, `whpk_…`, a public key as PEM or DER, or the public half of a secret one.
    ///
    /// # Errors
    /// Where it is something else.
    pub fn read(key: &Key) -> Result<Self, KeyError> {
        Self::public(&reveal::key(key)).map_or_else(|| SigningKey::read(key).map(|key| key.verifying()), Ok)
    }

    /// Reads `whsec_…` and nothing else: who is to share a key and shows another one is mistaken.
    ///
    /// # Errors
    /// Where it is something else.
    pub fn shared(key: &Key) -> Result<Self, KeyError> {
        let text = reveal::key(key);
        let octets = text.strip_prefix(b"whsec_").ok_or(KeyError { why: "a shared key begins with `whsec_`" })?;
        shared(octets).map(Self::Shared)
    }

    /// Reads `whpk_…`, or a public key as PEM or DER; none where it is something else, or damaged.
    #[must_use]
    pub fn public(text: &[u8]) -> Option<Self> {
        if let Some(octets) = text.strip_prefix(b"whpk_") {
            return base64(octets).ok()?[..].try_into().ok().map(Self::Ed25519);
        }
        pem(text, "PUBLIC KEY").map_or_else(|| Self::from_der(text), |document| Self::from_der(&document))
    }

    /// A public key's DER (RFC 5280).
    fn from_der(document: &[u8]) -> Option<Self> {
        let ed25519 = document.strip_prefix(&ED25519_DER).and_then(|octets| octets.try_into().ok()).map(Self::Ed25519);
        ed25519.or_else(|| document.strip_prefix(&P256_DER)?.try_into().ok().filter(|point: &[u8; 65]| point[0] == 4).map(Self::P256))
    }

    /// A public JSON Web Key (RFC 7517, RFC 8037).
    #[must_use]
    pub fn from_jwk(jwk: &Value) -> Option<Self> {
        let member = |name: &str| jwk.get(name)?.as_str();
        let number = |name: &str| -> Option<[u8; 32]> { URL_SAFE_NO_PAD.decode(member(name)?).ok()?.try_into().ok() };
        match (member("kty")?, member("crv")?) {
            ("OKP", "Ed25519") => number("x").map(Self::Ed25519),
            ("EC", "P-256") => {
                let mut point = [4; 65];
                point[1..33].copy_from_slice(&number("x")?);
                point[33..].copy_from_slice(&number("y")?);
                Some(Self::P256(point))
            }
            _ => None,
        }
    }

    /// Whether the signature is that of the message; shared keys compare in constant time.
    #[must_use]
    pub fn verifies(&self, message: &[u8], signature: &[u8], form: Form) -> bool {
        match self {
            Self::Shared(octets) => mac(octets, message).verify_slice(signature).is_ok(),
            Self::Ed25519(octets) => UnparsedPublicKey::new(&ED25519, octets).verify(message, signature).is_ok(),
            Self::P256(point) => {
                let algorithm = if form == Form::Fixed { &ECDSA_P256_SHA256_FIXED } else { &ECDSA_P256_SHA256_ASN1 };
                UnparsedPublicKey::new(algorithm, point).verify(message, signature).is_ok()
            }
        }
    }

    /// As a public JSON Web Key, its members in the order in which RFC 7638 hashes them; none where it is shared.
    #[must_use]
    pub fn to_jwk(&self) -> Option<Value> {
        let text = |octets: &[u8]| URL_SAFE_NO_PAD.encode(octets);
        match self {
            Self::Shared(_) => None,
            Self::Ed25519(octets) => Some(json!({ "crv": "Ed25519", "kty": "OKP", "x": text(octets) })),
            Self::P256(point) => Some(json!({ "crv": "P-256", "kty": "EC", "x": text(&point[1..33]), "y": text(&point[33..]) })),
        }
    }

    /// The thumbprint of RFC 7638, by which security event tokens name it; none where it is shared.
    #[must_use]
    pub fn thumbprint(&self) -> Option<String> {
        self.to_jwk().map(|jwk| URL_SAFE_NO_PAD.encode(Sha256::digest(jwk.to_string())))
    }

    /// SHA-256 of its DER in hexadecimal, by which messages in GitHub's form name it; none where it is shared.
    #[must_use]
    pub fn identifier(&self) -> Option<String> {
        self.to_der().map(|document| hex(&Sha256::digest(document)))
    }

    /// Its DER; none where it is shared.
    #[must_use]
    pub fn to_der(&self) -> Option<Vec<u8>> {
        match self {
            Self::Shared(_) => None,
            Self::Ed25519(octets) => Some([&ED25519_DER[..], octets].concat()),
            Self::P256(point) => Some([&P256_DER[..], point].concat()),
        }
    }
}

impl fmt::Display for VerifyingKey {
    /// As receivers are given it: `whpk_…` for Ed25519, else a JSON Web Key. A shared key is not written.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shared(_) => f.write_str("whsec_..."),
            Self::Ed25519(octets) => write!(f, "whpk_{}=", STANDARD_NO_PAD.encode(octets)),
            Self::P256(_) => write!(f, "{}", self.to_jwk().unwrap_or_default()),
        }
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifyingKey({self})")
    }
}

impl From<KeyError> for LetterError {
    fn from(error: KeyError) -> Self {
        Self::Key { why: error.why }
    }
}

fn mac(octets: &[u8], message: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(octets).expect("because HMAC takes a key of any length");
    mac.update(message);
    mac
}

fn public_of(pair: &Ed25519KeyPair) -> VerifyingKey {
    VerifyingKey::Ed25519(pair.public_key().as_ref().try_into().expect("because a public key has 32 octets"))
}

fn p256(document: &[u8], algorithm: &'static EcdsaSigningAlgorithm) -> Option<EcdsaKeyPair> {
    EcdsaKeyPair::from_pkcs8(algorithm, document, &SystemRandom::new()).ok()
}

fn shared(text: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let octets = base64(text)?;
    if (24..=64).contains(&octets.len()) { Ok(octets) } else { Err(KeyError { why: "a shared key has 24 to 64 octets" }) }
}

/// Libraries of Standard Webhooks write a secret key as its seed of 32 octets, others with the public key after it.
fn ed25519(octets: &[u8]) -> Result<Ed25519KeyPair, KeyError> {
    let rejected = |_| KeyError { why: "a secret key has 32 octets, or 64 of which the latter half is its public key" };
    match octets.split_at_checked(32) {
        Some((seed, [])) => Ed25519KeyPair::from_seed_unchecked(seed).map_err(rejected),
        Some((seed, public)) => Ed25519KeyPair::from_seed_and_public_key(seed, public).map_err(rejected),
        None => Err(KeyError { why: "a secret key has 32 octets" }),
    }
}

/// Base64 with or without padding.
fn base64(text: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let bare = text.trim_ascii_end();
    let bare = bare.strip_suffix(b"==").or_else(|| bare.strip_suffix(b"=")).unwrap_or(bare);
    STANDARD_NO_PAD.decode(bare).map(Zeroizing::new).map_err(|_| KeyError { why: "what follows its prefix is no base64" })
}

/// What stands in PEM under this label (RFC 7468).
fn pem(text: &[u8], label: &str) -> Option<Zeroizing<Vec<u8>>> {
    let text = std::str::from_utf8(text).ok()?;
    let (_, rest) = text.split_once(&format!("-----BEGIN {label}-----"))?;
    let (inside, _) = rest.split_once("-----END ")?;
    let joined: Zeroizing<Vec<u8>> = Zeroizing::new(inside.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect());
    base64(&joined).ok()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use zeroize::Zeroizing;

    use crate::delivery::key::{ED25519_DER, Form, KeyKind, SigningKey, VerifyingKey, generate};
    use crate::delivery::letter::Key;
    use crate::delivery::payload::sample;
    use crate::delivery::reveal;
    use crate::model::secret::Secret;

    fn key(text: &str) -> Key {
        Key(Arc::new(Secret::new(text.as_bytes().to_vec())))
    }

    #[test]
    fn keys_that_are_made_are_read() {
        let random = Zeroizing::new([9; 32]);
        let (shared, none) = generate(KeyKind::Shared, &random);
        assert!(none.is_none() && *reveal::key(&shared) == format!("whsec_{}", STANDARD.encode([9; 32])).into_bytes());
        let (secret, public) = generate(KeyKind::Ed25519, &random);
        let public = public.expect("because it has one");
        let written = key(&public.to_string());
        for verifying in [VerifyingKey::read(&written), VerifyingKey::read(&secret)] {
            let signature = SigningKey::read(&secret).expect("because it is one").sign(b"a", Form::Fixed);
            let verifying = verifying.expect("because it is one");
            assert!(verifying.verifies(b"a", &signature, Form::Fixed) && !verifying.verifies(b"b", &signature, Form::Fixed));
        }
        assert_eq!(format!("{:?}", VerifyingKey::read(&shared)), "Ok(VerifyingKey(whsec_...))");
        assert!(SigningKey::read(&written).is_err());
    }

    #[test]
    fn keys_are_read_in_every_form() {
        let pair = [vec![5; 32], sample::public(&sample::ed25519_key(5)).to_der().expect("because it is public")[12..].to_vec()].concat();
        let der = |prefix: &[u8]| Key(Arc::new(Secret::new([prefix, &[5; 32]].concat())));
        // RFC 8410, section 7: a version, the algorithm, and the seed.
        let pkcs8 = der(&[0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20]);
        let whole = |octets: &[u8]| key(&format!(" whsk_{}\n", STANDARD.encode(octets)));
        let same = [whole(&pair[..32]), whole(&pair), pkcs8, key(&format!("whsk_{}", STANDARD.encode([5; 32]).trim_end_matches('=')))];
        for one in same {
            assert_eq!(sample::public(&one).to_string(), sample::public(&sample::ed25519_key(5)).to_string());
        }
        // In DER, space at the end is part of the key.
        let spaced = Key(Arc::new(Secret::new([&ED25519_DER[..], &[b' '; 32]].concat())));
        assert!(matches!(VerifyingKey::read(&spaced), Ok(VerifyingKey::Ed25519(octets)) if octets == [b' '; 32]));
        let p256 = sample::p256_key();
        let public = VerifyingKey::read(&key(&sample::pem(&sample::public(&p256)))).expect("because it is one");
        assert_eq!(public.thumbprint(), sample::public(&p256).thumbprint());
        for form in [Form::Fixed, Form::Der] {
            let signature = SigningKey::read(&p256).expect("because it is one").sign(b"a", form);
            assert!(public.verifies(b"a", &signature, form) && !public.verifies(b"b", &signature, form));
        }
    }

    #[test]
    fn what_is_no_key_is_told_why() {
        let check = |text: &str, why: &str| {
            let told = SigningKey::read(&key(text)).err().map(|error| error.to_string()).unwrap_or_default();
            assert!(told.contains(why), "{told}");
        };
        check("", "begins neither with");
        check("hunter2", "begins neither with");
        check("whsec_", "24 to 64 octets");
        check(&format!("whsec_{}", STANDARD.encode([1; 23])), "24 to 64 octets");
        check(&format!("whsec_{}", STANDARD.encode([1; 65])), "24 to 64 octets");
        check("whsec_?", "no base64");
        check(&format!("whsk_{}", STANDARD.encode([1; 31])), "32 octets");
        check(&format!("whsk_{}", STANDARD.encode([1; 64])), "its public key");
        check(&format!("whpk_{}", STANDARD.encode([1; 32])), "it is public");
        check(&sample::pem(&sample::public(&sample::p256_key())), "it is public");
        check(&["-----BEGIN EC ", "PRIVATE KEY-----\nMHc=\n-----END EC ", "PRIVATE KEY-----"].concat(), "openssl pkcs8");
        check("0", "no key of Ed25519 or P-256");
        assert!(VerifyingKey::read(&key(&format!("whpk_{}", STANDARD.encode([1; 31])))).is_err());
        for (prefix, octets, is_shared) in [("whsec_", 24, true), ("whsec_", 65, false), ("whsk_", 32, false), ("", 32, false)] {
            let read = VerifyingKey::shared(&key(&format!("{prefix}{}\n", STANDARD.encode(vec![7; octets]))));
            assert_eq!(read.is_ok(), is_shared, "{prefix} {octets}");
        }
    }
}
