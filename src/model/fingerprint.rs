//! A fingerprint names a token without revealing it: SHA-256 of its octets, or HMAC-SHA-256 under a key.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::block_api::compress256;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// 32 bytes that name a token; printed `sha256:<hex>` or `hmac-sha256:<key id>:<hex>`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, borsh::BorshSerialize, borsh::BorshDeserialize)]
pub struct Fingerprint {
    key_id: Option<String>,
    digest: [u8; 32],
}

/// The longest text in octets that SHA-256 takes in one block.
const ONE_BLOCK: usize = 55;
/// SHA-256's initial state (FIPS 180-4, section 5.3.3).
const INITIAL: [u32; 8] = [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// Why a text is not a fingerprint.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{text} is not a fingerprint\nhint: write `sha256:` or `hmac-sha256:<key id>:` and the 32 bytes in hexadecimal, base64 or base64url")]
pub struct FingerprintError {
    text: String,
}

impl Fingerprint {
    /// SHA-256 of exactly these octets.
    #[must_use]
    pub fn of(octets: &[u8]) -> Self {
        Self { key_id: None, digest: Sha256::digest(octets).into() }
    }

    /// A fingerprint from its 32 bytes; `key_id` where it is keyed.
    #[must_use]
    pub fn from_digest(digest: [u8; 32], key_id: Option<String>) -> Self {
        Self { key_id, digest }
    }

    /// The 32 bytes.
    #[must_use]
    pub fn digest(&self) -> &[u8; 32] {
        &self.digest
    }

    /// The first 64 bits, which spread evenly: what tables of fingerprints are sorted by.
    #[must_use]
    pub fn index(&self) -> u64 {
        u64::from_le_bytes(*self.digest.first_chunk().expect("because a digest has 32 bytes"))
    }

    /// The index of the plain fingerprint of these octets. A text that fits in one block, as most tokens do, costs half of [`Fingerprint::of`].
    #[must_use]
    pub fn index_of(octets: &[u8]) -> u64 {
        if octets.len() > ONE_BLOCK {
            return Self::of(octets).index();
        }
        // FIPS 180-4, section 5.1.1: the text, one bit, zeros, and the length in bits.
        let mut block = [0; 64];
        block[..octets.len()].copy_from_slice(octets);
        block[octets.len()] = 0x80;
        block[56..].copy_from_slice(&(octets.len() as u64 * 8).to_be_bytes());
        let mut state = INITIAL;
        compress256(&mut state, &[block]);
        u64::from(state[0].swap_bytes()) | u64::from(state[1].swap_bytes()) << 32
    }

    /// The key's id where the fingerprint is keyed.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    /// The first twelve hexadecimal digits: enough for a person to tell two tokens apart.
    #[must_use]
    pub fn short(&self) -> String {
        hex(&self.digest[..6])
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.key_id {
            Some(id) => write!(f, "hmac-sha256:{id}:{}", hex(&self.digest)),
            None => write!(f, "sha256:{}", hex(&self.digest)),
        }
    }
}

impl FromStr for Fingerprint {
    type Err = FingerprintError;

    /// Reads the printed form; the 32 bytes may also be in base64 or base64url, with or without padding, and `sha256:` may be left out.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || FingerprintError { text: shown(text) };
        if let Some(rest) = text.strip_prefix("hmac-sha256:") {
            let (id, digest) = rest.rsplit_once(':').ok_or_else(error)?;
            return Ok(Self { key_id: Some(id.to_owned()), digest: digest_of(digest).ok_or_else(error)? });
        }
        let digest = text.strip_prefix("sha256:").unwrap_or(text);
        Ok(Self { key_id: None, digest: digest_of(digest).ok_or_else(error)? })
    }
}

impl Serialize for Fingerprint {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Fingerprint {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A key for HMAC-SHA-256 fingerprints; its id is public, its octets are not.
pub struct FingerprintKey {
    id: String,
    octets: Zeroizing<Vec<u8>>,
}

impl FingerprintKey {
    /// The shortest key that is accepted, in octets (RFC 2104, section 3: no shorter than the hash).
    pub const MIN_OCTETS: usize = 32;

