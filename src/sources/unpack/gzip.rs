//! `gzip`: every member, one after the other.

use std::io::{BufReader, Read};

use flate2::bufread::MultiGzDecoder;

/// Opens a decoder over compressed bytes.
pub fn open<'r>(compressed: impl Read + 'r) -> Box<dyn Read + 'r> {
    Box::new(MultiGzDecoder::new(BufReader::new(compressed)))
}
