//! One entry of a `tar`: its header, its extended headers, its name and size.

use std::io::{self, Read};

use tar::{EntryType, GnuExtSparseHeader, Header};

/// The unit in which a `tar` is written, in bytes.
pub const BLOCK: u64 = 512;

/// The largest extended header that is read, in bytes: names and attributes, never content.
pub const MAX_EXTENDED: u64 = 1 << 20;

/// What stands at the next block.
pub enum Block {
    /// The stream is over.
    End,
    /// Zeros: padding, or part of the end mark.
    Zero,
    /// The stream is over in the middle of a block.
    Short,
    /// Something with a wrong checksum.
    Alien,
    /// An entry.
    Entry(Box<Header>),
}

/// Reads one block.
pub fn read_block(reader: &mut dyn Read) -> Block {
    let mut header = Header::new_old();
    let block = header.as_mut_bytes();
    match fill(reader, block) {
        0 => Block::End,
        filled if filled < block.len() => Block::Short,
        _ if block.iter().all(|byte| *byte == 0) => Block::Zero,
        _ if !checksum_holds(&header) => Block::Alien,
        _ => Block::Entry(Box::new(header)),
    }
}

/// Whether a header's checksum is right: the sum of its bytes, the checksum's own field counted as blanks.
pub fn checksum_holds(header: &Header) -> bool {
    let sum = |bytes: &[u8]| bytes.iter().copied().map(u32::from).sum::<u32>();
    let bytes = header.as_bytes();
    header.cksum().is_ok_and(|expected| expected == sum(&bytes[..148]) + 8 * u32::from(b' ') + sum(&bytes[156..]))
}

/// What extended headers said about the entry that follows them.
#[derive(Default)]
pub struct Extended {
    name: Option<String>,
    size: Option<u64>,
}

impl Extended {
    /// Takes the body of an extended header of the given type.
    pub fn read(&mut self, kind: EntryType, body: &[u8]) {
        if kind.is_gnu_longname() {
            self.name = Some(text(body));
        } else if kind.is_pax_local_extensions() {
            self.read_pax(body);
        }
    }

    /// The entry's name.
    pub fn name(&self, header: &Header) -> String {
        self.name.clone().unwrap_or_else(|| text(&header.path_bytes()))
    }

    /// How many bytes of the archive hold the entry's content.
    pub fn size(&self, header: &Header) -> io::Result<u64> {
        self.size.map_or_else(|| header.entry_size(), Ok)
    }

    /// Records are `length key=value\n`; only the length says where one ends, a value may hold anything.
    fn read_pax(&mut self, mut body: &[u8]) {
        while let Some((key, value, rest)) = pax_record(body) {
            match key {
                b"GNU.sparse.name" => self.name = Some(text(value)),
                b"path" if self.name.is_none() => self.name = Some(text(value)),
                b"size" => self.size = text(value).parse().ok().or(self.size),
                _ => {}
            }
            body = rest;
        }
    }
}

fn pax_record(body: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let blank = body.iter().position(|byte| *byte == b' ')?;
    let length: usize = std::str::from_utf8(&body[..blank]).ok()?.parse().ok()?;
    let record = body.get(blank + 1..length)?.strip_suffix(b"\n")?;
    let equals = record.iter().position(|byte| *byte == b'=')?;
    Some((&record[..equals], &record[equals + 1..], &body[length..]))
}

/// Reads past the further maps of an old GNU sparse entry; `false` when they do not end well.
pub fn skip_sparse_maps(header: &Header, reader: &mut dyn Read) -> bool {
    let sparse = header.entry_type().is_gnu_sparse();
    let mut more = sparse && header.as_gnu().is_some_and(tar::GnuHeader::is_extended);
    let mut left = MAX_EXTENDED / BLOCK;
    while more {
        let mut map = GnuExtSparseHeader::new();
        if left == 0 || fill(reader, map.as_mut_bytes()) as u64 != BLOCK {
            return false;
        }
        left -= 1;
        more = map.is_extended();
    }
    true
}

fn fill(reader: &mut dyn Read, buffer: &mut [u8]) -> usize {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    filled
}

fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}

#[cfg(test)]
mod tests {
    use tar::{EntryType, Header};

    use crate::sources::unpack::tar_entry::Extended;

    #[test]
    fn pax_records_end_where_their_length_says() {
        let header = Header::new_ustar();
        for (body, name, size) in [
            (&b"10 path=a\n"[..], "a", 0),
            (b"10 path=a\n11 size=42\n", "a", 42),
            (b"23 x=\n11 size=99\n12345\n10 path=b\n", "b", 0),
            (b"99 path=a\n", "", 0),
            (b"path=a\n", "", 0),
            (b"10 path=a\n21 GNU.sparse.name=c\n", "c", 0),
            (b"10 path=a\n21 GNU.sparse.name=\n", "a", 0),
            (b"21 GNU.sparse.name=c\n10 path=a\n", "c", 0),
        ] {
            let mut extended = Extended::default();
            extended.read(EntryType::XHeader, body);
            let shown = String::from_utf8_lossy(body).into_owned();
            assert_eq!((extended.name(&header).as_str(), extended.size(&header).unwrap_or(0)), (name, size), "{shown:?}");
        }
    }
}