    /// A key from its octets; its id is the start of their SHA-256, so that equal keys have equal ids.
    ///
    /// Returns `None` when there are fewer than [`Self::MIN_OCTETS`].
    #[must_use]
    pub fn new(octets: Vec<u8>) -> Option<Self> {
        let octets = Zeroizing::new(octets);
        (octets.len() >= Self::MIN_OCTETS)
            .then(|| Self { id: hex(&Sha256::new_with_prefix(b"beartrap key id").chain_update(&octets[..]).finalize()[..4]), octets })
    }

    /// The key's public id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// HMAC-SHA-256 of these octets under this key.
    #[must_use]
    pub fn fingerprint(&self, octets: &[u8]) -> Fingerprint {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.octets).expect("because HMAC takes a key of any length");
        mac.update(octets);
        Fingerprint { key_id: Some(self.id.clone()), digest: mac.finalize().into_bytes().into() }
    }
}

impl fmt::Debug for FingerprintKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FingerprintKey({})", self.id)
    }
}

/// What may be said of a text that names no token: somebody may have written the token itself.
#[must_use]
pub fn shown(text: &str) -> String {
    let kind =
        text.split_once(':').map(|(kind, _)| kind).filter(|kind| kind.len() <= 20 && kind.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'));
    kind.map_or_else(|| format!("a text of {} characters", text.chars().count()), |kind| format!("`{kind}:...`"))
}

/// Bytes in lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|b| [DIGITS[usize::from(b >> 4)], DIGITS[usize::from(b & 15)]]).map(char::from).collect()
}

/// 32 bytes in hexadecimal (64 digits), base64 or base64url (43 characters and perhaps padding).
fn digest_of(text: &str) -> Option<[u8; 32]> {
    if text.len() == 64 {
        return unhex(text);
    }
    let bare = text.trim_end_matches('=');
    let engine = if bare.contains(['-', '_']) { URL_SAFE_NO_PAD } else { STANDARD_NO_PAD };
    engine.decode(bare).ok().filter(|_| bare.len() == 43)?.try_into().ok()
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    let (pairs, _) = text.as_bytes().as_chunks();
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(bytes)
}

fn digit(letter: u8) -> Option<u8> {
    match letter {
        b'0'..=b'9' => Some(letter - b'0'),
        b'a'..=b'f' => Some(letter - b'a' + 10),
        b'A'..=b'F' => Some(letter - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::model::fingerprint::{Fingerprint, FingerprintKey};

    #[test]
    fn an_index_is_that_of_the_fingerprint_for_every_length() {
        for length in 0..200 {
            let text: Vec<u8> = (0..length).map(|i: usize| (i * 37 % 251) as u8).collect();
            assert_eq!(Fingerprint::index_of(&text), Fingerprint::of(&text).index(), "{length}");
        }
    }

    #[test]
    fn sha256_of_the_octets_is_printed_and_read_back() {
        let printed = Fingerprint::of(b"abc").to_string();
        assert_eq!(printed, "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        for text in
            [&printed[..], &printed[7..], "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=", "sha256:ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0"]
        {
            assert_eq!(text.parse(), Ok(Fingerprint::of(b"abc")), "{text}");
        }
    }

    #[test]
    fn keyed_form_names_its_key() {
        let key = FingerprintKey::new(vec![7; 32]).expect("because 32 octets are enough");
        let keyed = key.fingerprint(b"abc");
        assert_eq!(keyed.to_string().parse(), Ok(keyed.clone()));
        assert_ne!(keyed.digest(), Fingerprint::of(b"abc").digest());
        assert!(FingerprintKey::new(vec![7; 31]).is_none());
    }

    #[test]
    fn a_malformed_text_is_refused_with_a_hint() {
        for text in ["", "sha256:", "sha256:zz", "md5:00", "hmac-sha256:id", &format!("sha256:{}", "0".repeat(65))] {
            let error = text.parse::<Fingerprint>().expect_err("because it is malformed");
            assert!(error.to_string().contains("hint:"), "{error}");
        }
    }
}
