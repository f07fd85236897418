//! One member of a `zip`: its local header and its decoder.

use std::cell::Cell;
use std::io::{self, BufReader, Read};

use crc32fast::Hasher;
use flate2::bufread::DeflateDecoder;

use crate::model::origin::Origin;
use crate::model::problem::ProblemKind;
use crate::sources::unpack::guard::Counted;
use crate::sources::unpack::run::Run;
use crate::sources::unpack::{UnpackLimits, bzip2, xz, zstd};

/// APPNOTE 4.4.5, the methods that are read.
const STORED: u16 = 0;
/// The only method whose end can be seen in the data.
pub const DEFLATED: u16 = 8;
const BZIP2: u16 = 12;
const ZSTD: u16 = 93;
const XZ: u16 = 95;

/// What the local header says (APPNOTE 4.3.7).
pub struct LocalHeader {
    /// The name as written; what is not UTF-8 is replaced.
    pub name: String,
    /// The number of the compression method.
    pub method: u16,
    /// The CRC-32 of the content.
    pub crc: u32,
    /// How many bytes of the archive hold the content.
    pub compressed: u64,
    /// Whether the content is encrypted.
    pub is_encrypted: bool,
    /// Whether the sizes stand behind the content only.
    pub has_descriptor: bool,
}

impl LocalHeader {
    /// Reads the header that follows a local signature.
    ///
    /// # Errors
    ///
    /// The stream ends too early.
    pub fn read(reader: &mut dyn Read) -> io::Result<Self> {
        let mut fixed = [0; 26];
        reader.read_exact(&mut fixed)?;
        let short = |at: usize| u16::from_le_bytes([fixed[at], fixed[at + 1]]);
        let long = |at: usize| u32::from_le_bytes([fixed[at], fixed[at + 1], fixed[at + 2], fixed[at + 3]]);
        let mut name = vec![0; usize::from(short(22))];
        reader.read_exact(&mut name)?;
        let mut extra = vec![0; usize::from(short(24))];
        reader.read_exact(&mut extra)?;
        let compressed = match long(14) {
            u32::MAX => zip64_compressed(&extra, long(18) == u32::MAX).unwrap_or(u64::from(u32::MAX)),
            size => u64::from(size),
        };
        let flags = short(2);
        let name = String::from_utf8_lossy(&name).into_owned();
        Ok(Self {
            name,
            method: short(4),
            crc: long(10),
            compressed,
            is_encrypted: flags & 1 != 0,
            has_descriptor: flags & 8 != 0 && compressed == 0,
        })
    }

    /// Whether it is a directory, which has no content.
    pub fn is_directory(&self) -> bool {
        self.compressed == 0 && self.name.ends_with('/')
    }
}

/// The extended size field (APPNOTE 4.5.3) holds the plain size first, if that too is extended.
fn zip64_compressed(mut extra: &[u8], after_plain: bool) -> Option<u64> {
    loop {
        let id = u16::from_le_bytes([*extra.first()?, *extra.get(1)?]);
        let length = usize::from(u16::from_le_bytes([*extra.get(2)?, *extra.get(3)?]));
        let field = extra.get(4..4 + length)?;
        if id == 1 {
            let start = if after_plain { 8 } else { 0 };
            return field.get(start..start + 8)?.try_into().ok().map(u64::from_le_bytes);
        }
        extra = &extra[4 + length..];
    }
}

/// Hands on the content of one member, or says why it cannot be read.
pub fn unpack(run: &mut Run<'_>, member: &Origin, header: &LocalHeader, data: &mut dyn Read, depth: u32) {
    let taken = Cell::new(0);
    if header.is_encrypted {
        run.problem(member, ProblemKind::Unsupported, "the zip member is encrypted\nhint: decrypt it and scan the result".to_owned());
    } else if let Some(decoder) = decoder(header.method, Counted::new(data, &taken), run.limits) {
        run.decoded(member, member, Checked::new(decoder, header.crc), &taken, depth + 1);
    } else {
        let message =
            format!("the zip member is compressed by method {}, which is not supported\nhint: unpack it and scan the result", header.method);
        run.problem(member, ProblemKind::Unsupported, message);
    }
}

fn decoder<'r>(method: u16, data: impl Read + 'r, limits: &UnpackLimits) -> Option<Box<dyn Read + 'r>> {
    match method {
        STORED => Some(Box::new(data)),
        DEFLATED => Some(Box::new(DeflateDecoder::new(BufReader::new(data)))),
        BZIP2 => Some(bzip2::open(data)),
        ZSTD => Some(zstd::open(data, limits)),
        XZ => Some(xz::open(data, limits)),
        _ => None,
    }
}

/// Fails at the end of a content that is not the one that was packed.
struct Checked<R> {
    inner: R,
    hasher: Hasher,
    expected: u32,
}

impl<R> Checked<R> {
    fn new(inner: R, expected: u32) -> Self {
        Self { inner, hasher: Hasher::new(), expected }
    }
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.hasher.update(&buffer[..count]);
        if count == 0 && !buffer.is_empty() && self.hasher.clone().finalize() != self.expected {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the checksum is wrong"));
        }
        Ok(count)
    }
}
