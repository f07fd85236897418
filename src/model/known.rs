//! What a scan may ask of those who know issued tokens.

use std::sync::Arc;

use crate::model::fingerprint::Fingerprint;

/// A keyed hash of the least n-gram in a token, and where the token lies around it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Gram {
    /// The keyed hash.
    pub hash: u64,
    /// How many bytes of the token stand before the n-gram.
    pub before: u32,
    /// The token's length in bytes.
    pub length: u32,
}

/// The key of n-gram hashes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct GramKey(pub [u64; 2]);

/// Says "surely not" to almost everything.
///
/// **Invariant:** never no to what is known.
pub trait MayHold: Send + Sync {
    /// Whether an index (see `TokenKey::index`) or a gram's hash may be known; rarely says yes by mistake.
    fn may_hold(&self, index: u64) -> bool;
}

/// Knows which tokens were issued.
///
/// **Invariant:** [`Known::holds`] compares all 256 bits.
pub trait Known: Send + Sync {
    /// What answers most questions, as of now.
    fn view(&self) -> Arc<dyn MayHold>;

    /// Whether a token with this fingerprint was issued; no where the question cannot be answered, which whoever knows keeps in mind and tells
    /// at the end.
    fn holds(&self, fingerprint: &Fingerprint) -> bool;

    /// The key of gram hashes; none where no token can be found by its grams.
    fn gram_key(&self) -> Option<GramKey>;

    /// The grams with this hash.
    fn grams(&self, hash: u64) -> Vec<Gram>;
}
