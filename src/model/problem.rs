//! Something that was not read, or not read whole: counted, named, and never the end of a run.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::origin::Origin;

/// Why bytes were not scanned.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ProblemKind {
    /// The file or directory could not be opened or read.
    Unreadable,
    /// It was there when the tree was listed and gone when it was opened.
    Vanished,
    /// A FIFO, socket or device inside a tree.
    NotRegular,
    /// A symbolic link that leads out of the tree, in a circle, or nowhere.
    Link,
    /// Larger than `--max-file-size`.
    TooLarge,
    /// An archive limit (depth, ratio, size or number of members) was reached.
    Limit,
    /// An archive or compressed stream is damaged or cut short.
    Damaged,
    /// An encrypted archive member, or a compression that is not supported.
    Unsupported,
    /// An ignore or baseline entry that cannot be understood.
    Entry,
    /// The ledger could not be asked, or did not take what was seen.
    Ledger,
    /// A policy could not decide about a judgement.
    Policy,
    /// A finding of an imported report that could not be taken over, or the rest of a report that is damaged.
    Report,
}

impl ProblemKind {
    /// The word used in every output.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::Vanished => "vanished",
            Self::NotRegular => "not-regular",
            Self::Link => "link",
            Self::TooLarge => "too-large",
            Self::Limit => "limit",
            Self::Damaged => "damaged",
            Self::Unsupported => "unsupported",
            Self::Entry => "entry",
            Self::Ledger => "ledger",
            Self::Policy => "policy",
            Self::Report => "report",
        }
    }

    /// Whether the user asked for it (a size limit, a link that is by design not followed), so that the scan still counts as whole.
    #[must_use]
    pub fn is_by_choice(self) -> bool {
        matches!(self, Self::TooLarge | Self::NotRegular | Self::Link)
    }
}

/// One thing that was not read.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Problem {
    /// What it is about.
    pub origin: Origin,
    /// The class it falls in.
    pub kind: ProblemKind,
    /// What happened and, where there is a remedy, a `hint:` line.
    pub message: String,
}
