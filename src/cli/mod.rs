//! The words that people type, the exit status, and the real clock.

pub mod alerting;
pub mod audit;
pub mod couriers;
pub mod endpoint;
pub mod exit;
pub mod explain;
pub mod fingerprint;
pub mod judging;
pub mod ledger;
#[cfg(feature = "serve")]
pub mod receive;
pub mod outbox;
pub mod replay;
pub mod reporter;
pub mod revocations;
pub mod rules;
pub mod rule_notes;
pub mod rules_check;
pub mod rules_doc;
pub mod scan;
mod scan_import;
pub mod scan_replay;
pub mod signals;
mod stdin;
pub mod stories;
pub mod terminal;
pub mod timeline;
pub mod watch;
pub mod who;

use std::io::Write;

use clap::{CommandFactory, Parser};

use crate::cli::exit::Exit;
use crate::config::flags::{Command, Flags};

/// Runs the program.
#[must_use]
pub fn main() -> Exit {
    let flags = match Flags::try_parse() {
        Ok(flags) => flags,
        Err(error) => {
            let broken = error.print().is_err();
            return if error.use_stderr() && !broken { Exit::Usage } else { Exit::Clean };
        }
    };
    let outcome = match flags.command {
        Command::Scan(scan) => scan::scan(&scan, flags.color),
        Command::Ledger { command } => ledger::ledger(&command),
        Command::Replay(replay) => replay::replay(&replay, flags.color),
        Command::Watch(watch) => watch::watch(&watch, flags.color),
        Command::Outbox { command } => outbox::outbox(&command),
        Command::Endpoint { command } => endpoint::endpoint(&command),
        Command::Revocations(flags) => revocations::revocations(&flags),
        Command::Timeline(timeline) => timeline::timeline(&timeline, flags.color),
        #[cfg(feature = "serve")]
        Command::Receive(receive) => receive::receive(&receive),
        Command::Audit { command } => audit::audit(&command),
        Command::Rules { command } => rules::rules(&command),
        Command::Fingerprint { key_file } => fingerprint::fingerprint(key_file.as_deref()),
        Command::Explain { id, rules } => explain::explain(&id, &rules),
        Command::Stories { paths } => stories::stories(&paths),
        Command::Completions { shell } => written(|out| {
            clap_complete::generate(shell, &mut Flags::command(), "beartrap", out);
            Ok(())
        }),
        Command::Man => written(|out| clap_mangen::Man::new(Flags::command()).render(out)),
    };
    outcome.unwrap_or_else(|error| exit::of_error(&error))
}

/// Writes to standard output at once, so that a reader that stops early does no harm.
fn written(write: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>) -> anyhow::Result<Exit> {
    let mut text = Vec::new();
    write(&mut text)?;
    std::io::stdout().write_all(&text)?;
    Ok(Exit::Clean)
}
