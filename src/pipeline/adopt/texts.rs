//! The files that reports name, below the import root; of them one is in memory.

use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;

use crate::pipeline::adopt::missing::Missing;
use crate::reports::claim::Place;
use crate::sources::rooted::{Root, Rooted, RootedError};

/// Larger files are not looked into, in bytes.
const LARGEST: u64 = 64 << 20;

/// Files by the paths of reports.
pub struct Texts {
    root: Root,
    last: Option<(Rooted, Arc<Vec<u8>>)>,
}

/// A file's bytes.
pub struct Text {
    /// Its path, as people know it.
    pub path: PathBuf,
    /// What it holds.
    pub bytes: Arc<Vec<u8>>,
}

impl Texts {
    /// Files below this directory.
    #[must_use]
    pub fn new(root: Root) -> Self {
        Self { root, last: None }
    }

    /// The file of a place.
    ///
    /// # Errors
    ///
    /// [`Missing`]
    pub fn find(&mut self, place: &Place) -> Result<Text, Missing> {
        let mut first = Missing::Place;
        for (index, path) in place.paths.iter().enumerate() {
            match self.root.find(path) {
                Ok(file) => return self.read(file),
                // The likeliest path says best what is wrong.
                Err(error) if index == 0 || matches!(first, Missing::File(RootedError::Outside)) => first = error.into(),
                Err(_) => {}
            }
        }
        Err(first)
    }

    fn read(&mut self, file: Rooted) -> Result<Text, Missing> {
        if let Some((last, bytes)) = &self.last
            && *last == file
        {
            return Ok(Text { path: file.path, bytes: Arc::clone(bytes) });
        }
        self.last = None;
        let mut bytes = Vec::new();
        file.open()?.take(LARGEST + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > LARGEST {
            return Err(Missing::TooLarge);
        }
        let (path, bytes) = (file.path.clone(), Arc::new(bytes));
        self.last = Some((file, Arc::clone(&bytes)));
        Ok(Text { path, bytes })
    }
}
