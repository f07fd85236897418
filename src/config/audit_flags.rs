//! The command line of `beartrap audit` as typed.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use crate::config::ledger_flags::StateFlags;

/// `beartrap audit`.
#[derive(Subcommand, Debug)]
pub enum AuditCommand {
    /// Show what was decided, tried, received and changed, by whom and why
    Show(AuditShowFlags),
    /// Find records that were removed, changed or moved; exit status 1 when there are any
    Verify(AuditVerifyFlags),
    /// Sign the end of the log; the line is to be kept where whoever can change the log cannot change it
    Checkpoint(AuditCheckpointFlags),
}

/// `beartrap audit show`.
#[derive(Args, Debug)]
pub struct AuditShowFlags {
    /// Only from a time on: RFC 3339, or an age such as `2h`
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    /// Only about this token, finding or delivery: a fingerprint or another name
    #[arg(long, value_name = "NAME")]
    pub about: Option<String>,
    /// How it is written
    #[arg(short, long, value_enum, default_value_t = AuditFormat::Text)]
    pub format: AuditFormat,
    /// Where the state is
    #[command(flatten)]
    pub state: StateFlags,
}

/// How the log is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum AuditFormat {
    /// One line a record, for people
    Text,
    /// One JSON object a line
    Jsonl,
}

/// `beartrap audit verify`.
#[derive(Args, Debug)]
pub struct AuditVerifyFlags {
    /// Lines that `beartrap audit checkpoint` wrote: the log must go on from each of them
    #[arg(long, value_name = "FILE", requires = "public_key")]
    pub checkpoint: Option<PathBuf>,
    /// Who signed them: `whpk_...`
    #[arg(long, value_name = "FILE", requires = "checkpoint")]
    pub public_key: Option<PathBuf>,
    /// Where the state is
    #[command(flatten)]
    pub state: StateFlags,
}

/// `beartrap audit checkpoint`.
#[derive(Args, Debug)]
pub struct AuditCheckpointFlags {
    /// The key that signs: `whsk_...`, as `beartrap endpoint keygen --kind ed25519` makes it
    #[arg(long, value_name = "FILE")]
    pub key: PathBuf,
    /// Append the line to a file instead of writing it to standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Where the state is
    #[command(flatten)]
    pub state: StateFlags,
}
