//! Archives and compressed streams are opened on the way, as deep as they nest, and their contents handed on as streams.
//!
//! **Invariant:** nothing is written to disk, and memory and time are bounded by [`UnpackLimits`] whatever the bytes say.

mod bzip2;
mod container;
mod guard;
mod gzip;
mod run;
mod sqlite;
mod sqlite_cells;
mod tar;
mod tar_entry;
mod xz;
mod zip;
mod zip_member;
mod zip_stream;
mod zstd;

use std::fs::File;
use std::io::{BufReader, Read, Seek};

use crate::model::origin::Origin;
use crate::model::problem::Problem;
use crate::sources::unpack::guard::{Input, Tally};
use crate::sources::unpack::run::Run;

pub use crate::sources::unpack::container::{Container, sniff};

/// How far archives are followed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UnpackLimits {
    /// How many containers may lie inside each other; `a.tar.gz` is two.
    pub depth: u32,
    /// Decompressed bytes per compressed byte, judged once more than 16 MiB came out of one decoder.
    pub ratio: u64,
    /// Decompressed bytes of one top-level file, over all its decoders.
    pub total_bytes: u64,
    /// Members of one top-level file, over all its archives.
    pub members: u64,
    /// Memory in bytes that one decoder may ask for: the window of `zstd` and `xz`, and what of a nested `zip` is held at once.
    pub window: u64,
}

impl Default for UnpackLimits {
    /// The window admits what `xz -9` (65 MiB) and `zstd -22` (128 MiB) write.
    fn default() -> Self {
        Self { depth: 5, ratio: 200, total_bytes: 8 << 30, members: 100_000, window: 128 << 20 }
    }
}

/// Who takes what is found inside.
pub trait Visit {
    /// Takes one content that is no container, each exactly once; the reader ends at damage or a limit, it does not fail.
    fn stream(&mut self, origin: Origin, reader: &mut dyn Read);
    /// Takes note of something that was not read, or not read whole; it comes after the stream it is about.
    fn problem(&mut self, problem: Problem);
    /// Whether to stop at the next opportunity.
    fn is_cancelled(&self) -> bool;
}

/// Who remembers cells of databases, so that only those are handed on that are new or have changed.
pub trait Remember {
    /// Hears of a cell, by a number that stands for its column and what it holds; whether it was read before.
    fn has_read(&self, cell: u64) -> bool;
}

/// Hands on the content of a stream, or of everything that lies in it.
pub fn unpack(origin: &Origin, reader: &mut dyn Read, limits: &UnpackLimits, visit: &mut dyn Visit) {
    let tally = Tally::default();
    let mut input = Input::new(reader, &tally);
    Run { limits, tally: &tally, visit, cells: None }.content(origin, &mut input, 0);
    if let Some(problem) = input.into_problem(origin) {
        visit.problem(problem);
    }
}

/// Like [`unpack`] for an open file: a `zip` is read by its central directory, which sees more than its local headers tell, and a `SQLite`
/// database cell by cell, or as it lies where that fails.
pub fn unpack_file(origin: &Origin, file: File, limits: &UnpackLimits, visit: &mut dyn Visit) {
    unpack_changed(origin, file, limits, visit, None);
}

/// Like [`unpack_file`]: of a database's cells that somebody remembers only the line breaks are handed on, so that all others stand on the lines
/// on which they would stand otherwise.
pub fn unpack_changed(origin: &Origin, file: File, limits: &UnpackLimits, visit: &mut dyn Visit, cells: Option<&dyn Remember>) {
    let tally = Tally::default();
    let mut input = Input::new(file, &tally);
    let mut run = Run { limits, tally: &tally, visit, cells };
    let head = run::read_head(&mut input);
    let container = sniff(&head).filter(|_| limits.depth > 0);
    if container == Some(Container::Sqlite) && sqlite::unpack(&mut run, origin, input.inner()) {
        return;
    }
    if container == Some(Container::Zip) && input.rewind().is_ok() {
        zip::unpack_seekable(&mut run, origin, &mut BufReader::new(&mut input), 0);
    } else {
        run.content_after(&head, origin, &mut input, 0);
    }
    if let Some(problem) = input.into_problem(origin) {
        visit.problem(problem);
    }
}
