//! Where in its origin a finding lies: bytes for machines, line and column for people.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A span of bytes in the origin, end exclusive.
///
/// **Invariant:** it is never empty.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ByteSpan {
    start: u64,
    end: u64,
}

impl ByteSpan {
    /// A span from `start` to `end` (exclusive), or `None` when it would hold no byte.
    #[must_use]
    pub fn new(start: u64, end: u64) -> Option<Self> {
        (start < end).then_some(Self { start, end })
    }

    /// Offset of the first byte.
    #[must_use]
    pub fn start(self) -> u64 {
        self.start
    }

    /// Offset after the last byte.
    #[must_use]
    pub fn end(self) -> u64 {
        self.end
    }

    /// Whether every byte of `other` lies in this span.
    #[must_use]
    pub fn contains(self, other: Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }
}

/// Line and column of a byte.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Position {
    /// Line, counted from 1; lines end with LF.
    pub line: u64,
    /// Column in Unicode code points, counted from 1; bytes that could only continue a character count as none.
    pub column: u64,
}

impl Position {
    /// A relative position, counted from where something begins, in the whole; one before the beginning has wrapped around.
    #[must_use]
    pub fn from(self, start: Self) -> Self {
        let column = if self.line == 0 { start.column.wrapping_add(self.column) } else { self.column + 1 };
        Self { line: start.line.wrapping_add(self.line), column }
    }
}
