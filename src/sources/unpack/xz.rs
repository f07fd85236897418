//! `xz`: every stream, one after the other, within the memory limit.

use std::io::{BufReader, Read};

use lzma_rust2::XzReader;

use crate::sources::unpack::UnpackLimits;

/// Opens a decoder over compressed bytes; a block whose dictionary is above the limit fails as out of memory, before it is allocated.
pub fn open<'r>(compressed: impl Read + 'r, limits: &UnpackLimits) -> Box<dyn Read + 'r> {
    let kibibytes = u32::try_from(limits.window / 1024).unwrap_or(u32::MAX);
    Box::new(XzReader::new_mem_limit(BufReader::new(compressed), true, kibibytes))
}
