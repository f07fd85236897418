//! The unit of scanning work: a core, and the context on both sides of it.

use std::ops::Range;

/// A piece of a source.
///
/// **Invariant:** the cores of a source's chunks adjoin and cover it, so that every finding belongs to exactly one.
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
    /// Which findings belong to it.
    pub owns: Owns,
    /// How many base64 characters stand right before the first byte, modulo four: where an encoded group begins.
    pub phase: u8,
}

/// Which findings belong to a chunk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Owns {
    /// Those whose first byte lies in the core: chunks of a file, which have context on both sides.
    Starts,
    /// Those that became certain with the core: chunks of a live stream, of which nothing after the core may have arrived.
    Ends,
}
