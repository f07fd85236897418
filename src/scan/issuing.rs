//! What the ledger keeps of a token that it is shown: fingerprints and the way to find it between any bytes, never its octets.

use crate::model::fingerprint::Fingerprint;
use crate::model::known::{Gram, GramKey};
use crate::model::secret::Secret;
use crate::scan::judge::MIN_BITS;
use crate::scan::ngram::gram_of;
use crate::scan::random::strength_bits;

/// A token, described.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Described {
    /// SHA-256 of its octets.
    pub fingerprint: Fingerprint,
    /// How it is found between any bytes; none for a short one.
    pub gram: Option<Gram>,
    /// Its length in octets.
    pub length: Option<u32>,
    /// Of a JWT, the fingerprint of header and payload.
    pub unsigned: Option<Fingerprint>,
    /// Whether so few possibilities exist that a plain hash would give it away.
    pub guessable: bool,
}

/// How a token is found between any bytes; none for a short one, and for one that its n-gram would give away.
#[must_use]
pub fn gram_for(token: &[u8], key: GramKey) -> Option<Gram> {
    gram_of(token, key).filter(|_| strength_bits(token) >= MIN_BITS)
}

/// Describes a token.
#[must_use]
pub fn describe(secret: &Secret, key: GramKey) -> Described {
    let token = secret.expose();
    let is_jwt = token.starts_with(b"ey") && memchr::memchr_iter(b'.', token).count() == 2;
    let unsigned = memchr::memrchr(b'.', token).filter(|_| is_jwt).map(|dot| Fingerprint::of(&token[..dot]));
    Described {
        fingerprint: secret.fingerprint(None),
        gram: gram_of(token, key),
        length: u32::try_from(token.len()).ok(),
        unsigned,
        guessable: strength_bits(token) < MIN_BITS,
    }
}
