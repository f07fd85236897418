//! Why a report, or one finding of it, cannot be used; no message repeats what a report holds.

use std::io;

/// Why a report cannot be read, or not to its end.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The input failed.
    #[error("cannot be read: {0}")]
    Io(#[from] io::Error),
    /// It is in a form that no finding can be taken from.
    #[error("this is {seen}, not JSON\nhint: write the report as {instead}")]
    Form {
        /// What it is.
        seen: &'static str,
        /// What to do about it.
        instead: &'static str,
    },
    /// It is JSON of nobody known.
    #[error("no known tool's report: {seen}\nhint: known are {known}")]
    Unknown {
        /// What was seen.
        seen: String,
        /// The names of all formats.
        known: String,
    },
    /// It is a version that is not known.
    #[error("{format} of a version other than {known}\nhint: have the tool write version {known}")]
    Version {
        /// The format's name.
        format: &'static str,
        /// The version that is.
        known: &'static str,
    },
    /// It is damaged.
    #[error("line {line} is not the JSON of a {format} report: what follows was not read\nhint: run the tool again")]
    Damaged {
        /// The format's name.
        format: &'static str,
        /// The line, from 1.
        line: usize,
    },
    /// It ends too early.
    #[error("it ends in the middle: what is missing was not read\nhint: run the tool again")]
    Truncated,
}

/// What is wrong with one finding of a report.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Fault {
    /// Its fields are not those that the tool writes.
    #[error("its fields are not those of a {0} finding")]
    Fields(&'static str),
    /// It is an object of nobody known.
    #[error("it is no finding of a known tool")]
    Unknown,
    /// It is longer than any finding.
    #[error("it is longer than 16 MiB")]
    TooLong,
    /// It breaks off.
    #[error("it breaks off")]
    Truncated,
}
