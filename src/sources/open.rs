//! Opens files for reading so that nothing that was swapped in can hang the run.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

use crate::model::origin::Origin;
use crate::model::problem::{Problem, ProblemKind};
use crate::sources::link::is_loop;

/// What a file is opened as.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum FileKind {
    /// A regular file that the user named, perhaps by a link.
    Regular,
    /// A regular file of a tree: a link that has taken its place since is not followed.
    Listed,
    /// A pipe or device that the user named: read to its end, whatever its size.
    Stream,
}

/// Opens a file for reading.
///
/// # Errors
///
/// What the system says; but for [`FileKind::Stream`] also when the path now leads to something else, such as a FIFO.
pub fn open(path: &Path, kind: FileKind) -> io::Result<File> {
    if kind == FileKind::Stream {
        return File::open(path);
    }
    let mut options = OpenOptions::new();
    options.read(true);
    let other = || io::Error::new(io::ErrorKind::InvalidInput, "no longer a regular file");
    let file = carefully(&mut options, kind).open(path).map_err(|error| if is_loop(&error) { other() } else { error })?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(other()) }
}

/// Opening a FIFO waits for a writer unless told not to; for regular files the flag means nothing.
#[cfg(unix)]
fn carefully(options: &mut OpenOptions, kind: FileKind) -> &mut OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    let links = if kind == FileKind::Listed { libc::O_NOFOLLOW } else { 0 };
    options.custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY | links)
}

#[cfg(not(unix))]
fn carefully(options: &mut OpenOptions, _: FileKind) -> &mut OpenOptions {
    options
}

/// The problem of a file that was listed and cannot be read.
#[must_use]
pub fn listed_problem(path: &Path, error: &io::Error) -> Problem {
    let (kind, message) = match error.kind() {
        io::ErrorKind::NotFound => (ProblemKind::Vanished, "gone since the directory was listed".to_owned()),
        io::ErrorKind::InvalidInput => (ProblemKind::NotRegular, error.to_string()),
        _ => (ProblemKind::Unreadable, unreadable_message(error)),
    };
    Problem { origin: Origin::File(path.to_owned()), kind, message }
}

/// The problem of a path that the user named.
#[must_use]
pub fn named_problem(path: &Path, error: &io::Error) -> Problem {
    let message = match error.kind() {
        io::ErrorKind::NotFound => "no such file or directory\nhint: check the path".to_owned(),
        _ => unreadable_message(error),
    };
    Problem { origin: Origin::File(path.to_owned()), kind: ProblemKind::Unreadable, message }
}

fn unreadable_message(error: &io::Error) -> String {
    let hint = match error.kind() {
        io::ErrorKind::PermissionDenied => "run as a user who may read it, or exclude it in `.beartrapignore`",
        _ => "check the disk or the mount, or exclude it in `.beartrapignore`",
    };
    format!("{error}\nhint: {hint}")
}
