//! Hands out work: whole files, or the chunks of a large one, each with its place in the order of results.

use std::fs::File;
use std::sync::Arc;

use crate::model::chunk::Chunk;
use crate::model::origin::Origin;
use crate::model::problem::Problem;
use crate::pipeline::stream::{is_plain, unreadable};
use crate::sources::cutter::{Cut, CutOptions, Cutter};
use crate::sources::open::FileKind;
use crate::sources::walk::{Walk, WalkedFile};

/// From this size on, a plain file's chunks are shared among the threads.
const LARGE: u64 = 4 << 20;

/// A piece of work.
pub enum Work {
    /// A file to be opened, unpacked and scanned by one thread.
    File(WalkedFile),
    /// The next chunk of a large file; the first one begins a stream.
    Chunk {
        /// The file.
        origin: Arc<Origin>,
        /// The chunk.
        chunk: Chunk,
        /// Whether it is the file's first.
        first: bool,
    },
    /// Something that cannot be read.
    Problem(Problem),
}

/// What threads share.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sharing {
    /// Files, and the chunks of a large one.
    Chunks,
    /// Files only.
    Files,
}

/// The source of all work of a run.
pub struct Feed {
    walk: Walk,
    sharing: Sharing,
    large: Option<Large>,
    next: u64,
    spares: Vec<Vec<u8>>,
}

struct Large {
    origin: Arc<Origin>,
    file: File,
    cutter: Cutter,
    first: bool,
}

impl Feed {
    /// The files of a walk.
    #[must_use]
    pub fn new(walk: Walk, sharing: Sharing) -> Self {
        Self { walk, sharing, large: None, next: 0, spares: Vec::new() }
    }

    /// Takes a buffer back, for a chunk to come.
    pub fn give_back(&mut self, buffer: Vec<u8>) {
        self.spares.push(buffer);
    }

    /// The next piece of work and its number, counted from 0.
    pub fn next_work(&mut self) -> Option<(u64, Work)> {
        let work = self.chunk().or_else(|| self.file())?;
        let number = self.next;
        self.next += 1;
        Some((number, work))
    }

    fn chunk(&mut self) -> Option<Work> {
        let large = self.large.as_mut()?;
        let read = large.cutter.fill(&mut large.file);
        if let Err(error) = read {
            let problem = unreadable(&large.origin, &error);
            self.large = None;
            return Some(Work::Problem(problem));
        }
        let chunk = large.cutter.cut(Cut::Full, &mut self.spares.pop().unwrap_or_default());
        let Some(chunk) = chunk else {
            let done = self.large.take()?;
            self.spares.push(done.cutter.into_buffer());
            return None;
        };
        Some(Work::Chunk { origin: Arc::clone(&large.origin), chunk, first: std::mem::take(&mut large.first) })
    }

    fn file(&mut self) -> Option<Work> {
        let file = match self.walk.next()? {
            Ok(file) => file,
            Err(problem) => return Some(Work::Problem(problem)),
        };
        if self.sharing == Sharing::Files || file.kind == FileKind::Stream || file.size < LARGE {
            return Some(Work::File(file));
        }
        match open_plain(&file) {
            Ok(Some(opened)) => {
                let cutter = Cutter::reusing(CutOptions::default(), self.spares.pop().unwrap_or_default());
                self.large = Some(Large { origin: Arc::new(Origin::File(file.path)), file: opened, cutter, first: true });
                self.chunk()
            }
            Ok(None) => Some(Work::File(file)),
            Err(problem) => Some(Work::Problem(problem)),
        }
    }
}

/// Opens a large file; `None` when it is a container or UTF-16, which one thread reads in order.
fn open_plain(walked: &WalkedFile) -> Result<Option<File>, Problem> {
    let file = walked.open()?;
    let is_plain = is_plain(&file).map_err(|error| unreadable(&Origin::File(walked.path.clone()), &error))?;
    Ok(is_plain.then_some(file))
}
