//! Families of rotated and exchanged tokens, remembered for as long as memory allows.

use std::collections::BTreeMap;

use crate::model::token_key::TokenKey;

/// Tokens in each of two halves; the older half is forgotten when the younger is full.
const HALF: usize = 1 << 16;

/// A token's place in its family.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Position {
    /// The family.
    pub family: String,
    /// How many rotations before it.
    pub generation: u64,
}

/// What is known of tokens that were seen, by the index of their key.
#[derive(Default)]
pub struct Lineage {
    younger: BTreeMap<u64, Position>,
    older: BTreeMap<u64, Position>,
}

impl Lineage {
    /// The token's place, if it was seen not too long ago.
    #[must_use]
    pub fn find(&self, key: &TokenKey) -> Option<&Position> {
        let index = key.index();
        self.younger.get(&index).or_else(|| self.older.get(&index))
    }

    /// Remembers a token's place.
    pub fn learn(&mut self, key: &TokenKey, position: Position) {
        if self.younger.len() >= HALF {
            self.older = std::mem::take(&mut self.younger);
        }
        self.younger.insert(key.index(), position);
    }
}
