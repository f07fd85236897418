//! `beartrap ledger`: opens the state and hands over to the command.

mod add;
mod event;
mod export;
mod import;
mod keys;
mod list;
mod maintain;
mod show;

use std::path::{Path, PathBuf};

use jiff::{RoundMode, Timestamp, TimestampRound, Unit};

use crate::cli::exit::Exit;
use crate::config::ledger_flags::{LedgerCommand, StateFlags};
use crate::config::state::{StateEnvironment, state};
use crate::ledger::ledger::Ledger;
use crate::model::fingerprint::FingerprintKey;
use crate::model::instant::Instant;
use crate::store::keys::all;
use crate::store::open::open as store_at;
use crate::store::state_dir::Access;

/// Runs one command.
///
/// # Errors
///
/// What keeps it from being done.
pub fn ledger(command: &LedgerCommand) -> anyhow::Result<Exit> {
    match command {
        LedgerCommand::Import(flags) => import::import(flags),
        LedgerCommand::Add(flags) => add::add(flags),
        LedgerCommand::Show { key, format, state } => show::show(key, *format, state),
        LedgerCommand::List(flags) => list::list(flags),
        LedgerCommand::Event(flags) => event::event(flags),
        LedgerCommand::Stats { format, state } => maintain::stats(*format, state),
        LedgerCommand::Export { filter, state } => export::export(filter.as_deref(), state),
        LedgerCommand::Forget { old, state } => maintain::forget(old, state),
        LedgerCommand::Verify { repair, state } => maintain::verify(*repair, state),
        LedgerCommand::Keys { command } => keys::keys(command),
    }
}

/// Opens the ledger that flags and environment name.
///
/// # Errors
///
/// A state that cannot be used.
pub fn open(flags: &StateFlags) -> anyhow::Result<Ledger> {
    let (place, access) = place(flags)?;
    open_at(&place, access)
}

/// Opens the ledger at a place.
///
/// # Errors
///
/// A state that cannot be used.
pub fn open_at(place: &str, access: Access) -> anyhow::Result<Ledger> {
    let mut random = [0; 16];
    fill_random(&mut random)?;
    Ok(Ledger::open(store_at(place, access)?, random)?)
}

/// Where the state is, by flags and environment, and who may read it.
///
/// # Errors
///
/// Nothing says where.
pub fn place(flags: &StateFlags) -> anyhow::Result<(String, Access)> {
    let path = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| !path.as_os_str().is_empty());
    let credential = path("CREDENTIALS_DIRECTORY").and_then(|directory| std::fs::read_to_string(directory.join("beartrap-state")).ok());
    let environment =
        StateEnvironment { credential, state_directory: path("STATE_DIRECTORY"), xdg_state_home: path("XDG_STATE_HOME"), home: path("HOME") };
    Ok(state(flags, &environment)?)
}

/// The directory in which keys of a state lie; a server has none.
#[must_use]
pub fn keys_directory(place: &str) -> Option<&Path> {
    (!place.contains("://")).then(|| Path::new(place))
}

/// The keys of a state under which tokens are also named.
///
/// # Errors
///
/// A key file that cannot be read.
pub fn further_keys(place: &str) -> anyhow::Result<Vec<FingerprintKey>> {
    Ok(keys_directory(place).map(all).transpose()?.unwrap_or_default())
}

/// Random octets of the system.
///
/// # Errors
///
/// The system gives none.
pub fn fill_random(octets: &mut [u8]) -> anyhow::Result<()> {
    getrandom::fill(octets).map_err(|error| anyhow::anyhow!("the system gives no random numbers: {error}"))
}

/// The time, to the millisecond, and never ahead of the clock: what happened a moment ago has happened.
#[must_use]
pub fn now() -> Instant {
    let now = Timestamp::now();
    Instant(now.round(TimestampRound::new().smallest(Unit::Millisecond).mode(RoundMode::Trunc)).unwrap_or(now))
}
