//! Finds what is encoded in a layer and decodes it, each part with a map back.

pub mod base64;
pub mod escape;
pub mod hex;
pub mod unwrap;

use std::ops::Range;

use crate::scan::kernel::find_signs;
use crate::scan::layer::{Decoded, Layer, Map};
use crate::scan::walk::Run;

/// Raw bytes before a decoded part that stay in its layer, so that what introduces it is seen.
const CONTEXT: usize = 256;

/// What decoders look at.
pub struct Regions<'a> {
    /// The layer.
    pub layer: &'a Layer<'a>,
    /// Its runs of token characters from the layer's core on.
    pub runs: &'a [Run],
    /// Spans that are taken by tokens already: nothing in them is decoded.
    pub taken: &'a [Range<usize>],
    /// Starts of matches that a line break cut short.
    pub broken: &'a [usize],
}

impl Regions<'_> {
    /// Whether a token already takes this place.
    fn is_taken(&self, at: usize) -> bool {
        let after = self.taken.partition_point(|span| span.end <= at);
        self.taken.get(after).is_some_and(|span| span.start <= at)
    }
}

/// Hands every decoded part to `sink`.
pub fn each(regions: &Regions, sink: &mut dyn FnMut(Decoded)) {
    let mine = &regions.runs[..regions.runs.partition_point(|run| run.start < regions.layer.end)];
    let mut signs = Vec::with_capacity(mine.len());
    find_signs(regions.layer.bytes, mine.iter().cloned(), &mut signs);
    base64::each(regions, &signs, sink);
    hex::each(regions, &signs, sink);
    escape::each(regions, sink);
    unwrap::each(regions, sink);
}

/// A layer that begins with the raw bytes before `start`, and a map of them.
fn with_context(bytes: &[u8], start: usize) -> (Vec<u8>, Map) {
    let from = start.saturating_sub(CONTEXT);
    let mut map = Map::default();
    map.push(0, from, (1, 1));
    (bytes[from..start].to_vec(), map)
}

/// Whether bytes read as text: printable ASCII or white space.
fn is_text(bytes: &[u8]) -> bool {
    bytes.iter().all(|b| (0x20..0x7f).contains(b) || matches!(b, b'\n' | b'\r' | b'\t'))
}
