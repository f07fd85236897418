//! Why a claim cannot become a finding, in words that say what would help.

use std::io;

use crate::sources::rooted::RootedError;

/// Why a claim cannot become a finding.
#[derive(Debug, thiserror::Error)]
pub enum Missing {
    /// The report does not show the token, and names no file in which it could be looked for.
    #[error("the report shows no token and names no file\nhint: have the tool write its findings unmasked")]
    Place,
    /// The file is not there, or not to be read.
    #[error("{0}\nhint: run where the scan ran, or give `--import-root`")]
    File(#[from] RootedError),
    /// It is there and cannot be read.
    #[error("the file cannot be read: {0}\nhint: run as a user who may read it")]
    Io(#[from] io::Error),
    /// It is larger than any that is looked into.
    #[error("the file is larger than 64 MiB, and was not searched\nhint: have the tool write its findings unmasked")]
    TooLarge,
    /// It has no such line.
    #[error("the file has no such line\nhint: run the tool again: the file has changed since")]
    Line,
    /// No piece of the file has the hash.
    #[error("nothing near that line has the reported hash\nhint: run the tool again: the file has changed since")]
    Hash,
    /// No rule of ours finds anything there, and the report says no more than the line.
    #[error("the report shows no token, and no rule finds one there\nhint: have the tool write its findings unmasked")]
    Token,
}
