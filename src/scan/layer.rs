//! The bytes that one pass of the scan looks at, and how they map to the bytes they were decoded from.

use std::ops::Range;

use crate::model::decoder::Decoder;

/// Bytes to scan.
///
/// **Invariant:** whatever lies in `core` is found; the rest is context on both sides.
#[derive(Clone, Copy, Debug)]
pub struct Layer<'a> {
    /// The bytes, context included.
    pub bytes: &'a [u8],
    /// Start of the part whose tokens are wanted.
    pub start: usize,
    /// End of that part.
    pub end: usize,
    /// How many decoders lie between the origin and these bytes.
    pub depth: u32,
    /// The innermost decoder.
    pub decoder: Option<Decoder>,
    /// How many base64 characters stand right before the first byte, modulo four.
    pub phase: u8,
}

impl<'a> Layer<'a> {
    /// Bytes that are complete in themselves.
    #[must_use]
    pub fn whole(bytes: &'a [u8]) -> Self {
        Self { bytes, start: 0, end: bytes.len(), depth: 0, decoder: None, phase: 0 }
    }
}

/// Bytes decoded from a part of a layer, with context around them.
pub struct Decoded {
    /// The bytes, context included.
    pub bytes: Vec<u8>,
    /// The decoded part.
    pub core: Range<usize>,
    /// Where they came from.
    pub map: Map,
    /// How they were decoded.
    pub decoder: Decoder,
}

/// Decoded offsets -> offsets in the layer they were decoded from.
#[derive(Clone, Default, Debug)]
pub struct Map {
    pieces: Vec<Piece>,
}

/// From `decoded` on, `per.1` source bytes stand for `per.0` decoded ones, beginning at `source`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Piece {
    decoded: usize,
    source: usize,
    per: (usize, usize),
}

impl Map {
    /// From decoded offset `decoded` on, `per.1` source bytes at `source` stand for `per.0` decoded ones.
    pub fn push(&mut self, decoded: usize, source: usize, per: (usize, usize)) {
        self.pieces.push(Piece { decoded, source, per });
    }

    /// The source bytes that a decoded span came from.
    #[must_use]
    pub fn span(&self, span: &Range<usize>) -> Range<usize> {
        let start = self.piece(span.start).map_or(0, |piece| piece.source + (span.start - piece.decoded) / piece.per.0 * piece.per.1);
        let last = span.end.saturating_sub(1);
        let end = self.piece(last).map_or(0, |piece| piece.source + ((last - piece.decoded) / piece.per.0 + 1) * piece.per.1);
        start..end.max(start + 1)
    }

    fn piece(&self, decoded: usize) -> Option<&Piece> {
        self.pieces[..self.pieces.partition_point(|piece| piece.decoded <= decoded)].last()
    }
}

#[cfg(test)]
mod tests {
    use crate::scan::layer::Map;

    #[test]
    fn spans_grow_to_whole_groups() {
        let mut map = Map::default();
        map.push(0, 100, (1, 1));
        map.push(10, 110, (3, 4));
        map.push(40, 150, (1, 6));
        assert_eq!(map.span(&(2..5)), 102..105);
        assert_eq!(map.span(&(10..13)), 110..114);
        assert_eq!(map.span(&(11..14)), 110..118);
        assert_eq!(map.span(&(40..41)), 150..156);
        assert_eq!(map.span(&(5..41)), 105..156);
    }
}
