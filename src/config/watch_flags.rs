//! The command line of `beartrap watch` as typed.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, ValueEnum};

use crate::config::alert_flags::AlertFlags;
use crate::config::flags::Readers;
use crate::config::ledger_flags::StateFlags;
use crate::config::replay_flags::JudgingFlags;
use crate::config::settings::size;

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
    #[command(flatten)]
    /// Who is told
    pub alerts: AlertFlags,
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
    /// Read at most this much a second, such as `20M`, for the machine's sake
    #[arg(long, value_name = "BYTES", value_parser = size)]
    pub rate: Option<u64>,
    #[command(flatten)]
    /// What the run shows of itself
    pub showing: ShowingFlags,
}

/// What a run shows of itself while it lasts.
#[derive(Args, Debug)]
pub struct ShowingFlags {
    /// Answer `GET /metrics`, `/healthz`, `/readyz` and `/files` here: a port of this machine (0 for any), or an address with its port
    #[cfg(feature = "serve")]
    #[arg(long, value_name = "ADDRESS", value_parser = crate::config::address::address, help_heading = "What the run says of itself")]
    pub metrics: Option<std::net::SocketAddr>,
    /// Show files, findings and judgements in the terminal as they come; `q` ends the run
    #[cfg(feature = "tui")]
    #[arg(long, conflicts_with_all = ["once", "status"], help_heading = "What the run says of itself")]
    pub tui: bool,
    /// What is told on standard error of the run itself, from which level on
    #[arg(long, value_enum, default_value_t = LogLevel::Info, help_heading = "What the run says of itself")]
    pub log_level: LogLevel,
    /// How that is written
    #[arg(long, value_enum, default_value_t = LogFormat::Text, help_heading = "What the run says of itself")]
    pub log_format: LogFormat,
    /// No line about the run itself but problems, as `--log-level warn`
    #[arg(short, long, help_heading = "What the run says of itself")]
    pub quiet: bool,
}

impl ShowingFlags {
    /// Whether somebody may look at the list of files.
    #[must_use]
    pub fn shows_files(&self) -> bool {
        #[cfg(feature = "serve")]
        let is_asked = self.metrics.is_some();
        #[cfg(not(feature = "serve"))]
        let is_asked = false;
        #[cfg(feature = "tui")]
        let is_seen = self.tui;
        #[cfg(not(feature = "tui"))]
        let is_seen = false;
        is_asked || is_seen
    }
}

/// How much is told of the run itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum LogLevel {
    /// What failed
    Error,
    /// Also what was not read
    Warn,
    /// Also beginning, end, and what changes in between
    Info,
    /// Also every step
    Debug,
}

/// How what is told of the run itself is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum LogFormat {
    /// Lines for people
    Text,
    /// One JSON object on a line
    Json,
}
