//! Keys of fingerprints, in files of their own beside the database: for the owner only, and never printed.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::model::fingerprint::FingerprintKey;
use crate::store::error::StoreError;

/// The folder of keys in a state directory.
const FOLDER: &str = "keys";

/// Stores a key; the newest one is used for what is added.
///
/// # Errors
///
/// [`StoreError::Io`]
pub fn add(directory: &Path, octets: &[u8], key: &FingerprintKey) -> Result<(), StoreError> {
    let folder = directory.join(FOLDER);
    private_folder(&folder).map_err(|source| StoreError::Io { path: folder.clone(), source })?;
    let number = files(directory)?.len();
    let path = folder.join(format!("{number:04}-{}", key.id()));
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&path).and_then(|mut file| file.write_all(octets).and_then(|()| file.sync_all()));
    written.map_err(|source| StoreError::Io { path, source })
}

/// All keys, the newest last.
///
/// # Errors
///
/// [`StoreError`] when one cannot be read or is too short.
pub fn all(directory: &Path) -> Result<Vec<FingerprintKey>, StoreError> {
    files(directory)?
        .into_iter()
        .map(|path| {
            let octets = fs::read(&path).map_err(|source| StoreError::Io { path: path.clone(), source })?;
            FingerprintKey::new(octets)
                .ok_or_else(|| StoreError::Corrupt { place: path.display().to_string(), message: "the key is too short".into() })
        })
        .collect()
}

fn files(directory: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let folder = directory.join(FOLDER);
    let mut files = match fs::read_dir(&folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        listed => listed
            .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>())
            .map_err(|source| StoreError::Io { path: folder, source })?,
    };
    files.sort();
    Ok(files)
}

fn private_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}
