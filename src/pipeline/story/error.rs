//! Why a story cannot be read: where, what, and how to mend it.

use std::path::PathBuf;

/// What is wrong with a line; its place is added on the way up.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fault {
    /// What is wrong.
    pub what: String,
    /// How to mend it.
    pub hint: String,
}

impl Fault {
    /// A fault and what helps.
    pub fn new(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { what: what.into(), hint: hint.into() }
    }
}

/// A story that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum StoryError {
    /// A line is not what it should be.
    #[error("{}:{line}: {}\nhint: {}", path.display(), fault.what, fault.hint)]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong there.
        fault: Fault,
    },
    /// A file or directory cannot be read.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// There is nothing to run.
    #[error("there is no story under {}\nhint: a story is a Markdown file with a block ```verdicts; see `fixtures/stories/README.md`", path.display())]
    None {
        /// What was named.
        path: PathBuf,
    },
}
