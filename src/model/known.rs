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

/// How long texts are whose fingerprint may be known.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Lengths {
    /// One bit for every length in octets.
    exact: Vec<u64>,
    /// Whether tokens are known whose length is not.
    others: bool,
}

impl Lengths {
    /// Of tokens with these lengths in octets; 0 stands for those whose length is not known.
    #[must_use]
    pub fn new(known: &[u32]) -> Self {
        let mut lengths = Self::default();
        for length in known {
            lengths.add(*length);
        }
        lengths
    }

    /// Adds one length, 0 for an unknown one.
    pub fn add(&mut self, length: u32) {
        let place = length as usize / 64;
        if length == 0 {
            self.others = true;
            return;
        }
        if self.exact.len() <= place {
            self.exact.resize(place + 1, 0);
        }
        self.exact[place] |= 1 << (length % 64);
    }

    /// Whether a token of exactly this length is known.
    #[inline]
    #[must_use]
    pub fn has(&self, length: usize) -> bool {
        self.exact.get(length / 64).is_some_and(|bits| bits >> (length % 64) & 1 == 1)
    }

    /// The shortest length that is known; the largest number where none is.
    #[must_use]
    pub fn least(&self) -> usize {
        let first = self.exact.iter().position(|bits| *bits != 0);
        first.map_or(usize::MAX, |at| at * 64 + self.exact[at].trailing_zeros() as usize)
    }

    /// Whether any length is known.
    #[must_use]
    pub fn has_any(&self) -> bool {
        self.exact.iter().any(|bits| *bits != 0)
    }

    /// Whether tokens of unknown length are known.
    #[inline]
    #[must_use]
    pub fn has_others(&self) -> bool {
        self.others
    }
}

/// Says "surely not" to almost everything.
///
/// **Invariant:** never no to what is known.
pub trait MayHold: Send + Sync {
    /// Whether an index (see `TokenKey::index`) or a gram's hash may be known; rarely says yes by mistake.
    fn may_hold(&self, index: u64) -> bool;

    /// How long the tokens are that are known by plain fingerprints.
    fn lengths(&self) -> &Lengths;

    /// The same of many at once, which lets the processor fetch what several of them need: calls `yes` with the places of those that may be known.
    fn select(&self, indices: &[u64], yes: &mut dyn FnMut(usize)) {
        for (at, index) in indices.iter().enumerate() {
            if self.may_hold(*index) {
                yes(at);
            }
        }
    }
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
