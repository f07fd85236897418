//! Which file it is, whatever its path says now.

use std::fs::Metadata;

use borsh::{BorshDeserialize, BorshSerialize};

/// A file by the numbers that its file system gave it. They are given again when the file is gone: what is in the file tells then.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, BorshSerialize, BorshDeserialize)]
pub struct FileId {
    /// The device.
    pub device: u64,
    /// The file on it.
    pub inode: u64,
}

impl FileId {
    /// The file of this metadata.
    #[cfg(unix)]
    #[must_use]
    pub fn of(metadata: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self { device: metadata.dev(), inode: metadata.ino() }
    }

    /// Where the system tells no numbers, when it was made says nearly as much.
    #[cfg(not(unix))]
    #[must_use]
    pub fn of(metadata: &Metadata) -> Self {
        let made = metadata.created().ok().and_then(|made| made.duration_since(std::time::UNIX_EPOCH).ok());
        Self { device: 0, inode: made.map_or(0, |made| u64::try_from(made.as_nanos()).unwrap_or_default()) }
    }
}
