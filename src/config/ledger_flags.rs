//! The command line of `beartrap ledger` as typed.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// Where the state is.
#[derive(Args, Clone, Debug)]
pub struct StateFlags {
    /// The state: a directory, by default `beartrap` in the user's state directory, or `postgres://user@host/database`
    #[arg(long, value_name = "DIR", env = "BEARTRAP_STATE")]
    pub state: Option<String>,
    /// Use a state directory that others can read
    #[arg(long)]
    pub allow_shared_state: bool,
}

/// How results are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Shape {
    /// For people
    Text,
    /// One JSON object a line
    Json,
}

/// `beartrap ledger`.
#[derive(Subcommand, Debug)]
pub enum LedgerCommand {
    /// Read issued-token records from files
    Import(ImportFlags),
    /// Add the token on standard input; its fingerprint is stored, the token is not
    Add(Box<AddFlags>),
    /// Show everything known of one token
    Show {
        /// A fingerprint or another name, such as `kid:AKIA...` or `jti:<iss>#<jti>`
        key: String,
        /// How to write it
        #[arg(long, value_enum, default_value_t = Shape::Text)]
        format: Shape,
        /// The state
        #[command(flatten)]
        state: StateFlags,
    },
    /// List records
    List(ListFlags),
    /// Record that tokens were revoked or rotated, or that a task ended
    Event(EventFlags),
    /// Count what is there
    Stats {
        /// How to write it
        #[arg(long, value_enum, default_value_t = Shape::Text)]
        format: Shape,
        /// The state
        #[command(flatten)]
        state: StateFlags,
    },
    /// Write all records and facts, or a filter for those who may not have them
    Export {
        /// Write a filter that says "possibly issued" and holds no fingerprint
        #[arg(long, value_name = "FILE")]
        filter: Option<PathBuf>,
        /// The state
        #[command(flatten)]
        state: StateFlags,
    },
    /// Remove what is old, for good; times are RFC 3339, or ages such as `90d`
    Forget {
        /// What is removed
        #[command(flatten)]
        old: OldFlags,
        /// The state
        #[command(flatten)]
        state: StateFlags,
    },
    /// Check that the state is whole
    Verify {
        /// Make the filter over the records anew
        #[arg(long)]
        repair: bool,
        /// The state
        #[command(flatten)]
        state: StateFlags,
    },
    /// Keys under which secrets that could be guessed are fingerprinted
    Keys {
        /// What to do with keys
        #[command(subcommand)]
        command: KeysCommand,
    },
}

/// What `beartrap ledger forget` removes.
#[derive(Args, Debug)]
#[group(required = true, multiple = true)]
pub struct OldFlags {
    /// Records of tokens that expired before a time
    #[arg(long, value_name = "TIME")]
    pub expired_before: Option<String>,
    /// Uses from before a time
    #[arg(long, value_name = "TIME")]
    pub used_before: Option<String>,
    /// Judgements of what happened before a time
    #[arg(long, value_name = "TIME")]
    pub judged_before: Option<String>,
}

/// `beartrap ledger import`.
#[derive(Args, Debug)]
pub struct ImportFlags {
    /// Files; `-` for standard input
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// What the files are
    #[arg(long, value_name = "FORMAT", default_value = "auto")]
    pub format: String,
    /// Which columns or members stand for which fields: a TOML file, for `csv` and `jsonl`
    #[arg(long, value_name = "FILE")]
    pub mapping: Option<PathBuf>,
    /// Write what was refused to a file: place and reason, one JSON object a line
    #[arg(long, value_name = "FILE")]
    pub rejects: Option<PathBuf>,
    /// Read files from their start even when they were imported before
    #[arg(long)]
    pub again: bool,
    /// The state
    #[command(flatten)]
    pub state: StateFlags,
}

