//! Why state cannot be read or written, and how to mend it.

use std::path::PathBuf;

/// What went wrong with the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The state directory is open to others.
    #[error(
        "{path}: the state directory can be read by others (mode {mode:o})\nhint: `chmod 700 {path}`, or `--allow-shared-state` if that is intended",
        path = path.display()
    )]
    Shared {
        /// The directory.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The directory or a file in it cannot be made or opened.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// What was to be opened.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The state was written by a newer version.
    #[error("{place}: the state has version {found}, this program knows up to {known}\nhint: use the newer program, or another `--state` directory")]
    Newer {
        /// The state.
        place: String,
        /// Its version.
        found: i64,
        /// The newest version that this program knows.
        known: i64,
    },
    /// The file is not ours.
    #[error("{place}: this is not a state of beartrap\nhint: give a directory of its own with `--state DIR`")]
    Foreign {
        /// The file.
        place: String,
    },
    /// Another process holds the lock for too long.
    #[error("{place}: another process is writing and did not finish in time\nhint: run it again; nothing was written by this one")]
    Locked {
        /// The state.
        place: String,
    },
    /// No room.
    #[error("{place}: no room left on the disk\nhint: make room and run it again; what was committed before is there")]
    Full {
        /// The state.
        place: String,
    },
    /// It may not be written.
    #[error(
        "{place}: the state cannot be written: it is read-only\nhint: check the owner and the permissions of the file, its directory and the disk"
    )]
    ReadOnly {
        /// The state.
        place: String,
    },
    /// It is damaged.
    #[error("{place}: the state is damaged: {message}\nhint: restore it from a backup, or import the records again into a new directory")]
    Corrupt {
        /// The state.
        place: String,
        /// What the database said.
        message: String,
    },
    /// Records were removed, and their bytes are still there.
    #[error("{place}: the records were removed, but their bytes stay on disk while others use the state\nhint: run it again when they have finished")]
    Lingering {
        /// The state.
        place: String,
    },
    /// The server cannot be reached or refuses.
    #[error("{place}: {message}")]
    Server {
        /// The server, without its password.
        place: String,
        /// What it said.
        message: String,
    },
    /// Something else.
    #[error("{place}: {message}")]
    Other {
        /// The state.
        place: String,
        /// What the database said.
        message: String,
    },
}
