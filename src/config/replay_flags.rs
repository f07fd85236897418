//! The command line of `beartrap replay` as typed.

use std::path::PathBuf;

use clap::Args;
use clap::builder::PossibleValuesParser;

use crate::config::alert_flags::AlertFlags;
use crate::config::flags::{FailOn, Readers};
use crate::config::ledger_flags::StateFlags;
use crate::outputs::judgement::format::FORMATS;

/// Where settings are.
#[derive(Args, Debug, Clone, Default)]
pub struct SettingsFlags {
    /// Settings: thresholds, exceptions, issuers, endpoints; by default `beartrap.toml` in the working directory, where there is one
    #[arg(long, value_name = "FILE", env = "BEARTRAP_CONFIG")]
    pub config: Option<PathBuf>,
}

/// How uses of tokens are read and judged.
#[derive(Args, Debug)]
pub struct JudgingFlags {
    #[command(flatten)]
    /// Where settings are
    pub settings: SettingsFlags,
    /// How records of your own formats are read: a mapping file (docs/replay.md)
    #[arg(long, value_name = "FILE")]
    pub mapping: Option<PathBuf>,
    /// What decides about judgements: a policy in Rego (docs/policy.md)
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
}

/// `beartrap replay`.
#[derive(Args, Debug)]
pub struct ReplayFlags {
    /// Logs and directories of logs, also compressed; `-` for standard input. Issued-token records among them are taken in
    #[arg(value_name = "LOG", required = true)]
    pub paths: Vec<PathBuf>,
    #[command(flatten)]
    /// Where the state is; without one, only what the logs tell is known
    pub state: StateFlags,
    /// How judgements are written
    #[arg(short, long, default_value = "text", value_parser = PossibleValuesParser::new(FORMATS.iter().map(|format| format.name)))]
    pub format: String,
    #[command(flatten)]
    /// How uses are read and judged
    pub judging: JudgingFlags,
    #[command(flatten)]
    /// Who is told
    pub alerts: AlertFlags,
    /// Tell only what happened from this time on, such as `2026-03-02T10:00:00Z` or `24h`; earlier uses are judged with all the same
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    /// Judge as of this time instead of now, for rehearsals and old logs
    #[arg(long, value_name = "TIME")]
    pub now: Option<String>,
    /// Only these detections, such as `TR-03`
    #[arg(long, value_name = "ID")]
    pub only: Vec<String>,
    /// Not these detections
    #[arg(long, value_name = "ID")]
    pub disable: Vec<String>,
    /// Tell also what is not enough for an alert
    #[arg(long)]
    pub all: bool,
    /// Tell which logs gave uses and what their records did not say
    #[arg(long)]
    pub coverage: bool,
    /// Who can read these logs
    #[arg(long, value_enum, value_name = "READERS")]
    pub reach: Option<Readers>,
    /// Threads; 0 for one per processor
    #[arg(short = 'j', long, default_value_t = 0)]
    pub threads: usize,
    /// From which severity on the exit status says that something was found
    #[arg(long, value_enum, default_value_t = FailOn::Medium)]
    pub fail_on: FailOn,
    /// The exit status then
    #[arg(long, default_value_t = 1)]
    pub exit_code: u8,
    /// No line of summary
    #[arg(short, long)]
    pub quiet: bool,
}
