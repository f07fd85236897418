//! Flags about alerts, as typed, and the commands around them.

use clap::{Args, Subcommand, ValueEnum};

use crate::config::ledger_flags::StateFlags;
use crate::config::replay_flags::SettingsFlags;

/// Who is told.
#[derive(Args, Debug, Clone, Default)]
pub struct AlertFlags {
    /// Tell an endpoint of `beartrap.toml`, or this URL; may be repeated
    #[arg(long, value_name = "NAME|URL", help_heading = "Alerts")]
    pub alert: Vec<String>,
    /// Show what would be sent, and send nothing
    #[arg(long, requires = "alert", help_heading = "Alerts")]
    pub dry_run: bool,
}

/// `beartrap outbox`.
#[derive(Subcommand, Debug)]
pub enum OutboxCommand {
    /// Alerts on their way, and those that did not arrive
    List {
        /// Only those that stand so
        #[arg(long = "is", value_enum, value_name = "STATE")]
        states: Vec<DeliveryState>,
        /// Only those to this endpoint
        #[arg(long, value_name = "NAME")]
        endpoint: Option<String>,
        /// How they are written
        #[arg(short, long, value_enum, default_value_t = ListFormat::Text)]
        format: ListFormat,
        #[command(flatten)]
        /// Where the state is
        state: StateFlags,
    },
    /// One delivery with its alert
    Show {
        /// Its id, such as `msg_...`
        id: String,
        #[command(flatten)]
        /// Where the state is
        state: StateFlags,
    },
    /// Try again what did not arrive, and release what is held
    Retry {
        /// Ids; `dead` for all that are dead, `held` for all that are held, `all` for both and all that wait
        #[arg(required = true, value_name = "ID|dead|held|all")]
        ids: Vec<String>,
        #[command(flatten)]
        /// Where the state is
        state: StateFlags,
    },
    /// Give up deliveries that have not arrived
    Drop {
        /// Ids; `dead`, `held`, `all`
        #[arg(required = true, value_name = "ID|dead|held|all")]
        ids: Vec<String>,
        /// Why, for the record
        #[arg(long, value_name = "TEXT")]
        why: String,
        #[command(flatten)]
        /// Where the state is
        state: StateFlags,
    },
    /// Deliver what is due and end, for cron and CI
    Run {
        #[command(flatten)]
        /// Where endpoints are set
        settings: SettingsFlags,
        #[command(flatten)]
        /// Where the state is
        state: StateFlags,
        /// No line of summary
        #[arg(short, long)]
        quiet: bool,
    },
    /// Forget alerts that have arrived or were given up
    Forget {
        /// Those made before this time, such as `90d`
        #[arg(long, value_name = "TIME")]
        before: String,
        #[command(flatten)]
        /// Where the state is
        state: StateFlags,
    },
}

/// How a delivery stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum DeliveryState {
    /// It is tried when it is due
    Waiting,
    /// An older one of its token comes first
    Behind,
    /// It has arrived
    Delivered,
    /// It was refused, or tried for the last time
    Dead,
    /// Somebody gave it up
    Dropped,
    /// It can be sent only when a run meets the token again
    NeedsToken,
    /// A person must release it
    Held,
}

/// How lists are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum ListFormat {
    /// Lines for people
    Text,
    /// One JSON object a line
    Jsonl,
}

/// `beartrap endpoint`.
#[derive(Subcommand, Debug)]
pub enum EndpointCommand {
    /// Send an alert that says it is a test, and say what came back
    Test {
        /// The endpoint's name, or a URL
        name: String,
        #[command(flatten)]
        /// Where endpoints are set
        settings: SettingsFlags,
    },
    /// Make a signing key, on standard output
    Keygen {
        /// Which kind
        #[arg(long, value_enum, default_value_t = KeyKind::Hmac)]
        kind: KeyKind,
    },
    /// Put a new signing key in front of the old one in the endpoint's file; once more removes the old one
    Rotate {
        /// The endpoint's name
        name: String,
        /// Remove the old key, when the receiver knows the new one
        #[arg(long)]
        finish: bool,
        #[command(flatten)]
        /// Where endpoints are set
        settings: SettingsFlags,
    },
}

/// Kinds of signing keys.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum KeyKind {
    /// HMAC-SHA-256: sender and receiver have the same key
    Hmac,
    /// Ed25519: the receiver has the public key
    Ed25519,
}

/// `beartrap revocations`.
#[derive(Args, Debug)]
pub struct RevocationsFlags {
    /// Only those that are not confirmed
    #[arg(long)]
    pub open: bool,
    /// How they are written
    #[arg(short, long, value_enum, default_value_t = ListFormat::Text)]
    pub format: ListFormat,
    /// Let the tokens of an issuer be revoked again after there were too many requests; `all` for every issuer
    #[arg(long, value_name = "ISSUER|all")]
    pub resume: Option<String>,
    #[command(flatten)]
    /// Where the deadline is set
    pub settings: SettingsFlags,
    #[command(flatten)]
    /// Where the state is
    pub state: StateFlags,
}
