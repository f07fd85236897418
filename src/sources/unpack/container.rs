//! Which container a stream is: told from its first bytes, never from its name.

use tar::Header;

use crate::sources::sqlite_files::MAGIC;
use crate::sources::unpack::tar_entry::checksum_holds;

/// How many bytes decide: one `tar` header.
pub const HEAD: usize = 512;

/// A kind of archive or compressed stream that is opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Container {
    /// RFC 1952, one or more members.
    Gzip,
    /// RFC 8878, one or more frames.
    Zstd,
    /// bzip2, one or more streams.
    Bzip2,
    /// The `.xz` format, one or more streams.
    Xz,
    /// PKWARE's APPNOTE, with ZIP64.
    Zip,
    /// POSIX `ustar` and `pax`, and GNU `tar`.
    Tar,
    /// `SQLite` 3, where it lies on disk; inside another container and in a stream it is read as it lies.
    Sqlite,
}

impl Container {
    /// The word used in messages.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Bzip2 => "bzip2",
            Self::Xz => "xz",
            Self::Zip => "zip",
            Self::Tar => "tar",
            Self::Sqlite => "SQLite",
        }
    }
}

/// Tells a container from the first 512 bytes, or from all bytes where there are fewer.
#[must_use]
pub fn sniff(head: &[u8]) -> Option<Container> {
    match head {
        [0x1f, 0x8b, 8, flags, ..] if flags & 0xe0 == 0 => Some(Container::Gzip),
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Container::Zstd),
        [b'B', b'Z', b'h', b'1'..=b'9', rest @ ..] if is_bzip2_block(rest) => Some(Container::Bzip2),
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Container::Xz),
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] | [b'P', b'K', 7, 8, b'P', b'K', 3, 4, ..] => Some(Container::Zip),
        _ if head.starts_with(MAGIC) => Some(Container::Sqlite),
        _ if is_tar(head) => Some(Container::Tar),
        _ => None,
    }
}

/// A block starts with the digits of pi, the end of an empty stream with those of its square root.
fn is_bzip2_block(rest: &[u8]) -> bool {
    rest.starts_with(&[0x31, 0x41, 0x59, 0x26, 0x53, 0x59]) || rest.starts_with(&[0x17, 0x72, 0x45, 0x38, 0x50, 0x90])
}

/// The magic alone could be a text about `tar`; with a wrong checksum the bytes are better scanned as they are.
fn is_tar(head: &[u8]) -> bool {
    head.len() >= HEAD && &head[257..262] == b"ustar" && checksum_holds(Header::from_byte_slice(&head[..HEAD]))
}

#[cfg(test)]
mod tests {
    use crate::sources::unpack::container::{Container, sniff};

    #[test]
    fn first_bytes_decide() {
        let mut header = tar::Header::new_ustar();
        header.set_size(0);
        header.set_cksum();
        let tar = header.as_bytes().to_vec();
        let mut broken = tar.clone();
        broken[0] = b'x';
        for (head, expected) in [
            (&b"\x1f\x8b\x08\x00"[..], Some(Container::Gzip)),
            (b"\x1f\x8b\x08\xff", None),
            (b"\x1f\x8b", None),
            (b"\x28\xb5\x2f\xfd", Some(Container::Zstd)),
            (b"\x50\x2a\x4d\x18", Some(Container::Zstd)),
            (b"BZh91AY&SY", Some(Container::Bzip2)),
            (b"BZh9 is a magic", None),
            (b"\xfd7zXZ\0", Some(Container::Xz)),
            (b"PK\x03\x04", Some(Container::Zip)),
            (b"PK\x05\x06", Some(Container::Zip)),
            (b"PK\x07\x08PK\x03\x04", Some(Container::Zip)),
            (b"PKCS#12", None),
            (b"SQLite format 3\0\x10\0", Some(Container::Sqlite)),
            (b"SQLite format 3 is documented", None),
            (&tar, Some(Container::Tar)),
            (&tar[..511], None),
            (&broken, None),
            (b"", None),
        ] {
            assert_eq!(sniff(head), expected, "{:?}", head.get(..12).unwrap_or(head));
        }
    }
}
