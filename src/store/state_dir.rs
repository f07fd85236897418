//! The state directory: made for its owner only, refused where others can read it.

use std::fs;
use std::path::{Path, PathBuf};

use crate::store::error::StoreError;

/// Whether others may read the state.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Access {
    /// The owner only.
    Owner,
    /// Whoever the permissions allow.
    Shared,
}

/// The name of the database in the directory.
pub const DATABASE: &str = "state.db";

/// Makes the directory where it is missing and the database file in it, with permissions for the owner only.
///
/// # Errors
///
/// [`StoreError::Shared`] when others can read it; [`StoreError::Io`].
pub fn prepare(directory: &Path, access: Access) -> Result<PathBuf, StoreError> {
    let at = |path: &Path| {
        let path = path.to_owned();
        move |source| StoreError::Io { path, source }
    };
    make(directory).map_err(at(directory))?;
    check(directory, access)?;
    let database = directory.join(DATABASE);
    // SQLite gives its own files the permissions of this one.
    open_private(&database).map_err(at(&database))?;
    Ok(database)
}

#[cfg(unix)]
fn make(directory: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)
}

#[cfg(not(unix))]
fn make(directory: &Path) -> std::io::Result<()> {
    fs::create_dir_all(directory)
}

#[cfg(unix)]
fn check(directory: &Path, access: Access) -> Result<(), StoreError> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = fs::metadata(directory).map_err(|source| StoreError::Io { path: directory.to_owned(), source })?.permissions().mode() & 0o777;
    if access == Access::Owner && mode & 0o077 != 0 {
        return Err(StoreError::Shared { path: directory.to_owned(), mode });
    }
    Ok(())
}

#[cfg(not(unix))]
fn check(_: &Path, _: Access) -> Result<(), StoreError> {
    Ok(())
}

fn open_private(path: &Path) -> std::io::Result<()> {
    if path.exists() {
        return Ok(());
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}
