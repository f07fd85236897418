//! `beartrap ledger export`: all records and facts as JSON lines, or a filter that holds no fingerprint.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use anyhow::Context as _;

use crate::cli::exit::Exit;
use crate::cli::ledger::{fill_random, open};
use crate::cli::terminal::say;
use crate::config::ledger_flags::StateFlags;
use crate::ledger::filter_file::FilterFile;
use crate::ledger::ledger::Ledger;
use crate::model::token_key::TokenKey;
use crate::outputs::summary::counted;

/// How many records are read at once.
const PAGE: u32 = 10_000;

/// Exports.
///
/// # Errors
///
/// A file that cannot be written, a state that cannot be used.
pub fn export(filter: Option<&Path>, state: &StateFlags) -> anyhow::Result<Exit> {
    let ledger = open(state)?;
    match filter {
        Some(path) => write_filter(&ledger, path)?,
        None => write_records(&ledger)?,
    }
    Ok(Exit::Clean)
}

fn write_records(ledger: &Ledger) -> anyhow::Result<()> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    ledger.each::<anyhow::Error>(PAGE, &mut |stored| Ok(writeln!(out, "{}", serde_json::to_string(&stored.issuance)?)?))?;
    for event in ledger.store().all_events()? {
        writeln!(out, "{}", serde_json::to_string(&event)?)?;
    }
    Ok(out.flush()?)
}

fn write_filter(ledger: &Ledger, path: &Path) -> anyhow::Result<()> {
    let mut digests = Vec::new();
    ledger.each::<anyhow::Error>(PAGE, &mut |stored| {
        digests.extend(stored.issuance.keys().iter().filter_map(|key| match key {
            TokenKey::Fingerprint(fingerprint) if fingerprint.key_id().is_none() => Some(*fingerprint.digest()),
            _ => None,
        }));
        Ok(())
    })?;
    let mut salt = [0; 16];
    fill_random(&mut salt)?;
    let filter = FilterFile::new(salt, &digests)?;
    let mut out = BufWriter::new(File::create(path).with_context(|| format!("cannot write `{}`", path.display()))?);
    filter.write(&mut out)?;
    out.flush()?;
    say(format_args!("{}: a filter over {}", path.display(), counted(digests.len() as u64, "fingerprint")));
    Ok(())
}
