//! Public keys of those who sign what we receive: ed25519 and ECDSA on P-256, in every form in which they are published.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::signature::{ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_FIXED, ED25519, UnparsedPublicKey, VerificationAlgorithm};
use serde_json::Value;

/// What stands before the 32 octets of an ed25519 key in DER (RFC 8410, section 4).
const ED25519_DER: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
/// What stands before the uncompressed point of a key on P-256 in DER (RFC 5480, section 2).
const P256_DER: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03,
    0x42, 0x00,
];

/// A public key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PublicKey {
    /// The name under which its owner publishes it.
    pub id: Option<String>,
    form: Form,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Form {
    /// The key.
    Ed25519([u8; 32]),
    /// The point, uncompressed.
    P256([u8; 65]),
}

/// How something is signed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scheme {
    /// Ed25519: `v1a` of Standard Webhooks, `EdDSA` of JOSE.
    Ed25519,
    /// ECDSA on P-256 with SHA-256, the signature as two numbers: `ES256` of JOSE.
    Es256,
    /// The same with the signature in DER, as GitHub writes it.
    EcdsaDer,
}

/// Why a text holds no keys.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "no public key that can be used: {0}\nhint: write `whpk_...` lines, PEM (`BEGIN PUBLIC KEY`), a JWK set or GitHub's list; ed25519 and P-256 are known"
)]
pub struct PublicKeyError(&'static str);

impl PublicKey {
    /// All keys in a text: lines of `whpk_...`, PEM, a JWK or a set of them (RFC 7517), or what GitHub publishes of its secret scanning.
    ///
    /// # Errors
    ///
    /// [`PublicKeyError`] when there is none, or one that is damaged; keys of kinds that are not known are left out of JSON.
    pub fn all(text: &str) -> Result<Vec<Self>, PublicKeyError> {
        let text = text.trim();
        let keys = if text.starts_with('{') {
            of_json(text)?
        } else if text.contains("-----BEGIN") {
            of_pem(text)?
        } else {
            text.lines().map(str::trim).filter(|line| !line.is_empty()).map(of_line).collect::<Result<_, _>>()?
        };
        if keys.is_empty() { Err(PublicKeyError("there is none")) } else { Ok(keys) }
    }

    /// As Standard Webhooks writes it, where it can.
    #[must_use]
    pub fn of_octets(octets: [u8; 32]) -> Self {
        Self { id: None, form: Form::Ed25519(octets) }
    }

    /// Whether it signed a message.
    #[must_use]
    pub fn verifies(&self, scheme: Scheme, message: &[u8], signature: &[u8]) -> bool {
        let (algorithm, octets): (&dyn VerificationAlgorithm, &[u8]) = match (&self.form, scheme) {
            (Form::Ed25519(octets), Scheme::Ed25519) => (&ED25519, octets),
            (Form::P256(point), Scheme::Es256) => (&ECDSA_P256_SHA256_FIXED, point),
            (Form::P256(point), Scheme::EcdsaDer) => (&ECDSA_P256_SHA256_ASN1, point),
            _ => return false,
        };
        UnparsedPublicKey::new(algorithm, octets).verify(message, signature).is_ok()
    }

    /// Whether it can sign so at all.
    #[must_use]
    pub fn fits(&self, scheme: Scheme) -> bool {
        matches!(self.form, Form::Ed25519(_)) == (scheme == Scheme::Ed25519)
    }
}

fn of_line(line: &str) -> Result<PublicKey, PublicKeyError> {
    let octets = line.strip_prefix("whpk_").and_then(|text| STANDARD.decode(text).ok()).and_then(|octets| octets.try_into().ok());
    octets.map(PublicKey::of_octets).ok_or(PublicKeyError("a line is not `whpk_` and 32 octets in base64"))
}

fn of_pem(text: &str) -> Result<Vec<PublicKey>, PublicKeyError> {
    let blocks = text.split("-----BEGIN PUBLIC KEY-----").skip(1);
    blocks.map(|block| block.split("-----END").next().and_then(of_block).ok_or(PublicKeyError("a PEM block cannot be read"))).collect()
}

fn of_block(block: &str) -> Option<PublicKey> {
    let text: String = block.split_ascii_whitespace().collect();
    let der = STANDARD.decode(text).ok()?;
    let form = match (der.strip_prefix(&ED25519_DER), der.strip_prefix(&P256_DER)) {
        (Some(octets), _) => Form::Ed25519(octets.try_into().ok()?),
        (_, Some(point)) => Form::P256(point.try_into().ok()?),
        _ => return None,
    };
    Some(PublicKey { id: None, form })
}

fn of_json(text: &str) -> Result<Vec<PublicKey>, PublicKeyError> {
    let json: Value = serde_json::from_str(text).map_err(|_| PublicKeyError("it begins like JSON and is none"))?;
    if let Some(keys) = json["public_keys"].as_array() {
        let mut all = Vec::new();
        for key in keys {
            let id = key["key_identifier"].as_str().map(str::to_owned);
            all.extend(of_pem(key["key"].as_str().unwrap_or_default())?.into_iter().map(|key| PublicKey { id: id.clone(), ..key }));
        }
        return Ok(all);
    }
    Ok(json["keys"].as_array().map_or_else(|| of_jwk(&json).into_iter().collect(), |keys| keys.iter().filter_map(of_jwk).collect()))
}

/// RFC 7518, section 6.2, and RFC 8037, section 2.
fn of_jwk(jwk: &Value) -> Option<PublicKey> {
    let octets = |name: &str| URL_SAFE_NO_PAD.decode(jwk[name].as_str()?).ok()?.try_into().ok();
    let form = match (jwk["kty"].as_str()?, jwk["crv"].as_str()?) {
        ("OKP", "Ed25519") => Form::Ed25519(octets("x")?),
        ("EC", "P-256") => {
            let (x, y): ([u8; 32], [u8; 32]) = (octets("x")?, octets("y")?);
            let mut point = [4; 65];
            point[1..33].copy_from_slice(&x);
            point[33..].copy_from_slice(&y);
            Form::P256(point)
        }
        _ => return None,
    };
    Some(PublicKey { id: jwk["kid"].as_str().map(str::to_owned), form })
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    use ring::rand::SystemRandom;
    use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};
    use serde_json::json;

    use crate::delivery::public_key::{ED25519_DER, P256_DER, PublicKey, Scheme};

    fn pem(prefix: &[u8], octets: &[u8]) -> String {
        let text = STANDARD.encode([prefix, octets].concat());
        let (first, rest) = text.split_at(40);
        format!("-----BEGIN PUBLIC KEY-----\n{first}\n{rest}\n-----END PUBLIC KEY-----\n")
    }

    #[test]
    fn every_form_of_a_key_verifies() {
        let random = SystemRandom::new();
        let edwards = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).expect("because 32 octets are a seed");
        let octets = edwards.public_key().as_ref();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("because keys can be made");
        let sign = |algorithm| {
            let pair = EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).expect("because it was just made");
            (pair.sign(&random, b"m").expect("because it can sign").as_ref().to_vec(), pair.public_key().as_ref().to_vec())
        };
        let ((fixed, point), (der, _)) = (sign(&ECDSA_P256_SHA256_FIXED_SIGNING), sign(&ECDSA_P256_SHA256_ASN1_SIGNING));
        let url = |octets: &[u8]| URL_SAFE_NO_PAD.encode(octets);
        let okp = json!({"kty": "OKP", "crv": "Ed25519", "x": url(octets), "kid": "e"});
        let ec = json!({"kty": "EC", "crv": "P-256", "x": url(&point[1..33]), "y": url(&point[33..])});
        let edwards_signature = edwards.sign(b"m").as_ref().to_vec();
        for (text, scheme, signature) in [
            (format!("\nwhpk_{}\n", STANDARD.encode(octets)), Scheme::Ed25519, &edwards_signature),
            (pem(&ED25519_DER, octets), Scheme::Ed25519, &edwards_signature),
            (okp.to_string(), Scheme::Ed25519, &edwards_signature),
            (json!({"keys": [{"kty": "RSA", "n": "AQ", "e": "AQAB"}, okp, ec]}).to_string(), Scheme::Es256, &fixed),
            (pem(&P256_DER, &point), Scheme::Es256, &fixed),
            (pem(&P256_DER, &point), Scheme::EcdsaDer, &der),
            (
                json!({"public_keys": [{"key_identifier": "k", "key": pem(&P256_DER, &point), "is_current": true}]}).to_string(),
                Scheme::EcdsaDer,
                &der,
            ),
        ] {
            let keys = PublicKey::all(&text).expect("because it holds keys");
            let good = |message: &[u8]| keys.iter().any(|key| key.fits(scheme) && key.verifies(scheme, message, signature));
            assert!(good(b"m") && !good(b"n"), "{text}");
        }
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for text in ["", "whpk_", "whpk_AAAA", "{", "{}", "{\"keys\":[{\"kty\":\"oct\"}]}", &pem(&[1], &[2; 60])] {
            assert!(PublicKey::all(text).is_err(), "{text}");
        }
    }
}
