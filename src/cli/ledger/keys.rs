//! `beartrap ledger keys`: keys of fingerprints for secrets that could be guessed; only their ids are shown.

use std::io::Write as _;
use std::path::Path;

use zeroize::Zeroizing;

use crate::cli::exit::Exit;
use crate::cli::ledger::{fill_random, keys_directory, open, place};
use crate::config::ledger_flags::KeysCommand;
use crate::model::fingerprint::FingerprintKey;
use crate::store::keys;

/// Adds, rotates or lists keys.
///
/// # Errors
///
/// A key or a state that cannot be used.
pub fn keys(command: &KeysCommand) -> anyhow::Result<Exit> {
    let (KeysCommand::Add { state, .. } | KeysCommand::Rotate { state } | KeysCommand::List { state }) = command;
    drop(open(state)?);
    let (place, _) = place(state)?;
    let directory = directory(&place)?;
    match command {
        KeysCommand::Add { file: Some(file), .. } => {
            let octets = Zeroizing::new(std::fs::read(file).map_err(|error| anyhow::anyhow!("{}: cannot read the key: {error}", file.display()))?);
            written(directory, &octets)?;
        }
        KeysCommand::Add { file: None, .. } | KeysCommand::Rotate { .. } => {
            written(directory, &made()?)?;
        }
        KeysCommand::List { .. } => {
            let mut out = std::io::stdout();
            for key in keys::all(directory)? {
                writeln!(out, "{}", key.id())?;
            }
        }
    }
    Ok(Exit::Clean)
}

/// The newest key; makes the first one where there is none.
pub fn newest(place: &str) -> anyhow::Result<FingerprintKey> {
    let path = directory(place)?;
    if keys::all(path)?.is_empty() {
        add(path, &made()?)?;
    }
    keys::all(path)?.pop().ok_or_else(|| anyhow::anyhow!("the key that was just made is gone"))
}

fn made() -> anyhow::Result<Zeroizing<Vec<u8>>> {
    let mut octets = Zeroizing::new(vec![0; FingerprintKey::MIN_OCTETS]);
    fill_random(&mut octets)?;
    Ok(octets)
}

fn directory(place: &str) -> anyhow::Result<&Path> {
    let hint = "hint: keep what needs a key in a state directory, and the rest on the server";
    keys_directory(place).ok_or_else(|| anyhow::anyhow!("keys are kept in a state directory, and this state is on a server\n{hint}"))
}

fn written(directory: &Path, octets: &[u8]) -> anyhow::Result<()> {
    let id = add(directory, octets)?;
    Ok(writeln!(std::io::stdout(), "{id}")?)
}

fn add(directory: &Path, octets: &[u8]) -> anyhow::Result<String> {
    let Some(key) = FingerprintKey::new(octets.to_vec()) else {
        anyhow::bail!("the key has {} octets, fewer than {}", octets.len(), FingerprintKey::MIN_OCTETS);
    };
    if keys::all(directory)?.iter().any(|known| known.id() == key.id()) {
        anyhow::bail!("the key {} is there already", key.id());
    }
    keys::add(directory, octets, &key)?;
    Ok(key.id().to_owned())
}
