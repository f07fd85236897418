//! The only type that owns a token's octets outside of the bytes being scanned.
//!
//! **Invariant:** a `Secret` cannot be printed, cloned or serialized, and is zeroed on drop.

use std::fmt;

use zeroize::Zeroizing;

use crate::model::fingerprint::{Fingerprint, FingerprintKey};
use crate::model::jwt::Jwt;
use crate::model::token_key::TokenKey;

/// A token's exact octets.
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Takes the octets over.
    #[must_use]
    pub fn new(octets: Vec<u8>) -> Self {
        Self(Zeroizing::new(octets))
    }

    /// The octets themselves; the files that may call this are listed in `tests/tidy.rs`.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The secret's length in octets.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no octets at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The names by which a ledger may know it: its fingerprint, that of a JWT without its signature, and those under keys.
    #[must_use]
    pub fn names(&self, keys: &[FingerprintKey]) -> Vec<TokenKey> {
        let unsigned = Jwt::parse(&self.0).map(|jwt| TokenKey::Unsigned(jwt.unsigned));
        let keyed = keys.iter().map(|key| TokenKey::Fingerprint(key.fingerprint(&self.0)));
        std::iter::once(TokenKey::Fingerprint(self.fingerprint(None))).chain(unsigned).chain(keyed).collect()
    }

    /// SHA-256 of the octets, or HMAC-SHA-256 when a key is given.
    #[must_use]
    pub fn fingerprint(&self, key: Option<&FingerprintKey>) -> Fingerprint {
        match key {
            Some(key) => key.fingerprint(&self.0),
            None => Fingerprint::of(&self.0),
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({} octets)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use crate::model::secret::Secret;

    #[test]
    fn debug_shows_only_the_length() {
        let secret = Secret::new(b"correct horse".to_vec());
        assert_eq!(format!("{secret:?}"), "Secret(13 octets)");
    }
}
