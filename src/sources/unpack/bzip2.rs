//! `bzip2`: every stream, one after the other.

use std::io::{BufReader, Read};

use bzip2::bufread::MultiBzDecoder;

/// Opens a decoder over compressed bytes; it needs 4 MB at most.
pub fn open<'r>(compressed: impl Read + 'r) -> Box<dyn Read + 'r> {
    Box::new(MultiBzDecoder::new(BufReader::new(compressed)))
}
