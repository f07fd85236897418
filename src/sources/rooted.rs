//! Opens files by paths that a report names: below one directory, and nowhere else.
//!
//! **Invariant:** no path leads out of the directory, by `..`, by a link or by being absolute.

use std::fs::File;
use std::io;
use std::path::{Component, Path, PathBuf};

use crate::sources::open::{FileKind, open};

/// A directory whose files may be read.
#[derive(Clone, Debug)]
pub struct Root {
    named: PathBuf,
    resolved: PathBuf,
}

/// A file below it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Rooted {
    /// The path as people know it: what they called the directory, and the rest.
    pub path: PathBuf,
    resolved: PathBuf,
}

/// Why a path leads to no file below the directory.
#[derive(Debug, thiserror::Error)]
pub enum RootedError {
    /// There is none.
    #[error("file not there")]
    Missing,
    /// It leads out.
    #[error("its path leads out of the import root, so that it was not read")]
    Outside,
    /// It is there and cannot be read.
    #[error("the file cannot be read: {0}")]
    Io(io::Error),
}

impl Root {
    /// A directory.
    ///
    /// # Errors
    ///
    /// What the system says, as when there is none.
    pub fn new(directory: &Path) -> io::Result<Self> {
        let resolved = directory.canonicalize()?;
        if resolved.is_dir() { Ok(Self { named: directory.to_owned(), resolved }) } else { Err(io::ErrorKind::NotADirectory.into()) }
    }

    /// The file that a path names.
    ///
    /// # Errors
    ///
    /// [`RootedError`]
    pub fn find(&self, path: &str) -> Result<Rooted, RootedError> {
        let path = Path::new(path);
        if path.components().any(|part| part == Component::ParentDir) {
            return Err(RootedError::Outside);
        }
        // An absolute path takes the place of the directory's.
        let resolved = self.resolved.join(path).canonicalize().map_err(|error| match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => RootedError::Missing,
            _ => RootedError::Io(error),
        })?;
        let Ok(inside) = resolved.strip_prefix(&self.resolved) else { return Err(RootedError::Outside) };
        let inside = if path.is_absolute() { inside } else { path };
        let parts = self.named.join(inside).components().filter(|part| *part != Component::CurDir).collect();
        Ok(Rooted { path: parts, resolved })
    }
}

impl Rooted {
    /// Opens the file; a link that has taken its place since is not followed.
    ///
    /// # Errors
    ///
    /// What the system says, or that it is no regular file.
    pub fn open(&self) -> io::Result<File> {
        open(&self.resolved, FileKind::Listed)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use crate::sources::rooted::{Root, RootedError};

    #[test]
    fn only_files_below_the_root_are_found() {
        let directory = tempfile::tempdir().expect("because there is room");
        let root = directory.path().join("root");
        fs::create_dir_all(root.join("a")).expect("because there is room");
        for (path, text) in [("root/a/b.txt", "inside"), ("outside.txt", "outside")] {
            fs::write(directory.path().join(path), text).expect("because there is room");
        }
        #[cfg(unix)]
        for (target, link) in [("../outside.txt", "out"), ("a/b.txt", "in")] {
            std::os::unix::fs::symlink(target, root.join(link)).expect("because there is room");
        }
        let rooted = Root::new(&root).expect("because it is a directory");
        let found = |path: &str| match rooted.find(path) {
            Ok(file) => file.path.strip_prefix(&root).map_or_else(|_| "elsewhere".to_owned(), |path| path.display().to_string()),
            Err(RootedError::Missing) => "missing".to_owned(),
            Err(RootedError::Outside) => "outside".to_owned(),
            Err(RootedError::Io(_)) => "unreadable".to_owned(),
        };
        let (inside, outside) = (root.join("a/b.txt"), directory.path().join("outside.txt"));
        for (path, expected) in [
            ("a/b.txt", "a/b.txt"),
            ("./a/b.txt", "a/b.txt"),
            (&inside.display().to_string(), "a/b.txt"),
            ("a/c.txt", "missing"),
            ("a/b.txt/c", "missing"),
            ("../outside.txt", "outside"),
            ("a/../a/b.txt", "outside"),
            (&outside.display().to_string(), "outside"),
            ("/nowhere/at/all", "missing"),
        ] {
            assert_eq!(found(path), expected, "{path}");
        }
        #[cfg(unix)]
        for (path, expected) in [("out", "outside"), ("in", "in")] {
            assert_eq!(found(path), expected, "{path}");
        }
        assert!(Root::new(&outside).is_err());
    }
}
