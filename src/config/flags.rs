//! The command line as typed: nothing here is interpreted.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::config::alert_flags::AlertFlags;
use crate::config::replay_flags::JudgingFlags;
use crate::outputs::format::FORMATS;

/// Finds bearer tokens where they leak
#[derive(Parser, Debug)]
#[command(name = "beartrap", version, about, long_about = None, max_term_width = 110, disable_help_subcommand = true)]
pub struct Flags {
    /// What to do
    #[command(subcommand)]
    pub command: Command,
    /// When to use colour
    #[arg(long, global = true, value_enum, default_value_t = Colour::Auto)]
    pub color: Colour,
}

/// The commands.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Find tokens in files, directories or standard input
    Scan(Box<ScanFlags>),
    /// Know which tokens are yours, whose, and whether they are alive
    Ledger {
        /// What to do with the ledger
        #[command(subcommand)]
        command: crate::config::ledger_flags::LedgerCommand,
    },
    /// Tell from logs who used a token where it was not issued for
    Replay(Box<crate::config::replay_flags::ReplayFlags>),
    /// Follow logs as they grow, and tell of every new line what it means
    Watch(Box<crate::config::watch_flags::WatchFlags>),
    /// Alerts on their way: list, try again, give up, deliver what is due
    Outbox {
        /// What to do with them
        #[command(subcommand)]
        command: crate::config::alert_flags::OutboxCommand,
    },
    /// Try endpoints of alerts, make and change their signing keys
    Endpoint {
        /// What to do with them
        #[command(subcommand)]
        command: crate::config::alert_flags::EndpointCommand,
    },
    /// Tell which tokens were to be revoked, and whether they are dead
    Revocations(Box<crate::config::alert_flags::RevocationsFlags>),
    /// Tell one token's life: issued, seen, used, judged, ended
    Timeline(Box<crate::config::timeline_flags::TimelineFlags>),
    /// Take confirmations of revocations, labels of findings, and reports of tokens that others found
    #[cfg(feature = "serve")]
    Receive(Box<crate::config::receive_flags::ReceiveFlags>),
    /// Show and verify the audit log: every decision, delivery, revocation, override and change, by whom and why
    Audit {
        /// What to do with the audit log
        #[command(subcommand)]
        command: crate::config::audit_flags::AuditCommand,
    },
    /// List, check, explain and try rules
    Rules {
        /// What to do with rules
        #[command(subcommand)]
        command: RulesCommand,
    },
    /// Print the fingerprint of the token on standard input
    Fingerprint {
        /// A file with at least 32 random octets: prints HMAC-SHA-256 under this key instead of SHA-256
        #[arg(long, value_name = "FILE", env = "BEARTRAP_KEY_FILE")]
        key_file: Option<PathBuf>,
    },
    /// Say what a rule or a detection asks, why it matters and what to do
    Explain {
        /// The id, such as `github-pat` or `EX-02`
        id: String,
        /// More rules: a file or a directory
        #[arg(long, value_name = "PATH")]
        rules: Vec<PathBuf>,
    },
    /// Run stories: what happened to tokens, and what the detections must say of it
    Stories {
        /// Files and directories of stories
        #[arg(value_name = "PATH", default_value = ".")]
        paths: Vec<PathBuf>,
    },
    /// Print a completion script
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man,
}

/// `beartrap rules`.
#[derive(Subcommand, Debug)]
pub enum RulesCommand {
    /// List all rules
    List {
        /// More rules: a file or a directory
        #[arg(long, value_name = "PATH")]
        rules: Vec<PathBuf>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Run every example of every rule with three different tokens
    Check {
        /// A rule file or a directory of them; without one, the built-in rules
        path: Option<PathBuf>,
    },
    /// Print the reference page of the rules, in Markdown
    Doc {
        /// A rule file or a directory of them; without one, the built-in rules
        path: Option<PathBuf>,
    },
    /// Say what a rule asks, why it matters and what to do
    Explain {
        /// The rule's id
        id: String,
        /// More rules: a file or a directory
        #[arg(long, value_name = "PATH")]
        rules: Vec<PathBuf>,
    },
    /// Try one rule on the text on standard input
    Test {
        /// The rule's id
        id: String,
        /// More rules: a file or a directory
        #[arg(long, value_name = "PATH")]
        rules: Vec<PathBuf>,
    },
}

/// `beartrap scan`.
#[derive(Args, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is one flag as typed")]
pub struct ScanFlags {
    /// Files and directories; `-` for standard input
    /// (default: the working directory)
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// How to write results to standard output
    #[arg(long, short, value_parser = PossibleValuesParser::new(FORMATS.iter().map(|f| f.name)), default_value = "text", env = "BEARTRAP_FORMAT")]
    pub format: String,
    /// Also write results to a file; may be repeated
    #[arg(long, short, value_name = "FORMAT=FILE")]
    pub output: Vec<String>,
    /// Version of GitLab's report schema to claim
    #[arg(long, value_name = "VERSION", default_value = crate::outputs::gitlab::SCHEMA_VERSION, hide_short_help = true)]
    pub gitlab_version: String,

