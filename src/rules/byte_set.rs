//! A set of byte values.

use serde::{Deserialize, Serialize};

/// A set of byte values, 256 bits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct ByteSet([u64; 4]);

impl ByteSet {
    /// The characters of the runs that the scan looks for: `A-Za-z0-9` and `-._~+/` (RFC 6750, `b64token` without its padding).
    pub const RUN: Self = Self::alnum().with(b"-._~+/");
    /// The characters of runs that are no letters and digits: after one, a word of a run begins.
    pub const SEPARATORS: Self = Self::empty().with(b"-._~+/");
    /// The characters that one-piece values are made of: runs and padding.
    pub const VALUE: Self = Self::RUN.with(b"=");

    /// No byte.
    #[must_use]
    pub const fn empty() -> Self {
        Self([0; 4])
    }

    /// Every byte.
    #[must_use]
    pub const fn all() -> Self {
        Self([u64::MAX; 4])
    }

    /// `A-Za-z0-9`.
    #[must_use]
    pub const fn alnum() -> Self {
        Self::empty().with(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
    }

    /// This set and these bytes.
    #[must_use]
    pub const fn with(mut self, bytes: &[u8]) -> Self {
        let mut i = 0;
        while i < bytes.len() {
            self.0[(bytes[i] >> 6) as usize] |= 1 << (bytes[i] & 63);
            i += 1;
        }
        self
    }

    /// Whether the byte is in the set.
    #[must_use]
    #[inline]
    pub const fn contains(&self, byte: u8) -> bool {
        self.0[(byte >> 6) as usize] >> (byte & 63) & 1 == 1
    }

    /// The bytes that are in either set.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i] | other.0[i]))
    }

    /// Whether the two sets share a byte.
    #[must_use]
    pub fn meets(self, other: Self) -> bool {
        (0..4).any(|i| self.0[i] & other.0[i] != 0)
    }

    /// Whether every byte of this set is in the other.
    #[must_use]
    pub fn is_subset(self, other: Self) -> bool {
        (0..4).all(|i| self.0[i] & !other.0[i] == 0)
    }

    /// How many bytes are in the set.
    #[must_use]
    pub fn len(self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Whether no byte is in the set.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == [0; 4]
    }

    /// The bytes in the set, ascending.
    pub fn iter(self) -> impl Iterator<Item = u8> {
        (0_u8..4).flat_map(move |word| {
            let mut left = self.0[usize::from(word)];
            std::iter::from_fn(move || {
                let lowest = u8::try_from(left.trailing_zeros()).ok().filter(|_| left != 0)?;
                left &= left - 1;
                Some(word * 64 + lowest)
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::byte_set::ByteSet;

    #[test]
    fn holds_exactly_what_was_put_in() {
        let set = ByteSet::empty().with(b"\0az\xff");
        assert_eq!(set.iter().collect::<Vec<_>>(), b"\0az\xff");
        assert_eq!(set.len(), 4);
        assert!(set.meets(ByteSet::RUN) && !set.is_subset(ByteSet::RUN));
        assert!(ByteSet::RUN.is_subset(ByteSet::VALUE));
    }
}
