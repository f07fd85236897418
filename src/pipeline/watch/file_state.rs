//! What is shown of a followed file: in which condition it is, how far it was read, and how far that is behind.

use serde::Serialize;

use crate::model::instant::Instant;
use crate::pipeline::watch::kept::{HowFar, Kept};
use crate::pipeline::watch::stream::Stream;
use crate::pipeline::watch::table::Followed;
use crate::sources::follow::sweep::Listed;

/// In which condition a file is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Condition {
    /// A text that grows: what is new is read line by line.
    Growing,
    /// The same, and part of a line waits for its end.
    Waiting,
    /// Something that is read whole whenever it has changed.
    Whole,
    /// It is there and cannot be read.
    Unreadable,
    /// It is gone from the disk and still open, so that its end is read.
    GoneOpen,
    /// It is gone, and remembered for a week.
    Gone,
    /// What a file held before, by which copies of it are known.
    Former,
}

impl Condition {
    /// The word used in every output.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Growing => "growing",
            Self::Waiting => "waiting",
            Self::Whole => "whole",
            Self::Unreadable => "unreadable",
            Self::GoneOpen => "gone-open",
            Self::Gone => "gone",
            Self::Former => "former",
        }
    }

    /// Whether there is something to follow.
    #[must_use]
    pub fn is_followed(self) -> bool {
        self < Self::Gone
    }
}

/// A followed file.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct FileState {
    /// Its path, as it was last seen.
    pub path: String,
    /// The name under which it is told of.
    pub name: String,
    /// In which condition it is.
    pub condition: Condition,
    /// Its size in bytes; none once it is gone.
    pub size: Option<u64>,
    /// How many bytes were read.
    pub read: u64,
    /// How many were not.
    pub behind: u64,
    /// How many findings it had.
    pub findings: u64,
    /// When it was last read.
    pub read_at: Option<Instant>,
    /// When it was last there, in seconds since 1970-01-01T00:00:00Z.
    pub there: i64,
}

impl FileState {
    /// Of what is kept of a file, and what the disk says now.
    #[must_use]
    pub fn new(kept: &Kept, listed: Option<&Listed>, condition: Condition) -> Self {
        let behind = listed.map_or(0, |listed| match kept.how_far {
            HowFar::Text { .. } => listed.stamp.size.saturating_sub(kept.offset()),
            HowFar::Whole { .. } if kept.how_far == HowFar::whole(listed) => 0,
            HowFar::Whole { .. } => listed.stamp.size,
        });
        Self {
            path: kept.path.clone(),
            name: kept.uri.clone(),
            condition,
            size: listed.map(|listed| listed.stamp.size),
            read: kept.offset(),
            behind,
            findings: kept.found,
            read_at: kept.read_at.and_then(Instant::from_number),
            there: kept.there,
        }
    }

    /// Of a file that is followed.
    #[must_use]
    pub fn of(file: &Followed) -> Self {
        let condition = match (&file.listed, &file.stream) {
            (None, Some(_)) => Condition::GoneOpen,
            (None, None) => Condition::Gone,
            (Some(_), _) if file.failed => Condition::Unreadable,
            (Some(_), _) if file.kept.is_whole() => Condition::Whole,
            (Some(_), Some(stream)) if Stream::has_part(stream) => Condition::Waiting,
            (Some(_), _) => Condition::Growing,
        };
        Self::new(&file.kept, file.listed.as_ref(), condition)
    }
}
