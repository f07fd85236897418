//! What a match must fulfil beyond its pattern; only rules of other tools say such things.

use std::fmt::Debug;

/// A match and what stands around it.
#[derive(Clone, Copy)]
pub struct Matched<'a> {
    /// The secret.
    pub secret: &'a [u8],
    /// The secret with the name that introduces it, if any.
    pub introduced: &'a [u8],
    /// The secret's line, or what of it stands within a kilobyte to each side.
    pub line: &'a [u8],
}

/// Terms that a match must fulfil.
pub trait Terms: Debug + Send + Sync {
    /// Whether a match fulfils them.
    fn hold(&self, matched: Matched) -> bool;
}