    /// More rules: a file or a directory; may be repeated
    #[arg(long, value_name = "PATH", help_heading = "Rules")]
    pub rules: Vec<PathBuf>,
    /// Leave a rule out; may be repeated
    #[arg(long, value_name = "ID", value_delimiter = ',', help_heading = "Rules")]
    pub disable: Vec<String>,
    /// Use this rule only; may be repeated
    #[arg(long, value_name = "ID", value_delimiter = ',', help_heading = "Rules")]
    pub only: Vec<String>,
    /// Report findings of at least this confidence
    #[arg(long, value_enum, default_value_t = Level::Medium, help_heading = "Rules")]
    pub min_confidence: Level,
    /// Do not look into base64, hex, escapes and wrapped lines
    #[arg(long, help_heading = "Rules")]
    pub no_decode: bool,
    /// How deep encodings may nest
    #[arg(long, value_name = "N", default_value_t = 5, help_heading = "Rules")]
    pub max_decode_depth: u32,
    /// Print on standard error what filters silenced, and which filter it was
    #[arg(long, help_heading = "Rules")]
    pub explain_filters: bool,
    /// A file with at least 32 random octets: fingerprints are HMAC-SHA-256 under this key
    #[arg(long, value_name = "FILE", env = "BEARTRAP_KEY_FILE", help_heading = "Rules")]
    pub key_file: Option<PathBuf>,

    /// Match every finding against the ledger in this state, and note where tokens of yours were seen
    #[arg(long, value_name = "DIR", env = "BEARTRAP_STATE", help_heading = "Ledger")]
    pub state: Option<String>,
    /// Use a state directory that others can read
    #[arg(long, help_heading = "Ledger")]
    pub allow_shared_state: bool,
    /// Match against a filter of the ledger (`beartrap ledger export --filter`)
    #[arg(long, value_name = "FILE", conflicts_with = "state", help_heading = "Ledger")]
    pub ledger_filter: Option<PathBuf>,
    /// Who can read what is scanned; without it, that is guessed from where it lies
    #[arg(long, value_enum, value_name = "WHO", requires = "state", help_heading = "Ledger")]
    pub reach: Option<Readers>,
    /// Report only tokens that the ledger knows
    #[arg(long, help_heading = "Ledger")]
    pub only_ours: bool,
    /// Report only tokens that the ledger knows to be alive
    #[arg(long, help_heading = "Ledger")]
    pub only_live: bool,

    /// Also read what is scanned as logs, and tell where tokens were used that were not issued for it (`beartrap replay`); text and JSONL only
    #[arg(long, help_heading = "Replay")]
    pub replay: bool,
    #[command(flatten, next_help_heading = "Replay")]
    /// How uses are judged
    pub judging: JudgingFlags,
    #[command(flatten)]
    /// Who is told
    pub alerts: AlertFlags,

    /// Take the findings of another scanner from its report, and scan paths only where some are given; may be repeated
    #[arg(long, value_name = "REPORT", help_heading = "Other scanners")]
    pub import: Vec<PathBuf>,
    /// The directory that the paths in these reports are relative to; no file outside of it is read
    #[arg(long, value_name = "DIR", default_value = ".", requires = "import", help_heading = "Other scanners")]
    pub import_root: PathBuf,

    /// Leave out files larger than this, such as 10M
    #[arg(long, value_name = "SIZE", help_heading = "What is read")]
    pub max_file_size: Option<String>,
    /// Read hidden files (the default)
    #[arg(long, overrides_with = "no_hidden", help_heading = "What is read")]
    pub hidden: bool,
    /// Leave hidden files out
    #[arg(long, overrides_with = "hidden", help_heading = "What is read")]
    pub no_hidden: bool,
    /// Leave out what `.gitignore` names
    #[arg(long, help_heading = "What is read")]
    pub respect_gitignore: bool,
    /// Do not read `.beartrapignore` and `.gitleaksignore`
    #[arg(long, help_heading = "What is read")]
    pub no_ignore: bool,
    /// How many archives may lie inside each other
    #[arg(long, value_name = "N", default_value_t = 5, help_heading = "What is read")]
    pub max_archive_depth: u32,
    /// Threads that scan; 0 for one each processor
    #[arg(long, short = 'j', value_name = "N", default_value_t = 0, env = "BEARTRAP_THREADS", help_heading = "What is read")]
    pub threads: usize,

    /// Leave out findings that this file lists
    #[arg(long, short, value_name = "FILE", help_heading = "What is accepted")]
    pub baseline: Option<PathBuf>,
    /// Write all findings to a baseline
    #[arg(long, value_name = "FILE", help_heading = "What is accepted")]
    pub write_baseline: Option<PathBuf>,
    /// Drop entries from the baseline that no longer occur
    #[arg(long, help_heading = "What is accepted")]
    pub prune_baseline: bool,
    /// Comments such as `beartrap:allow` accept nothing: for an audit
    #[arg(long, help_heading = "What is accepted")]
    pub ignore_allow_comments: bool,

    /// Which severity makes the exit status 1
    #[arg(long, value_enum, default_value_t = FailOn::Any, help_heading = "Exit status")]
    pub fail_on: FailOn,
    /// The exit status when there are such findings
    #[arg(long, value_name = "N", default_value_t = 1, help_heading = "Exit status")]
    pub exit_code: u8,
    /// No summary and no progress on standard error
    #[arg(long, short, help_heading = "Exit status")]
    pub quiet: bool,
}

/// When text is coloured.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Colour {
    /// On a terminal that shows it, unless `NO_COLOR` is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// Who can read a place.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Readers {
    /// People and systems of the organisation
    Internal,
    /// Others as well, as with a public CI log
    External,
}

/// A confidence.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Level {
    /// Weak context, or a checksum that does not fit
    Low,
    /// Prefix, length and alphabet fit, or a telling name
    Medium,
    /// A checksum or parsed structure
    High,
}

/// Which findings fail a run.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum FailOn {
    /// No finding
    None,
    /// Every finding
    Any,
    /// Medium severity and above
    Medium,
    /// High and critical severity
    High,
    /// Critical severity
    Critical,
}
