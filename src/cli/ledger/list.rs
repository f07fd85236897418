//! `beartrap ledger list`: records that meet conditions, one a line.

use std::io::Write as _;

use crate::cli::exit::Exit;
use crate::cli::ledger::{now, open};
use crate::config::ledger_flags::{ListFlags, Shape};
use crate::config::state::{Direction, time};
use crate::ledger::ledger::Ledger;
use crate::model::instant::Instant;
use crate::model::ledger_match::Liveness;
use crate::outputs::escape::visible;
use crate::outputs::ledger::holder;
use crate::store::error::StoreError;
use crate::store::store::Stored;

/// How many records are read at once.
const PAGE: u32 = 1000;

/// Lists records.
///
/// # Errors
///
/// A time that cannot be understood, a state that cannot be used.
pub fn list(flags: &ListFlags) -> anyhow::Result<Exit> {
    let now = now();
    let before = flags.expires_before.as_ref().map(|text| time(text, now, Direction::Ahead)).transpose()?;
    let ledger = open(&flags.state)?;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    ledger.each::<anyhow::Error>(PAGE, &mut |stored| {
        if !is_wanted(&ledger, &stored, (flags, before), now)? {
            return Ok(());
        }
        match flags.format {
            Shape::Json => writeln!(out, "{}", serde_json::to_string(&stored.issuance)?)?,
            Shape::Text => {
                let name = stored.issuance.keys().first().map(ToString::to_string).unwrap_or_default();
                let until = stored.issuance.expires_at.map_or_else(|| "without end".to_owned(), |end| format!("until {end}"));
                writeln!(out, "{}  {}, {until}", visible(&name), holder(&stored.issuance))?;
            }
        }
        Ok(())
    })?;
    out.flush()?;
    Ok(Exit::Clean)
}

fn is_wanted(ledger: &Ledger, stored: &Stored, (flags, before): (&ListFlags, Option<Instant>), now: Instant) -> Result<bool, StoreError> {
    let issuance = &stored.issuance;
    let to = &issuance.issued_to;
    let fits = |wanted: &Option<String>, names: &[&Option<String>]| wanted.is_none() || names.contains(&wanted);
    let named = fits(&flags.agent, &[&to.agent_id, &to.agent_name])
        && fits(&flags.session, &[&to.session_id, &to.conversation_id])
        && fits(&flags.task, &[&to.task_id, &to.run_id])
        && fits(&flags.issuer, &[&issuance.iss, &issuance.provider])
        && before.is_none_or(|before| issuance.expires_at.is_some_and(|end| end < before));
    if !named || issuance.keys().is_empty() {
        return Ok(false);
    }
    if flags.live && issuance.liveness(&ledger.store().events(&issuance.targets())?, now) != Liveness::Live {
        return Ok(false);
    }
    Ok(!flags.exposed || !ledger.store().exposures(stored.id)?.is_empty())
}
