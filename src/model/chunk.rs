//! The unit of scanning work: a core, and the context on both sides of it.

use std::ops::Range;

/// A piece of a source.
///
/// **Invariant:** the cores of a source's chunks adjoin and cover it; a finding belongs to the chunk in whose core its first byte lies.
#[derive(Clone, Debug)]
pub struct Chunk {
    /// The bytes: left context, core, right context.
    pub bytes: Vec<u8>,
    /// Offset of the first of them in the source.
    pub base: u64,
    /// The core in them.
    pub core: Range<usize>,
    /// Whether nothing follows the bytes in the source.
    pub ended: bool,
    /// How many base64 characters stand right before the first byte, modulo four: where an encoded group begins.
    pub phase: u8,
}
