//! Some bytes of a file by their hash, by which it is seen that a file is still the one that was read.

use std::fs::File;
use std::io::{self, Read};

use borsh::{BorshDeserialize, BorshSerialize};

use crate::model::fingerprint::Fingerprint;

/// How many bytes at the beginning tell files apart.
pub const HEAD: u64 = 1024;
/// How many bytes before the place up to which a file was read are looked at.
pub const LAST: u64 = 256;

/// Bytes at a place of a file.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, BorshSerialize, BorshDeserialize)]
pub struct Window {
    start: u64,
    length: u64,
    hash: u64,
}

impl Window {
    /// The first bytes of a file of which so many were read.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn head(file: &File, offset: u64) -> io::Result<Self> {
        Self::of(file, 0, offset.min(HEAD))
    }

    /// The bytes before a place.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn last(file: &File, offset: u64) -> io::Result<Self> {
        let length = offset.min(LAST);
        Self::of(file, offset - length, length)
    }

    /// Of bytes at the beginning of a content.
    #[must_use]
    pub fn of_content(bytes: &[u8]) -> Self {
        Self { start: 0, length: bytes.len() as u64, hash: Fingerprint::index_of(bytes) }
    }

    /// The same bytes at another place.
    #[must_use]
    pub fn moved_to(self, start: u64) -> Self {
        Self { start, ..self }
    }

    /// Whether the same bytes stand at the same place of this file.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn is_in(self, file: &File) -> io::Result<bool> {
        Ok(self.length == 0 || Self::of(file, self.start, self.length)? == self)
    }

    /// Their hash.
    #[must_use]
    pub fn hash(self) -> u64 {
        self.hash
    }

    /// How many bytes there are.
    #[must_use]
    pub fn length(self) -> u64 {
        self.length
    }

    fn of(file: &File, start: u64, length: u64) -> io::Result<Self> {
        let bytes = bytes_at(file, start, length)?;
        Ok(Self { start, length: bytes.len() as u64, hash: Fingerprint::index_of(&bytes) })
    }
}

/// How a content begins and ends, and how long it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Outline {
    /// Its first bytes.
    pub head: Window,
    /// Its last bytes.
    pub last: Window,
    /// Its length in bytes.
    pub length: u64,
}

impl Outline {
    /// Of what a file holds.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    pub fn of(file: &File) -> io::Result<Self> {
        let length = file.metadata()?.len();
        Ok(Self { head: Window::head(file, length)?, last: Window::last(file, length)?, length })
    }
}

/// So many bytes of a file from a place on, or fewer where it ends.
///
/// # Errors
///
/// It cannot be read.
pub fn bytes_at(file: &File, start: u64, length: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(usize::try_from(length.min(1 << 16)).unwrap_or_default());
    FileAt { file, at: start }.take(length).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A file from a place on, whoever else reads it and where.
pub struct FileAt<'f> {
    /// The file.
    pub file: &'f File,
    /// The place of the next byte.
    pub at: u64,
}

impl Read for FileAt<'_> {
    #[cfg(unix)]
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = std::os::unix::fs::FileExt::read_at(self.file, buffer, self.at)?;
        self.at += read as u64;
        Ok(read)
    }

    #[cfg(not(unix))]
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        use std::io::Seek;
        self.file.seek(io::SeekFrom::Start(self.at))?;
        let read = self.file.read(buffer)?;
        self.at += read as u64;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use crate::sources::follow::window::Window;

    #[test]
    fn what_was_read_is_known_again() {
        let mut file = tempfile::tempfile().expect("because there is room");
        file.write_all(&[b'a'; 2000]).expect("because there is room");
        let (head, last) = (Window::head(&file, 2000), Window::last(&file, 2000));
        let (head, last) = (head.expect("because it can be read"), last.expect("because it can be read"));
        let holds = |window: Window| window.is_in(&file).expect("because it can be read");
        assert!(holds(head) && holds(last) && (head.length(), last.length()) == (1024, 256));
        assert_eq!(head, Window::of_content(&[b'a'; 1024]));
        file.set_len(1900).expect("because it can be written");
        assert!(holds(head) && !holds(last));
        file.set_len(3000).expect("because it can be written");
        assert!(!holds(last), "what was written anew is other content");
    }
}
