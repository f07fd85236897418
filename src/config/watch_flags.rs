//! The command line of `beartrap watch` as typed.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, ValueEnum};

use crate::config::flags::Readers;
use crate::config::ledger_flags::StateFlags;
use crate::config::replay_flags::JudgingFlags;

/// Where files begin.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Begin {
    /// Where the last run came to; files that it did not know at their first byte
    Checkpoint,
    /// The same, but files that the last run did not know behind what they hold when this one begins
    End,
    /// All files at their first byte, whatever was read of them
    Start,
}

/// `beartrap watch`.
#[derive(Args, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is one flag as typed")]
pub struct WatchFlags {
    /// Files, directories, and patterns such as `'/var/log/agents/**/*.jsonl'`; they need not be there yet
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Also the logs of the agents on this machine: Claude Code, Codex, Gemini CLI, Cursor, `OpenCode`, Continue, aider and others
    #[arg(long)]
    pub agents: bool,
    #[command(flatten)]
    /// Where the state is
    pub state: StateFlags,
    /// How findings and judgements are written
    #[arg(short, long, default_value = "text", value_parser = PossibleValuesParser::new(["text", "jsonl"]))]
    pub format: String,
    #[command(flatten)]
    /// How uses are read and judged
    pub judging: JudgingFlags,
    /// Where files begin
    #[arg(long, value_enum, default_value_t = Begin::Checkpoint)]
    pub from: Begin,
    /// Read what is there and end
    #[arg(long)]
    pub once: bool,
    /// Say what is followed, how far it was read, and what was counted; follows nothing
    #[arg(long)]
    pub status: bool,
    /// Tell also what is not enough for an alert
    #[arg(long)]
    pub all: bool,
    /// Who can read these logs
    #[arg(long, value_enum, value_name = "READERS")]
    pub reach: Option<Readers>,
    /// More rules: a file or a directory; may be repeated
    #[arg(long, value_name = "PATH")]
    pub rules: Vec<PathBuf>,
    /// Leave a rule out; may be repeated
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    pub disable: Vec<String>,
    /// Ask the disk this often instead of waiting for what the system tells, in seconds: for network file systems
    #[arg(long, value_name = "SECONDS")]
    pub poll: Option<f64>,
    /// No line about the run itself
    #[arg(short, long)]
    pub quiet: bool,
}
