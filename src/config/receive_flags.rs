//! The command line of `beartrap receive` as typed.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

use crate::config::alert_flags::AlertFlags;
use crate::config::ledger_flags::StateFlags;

/// `beartrap receive`.
#[derive(Args, Debug)]
pub struct ReceiveFlags {
    /// Where it listens: a port of this machine (0 for any), or an address with its port
    #[arg(long, value_name = "ADDRESS", value_parser = crate::config::address::address)]
    pub listen: SocketAddr,
    /// Settings with a table `[receive.NAME]` for each inlet; by default `beartrap.toml` in the working directory
    #[arg(long, value_name = "FILE", env = "BEARTRAP_CONFIG")]
    pub config: Option<PathBuf>,
    /// TLS ends in a server in front of this one: other addresses than this machine's own may be listened on, under any name
    #[arg(long)]
    pub behind_proxy: bool,
    /// No line about what was refused
    #[arg(short, long)]
    pub quiet: bool,
    /// Who is told of tokens of ours that are reported
    #[command(flatten)]
    pub alerts: AlertFlags,
    /// Where the state is
    #[command(flatten)]
    pub state: StateFlags,
}
