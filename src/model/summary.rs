//! What a run did, in numbers, and what it could not do.

use std::time::Duration;

use jiff::Timestamp;

use crate::model::problem::Problem;

/// The account of one run.
#[derive(Clone, Debug)]
pub struct Summary {
    /// When the run began.
    pub started: Timestamp,
    /// How long it took.
    pub elapsed: Duration,
    /// Files and streams that were read, archives and their members each counted once.
    pub files: u64,
    /// Bytes that were scanned, after decompression.
    pub bytes: u64,
    /// Findings that were reported.
    pub findings: u64,
    /// Findings that were suppressed: by an inline comment, an ignore file, or the baseline.
    pub suppressed: Suppressed,
    /// What was not read, or not read whole.
    pub problems: Vec<Problem>,
    /// Whether the run was interrupted before its end.
    pub interrupted: bool,
}

/// Findings that the user has accepted, by the way in which it was said.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Suppressed {
    /// By a comment on the line.
    pub inline: u64,
    /// By an entry of an ignore file.
    pub ignored: u64,
    /// By the baseline.
    pub baseline: u64,
}
