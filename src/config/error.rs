//! What can be wrong with what the user said.

use std::path::PathBuf;

/// Why a run cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A key file that cannot be read.
    #[error("{path}: cannot read the key: {source}", path = path.display())]
    ReadKey {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A key that is too short.
    #[error("{path}: the key has {octets} octets, fewer than 32\nhint: write a new one with `head -c 32 /dev/urandom > {path}`", path = path.display())]
    ShortKey {
        /// The file.
        path: PathBuf,
        /// How many octets it has.
        octets: usize,
    },
    /// An output that is not `FORMAT=FILE`.
    #[error("`{text}` is not an output\nhint: write `FORMAT=FILE`, where FORMAT is one of {formats}")]
    Output {
        /// What was written.
        text: String,
        /// The formats.
        formats: String,
    },
    /// Standard input together with paths.
    #[error("`-` cannot be combined with other paths\nhint: scan standard input in a run of its own")]
    StdinAndPaths,
    /// A size that cannot be understood.
    #[error("`{text}` is not a size\nhint: write a number of bytes, or one with K, M or G")]
    Size {
        /// What was written.
        text: String,
    },
    /// Baseline flags that need each other.
    #[error("`--prune-baseline` needs `--baseline FILE`")]
    PruneWithoutBaseline,
    /// No place for state.
    #[error("there is no place for state: neither `--state` nor `HOME` is set\nhint: give a directory with `--state DIR`")]
    NoState,
    /// A time that cannot be understood.
    #[error("`{text}` is not a time\nhint: write a time such as `2026-03-02T10:00:00Z`, or a span such as `90d`, `12h`, `30m`")]
    Time {
        /// What was written.
        text: String,
    },
    /// Flags that ask the ledger without saying where it is.
    #[error("`{flag}` needs `--state DIR`: without a ledger nothing is known to be yours")]
    NeedsState {
        /// The flag.
        flag: &'static str,
    },
    /// A filter file that cannot be read.
    #[error("{path}: {source}", path = path.display())]
    Filter {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: crate::ledger::filter_file::FilterFileError,
    },
    /// Rules that cannot be loaded.
    #[error(transparent)]
    Rules(#[from] crate::rules::error::RulesError),
    /// A baseline that cannot be used.
    #[error(transparent)]
    Baseline(#[from] crate::pipeline::baseline::BaselineError),
}