/// `beartrap ledger add`.
#[derive(Args, Debug)]
pub struct AddFlags {
    /// Agent that it was issued to
    #[arg(long)]
    pub agent: Option<String>,
    /// Workload: SPIFFE id, ARN or service account
    #[arg(long)]
    pub workload: Option<String>,
    /// OAuth client
    #[arg(long)]
    pub client: Option<String>,
    /// User
    #[arg(long)]
    pub user: Option<String>,
    /// Tenant
    #[arg(long)]
    pub tenant: Option<String>,
    /// Session
    #[arg(long)]
    pub session: Option<String>,
    /// Task
    #[arg(long)]
    pub task: Option<String>,
    /// Issuer
    #[arg(long)]
    pub issuer: Option<String>,
    /// Type, such as `access_token`, `refresh_token`, `api_key`, `session`
    #[arg(long = "type", value_name = "TYPE", default_value = "other")]
    pub token_type: String,
    /// A scope; may be repeated
    #[arg(long)]
    pub scope: Vec<String>,
    /// A tool that it may call; may be repeated
    #[arg(long)]
    pub tool: Vec<String>,
    /// An audience; may be repeated
    #[arg(long)]
    pub audience: Vec<String>,
    /// Family
    #[arg(long)]
    pub family: Option<String>,
    /// The token that it was made from: a fingerprint or another name
    #[arg(long, value_name = "KEY")]
    pub parent: Option<String>,
    /// Another name, such as `token_id:...`; may be repeated
    #[arg(long, value_name = "KEY")]
    pub key: Vec<String>,
    /// When it expires: a time (RFC 3339), or a span from now such as `1h`
    #[arg(long, value_name = "TIME")]
    pub expires: Option<String>,
    /// When it was issued; now, if not said
    #[arg(long, value_name = "TIME")]
    pub issued: Option<String>,
    /// Store only a fingerprint under a key of the ledger, as is done for secrets that could be guessed
    #[arg(long)]
    pub keyed: bool,
    /// The state
    #[command(flatten)]
    pub state: StateFlags,
}

/// `beartrap ledger list`.
#[derive(Args, Debug)]
pub struct ListFlags {
    /// Only tokens that work
    #[arg(long)]
    pub live: bool,
    /// Only tokens that were seen somewhere
    #[arg(long)]
    pub exposed: bool,
    /// Only those of this agent
    #[arg(long)]
    pub agent: Option<String>,
    /// Only those of this session
    #[arg(long)]
    pub session: Option<String>,
    /// Only those of this task
    #[arg(long)]
    pub task: Option<String>,
    /// Only those of this issuer
    #[arg(long)]
    pub issuer: Option<String>,
    /// Only those that expire before a time (RFC 3339), or within a span such as `1h`
    #[arg(long, value_name = "TIME")]
    pub expires_before: Option<String>,
    /// How to write them
    #[arg(long, value_enum, default_value_t = Shape::Text)]
    pub format: Shape,
    /// The state
    #[command(flatten)]
    pub state: StateFlags,
}

/// What happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum EventWord {
    /// Tokens were revoked
    Revoke,
    /// A token was replaced by another
    Rotate,
    /// A task ended
    TaskEnd,
}

/// How a task ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum TaskStatus {
    /// Well
    Completed,
    /// In failure
    Failed,
    /// It was cancelled
    Cancelled,
    /// It gave up after retries
    RetryExhausted,
}

/// `beartrap ledger event`.
#[derive(Args, Debug)]
#[group(id = "target", required = true, multiple = false, args = ["key", "family", "session", "task", "subject"])]
pub struct EventFlags {
    /// What happened
    #[arg(value_enum)]
    pub event: EventWord,
    /// To one token
    #[arg(long)]
    pub key: Option<String>,
    /// To a family
    #[arg(long)]
    pub family: Option<String>,
    /// To a session
    #[arg(long)]
    pub session: Option<String>,
    /// To a task
    #[arg(long)]
    pub task: Option<String>,
    /// To an agent, workload, client or user
    #[arg(long)]
    pub subject: Option<String>,
    /// Of a rotation, the new token
    #[arg(long, value_name = "KEY")]
    pub successor: Option<String>,
    /// How the task ended
    #[arg(long, value_enum, default_value_t = TaskStatus::Completed)]
    pub status: TaskStatus,
    /// When; now, if not said
    #[arg(long, value_name = "TIME")]
    pub at: Option<String>,
    /// Why
    #[arg(long)]
    pub reason: Option<String>,
    /// The state
    #[command(flatten)]
    pub state: StateFlags,
}

/// `beartrap ledger keys`.
#[derive(Subcommand, Debug)]
pub enum KeysCommand {
    /// Make a first key, or add one from a file
    Add {
        /// A file with at least 32 random octets; without one, a key is made
        file: Option<PathBuf>,
        /// The state
        #[command(flatten)]
        state: StateFlags,
    },
    /// Make a new key for what is added from now on; older ones go on being compared
    Rotate {
        /// The state
        #[command(flatten)]
        state: StateFlags,
    },
    /// List the ids of keys, the newest last
    List {
        /// The state
        #[command(flatten)]
        state: StateFlags,
    },
}
