//! Keys that are kept secret, as Standard Webhooks writes them: `whsec_...` that two share, `whsk_...` that one signs with.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::delivery::letter::{Key, LetterError};

/// A key that two share.
pub struct SharedKey(Zeroizing<Vec<u8>>);

/// A key that one signs with.
pub struct SigningKey(Ed25519KeyPair);

impl SharedKey {
    /// Reads `whsec_` and 24 to 64 octets in base64.
    ///
    /// # Errors
    ///
    /// [`LetterError::Key`]
    pub fn read(key: &Key) -> Result<Self, LetterError> {
        let octets = octets(key, "whsec_", "a shared key begins with `whsec_`")?;
        if (24..=64).contains(&octets.len()) { Ok(Self(octets)) } else { Err(LetterError::Key { why: "a shared key has 24 to 64 octets" }) }
    }

    /// Whether HMAC-SHA-256 of a message under it is this; takes the same time whatever differs.
    #[must_use]
    pub fn verifies(&self, message: &[u8], tag: &[u8]) -> bool {
        let mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("because HMAC takes keys of any length");
        mac.chain_update(message).verify_slice(tag).is_ok()
    }
}

impl SigningKey {
    /// Reads `whsk_` and an ed25519 seed of 32 octets in base64, or the seed and the public key behind it.
    ///
    /// # Errors
    ///
    /// [`LetterError::Key`]
    pub fn read(key: &Key) -> Result<Self, LetterError> {
        let octets = octets(key, "whsk_", "a key to sign with begins with `whsk_`")?;
        let pair = match octets.len() {
            32 => Ed25519KeyPair::from_seed_unchecked(&octets),
            64 => Ed25519KeyPair::from_seed_and_public_key(&octets[..32], &octets[32..]),
            _ => return Err(LetterError::Key { why: "a key to sign with has 32 or 64 octets" }),
        };
        pair.map(Self).map_err(|_| LetterError::Key { why: "its two halves do not belong together" })
    }

    /// Signs a message.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.0.sign(message).as_ref().to_vec()
    }

    /// What others verify with: `whpk_...`.
    #[must_use]
    pub fn public(&self) -> String {
        format!("whpk_{}", STANDARD.encode(self.0.public_key().as_ref()))
    }
}

fn octets(key: &Key, prefix: &str, otherwise: &'static str) -> Result<Zeroizing<Vec<u8>>, LetterError> {
    let text = key.0.expose().trim_ascii().strip_prefix(prefix.as_bytes()).ok_or(LetterError::Key { why: otherwise })?;
    STANDARD.decode(text).map(Zeroizing::new).map_err(|_| LetterError::Key { why: "it is not base64" })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use crate::delivery::letter::Key;
    use crate::delivery::public_key::{PublicKey, Scheme};
    use crate::delivery::secret_key::{SharedKey, SigningKey};
    use crate::model::secret::Secret;

    fn key(prefix: &str, octets: &[u8]) -> Key {
        Key(Arc::new(Secret::new(format!("{prefix}{}\n", STANDARD.encode(octets)).into_bytes())))
    }

    #[test]
    fn keys_are_read_in_their_forms_only() {
        for (prefix, octets, shared, signing) in [
            ("whsec_", 24, true, false),
            ("whsec_", 64, true, false),
            ("whsec_", 23, false, false),
            ("whsec_", 65, false, false),
            ("whsk_", 32, false, true),
            ("whsk_", 33, false, false),
            ("whsk_", 64, false, false),
            ("whpk_", 32, false, false),
            ("", 32, false, false),
        ] {
            let key = key(prefix, &vec![7; octets]);
            assert_eq!((SharedKey::read(&key).is_ok(), SigningKey::read(&key).is_ok()), (shared, signing), "{prefix} {octets}");
        }
    }

    #[test]
    fn both_forms_of_a_seed_sign_alike() {
        let seed = SigningKey::read(&key("whsk_", &[7; 32])).expect("because it is one");
        let public = seed.public();
        let octets = STANDARD.decode(&public["whpk_".len()..]).expect("because it is base64");
        let both = SigningKey::read(&key("whsk_", &[&[7; 32][..], &octets].concat())).expect("because it is one");
        assert_eq!(seed.sign(b"m"), both.sign(b"m"));
        let keys = PublicKey::all(&public).expect("because it is one");
        assert!(keys[0].verifies(Scheme::Ed25519, b"m", &seed.sign(b"m")));
    }
}
