//! The command line of `beartrap timeline` as typed.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::config::ledger_flags::StateFlags;

/// `beartrap timeline`.
#[derive(Args, Debug)]
pub struct TimelineFlags {
    /// A fingerprint or another name, such as `kid:AKIA...` or `jti:<iss>#<jti>`
    pub key: String,
    /// How it is written
    #[arg(short, long, value_enum, default_value_t = TimelineFormat::Text)]
    pub format: TimelineFormat,
    /// Settings, by which records of one request are put together; by default `beartrap.toml` in the working directory, where there is one
    #[arg(long, value_name = "FILE", env = "BEARTRAP_CONFIG")]
    pub config: Option<PathBuf>,
    /// Where the state is
    #[command(flatten)]
    pub state: StateFlags,
}

/// How a life is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum TimelineFormat {
    /// One line an entry, for people
    Text,
    /// One JSON object
    Json,
    /// One page that needs nothing else
    Html,
}
