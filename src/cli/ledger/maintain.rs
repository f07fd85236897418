//! `beartrap ledger stats`, `forget` and `verify`.

use std::io::Write as _;

use serde_json::json;

use crate::cli::exit::Exit;
use crate::cli::ledger::{now, open, open_at, place};
use crate::cli::terminal::say;
use crate::config::ledger_flags::{OldFlags, Shape, StateFlags};
use crate::config::state::{Direction, time};
use crate::ledger::ledger::Ledger;
use crate::outputs::summary::counted;
use crate::store::open::open as store_at;

/// Counts what is there.
///
/// # Errors
///
/// A state that cannot be used.
pub fn stats(format: Shape, state: &StateFlags) -> anyhow::Result<Exit> {
    let counts = open(state)?.store().counts()?;
    let rows = [
        ("records", counts.records),
        ("names", counts.keys),
        ("facts", counts.events),
        ("places", counts.exposures),
        ("grams", counts.grams),
        ("uses", counts.uses),
        ("judgements", counts.judgements),
        ("bytes", counts.bytes),
    ];
    let mut out = std::io::stdout();
    match format {
        Shape::Json => writeln!(out, "{}", json!(rows.into_iter().collect::<std::collections::BTreeMap<_, _>>()))?,
        Shape::Text => rows.iter().try_for_each(|(name, count)| writeln!(out, "{name:<10} {count:>14}"))?,
    }
    Ok(Exit::Clean)
}

/// Removes what is old.
///
/// # Errors
///
/// A time that cannot be understood, a state that cannot be used.
pub fn forget(old: &OldFlags, state: &StateFlags) -> anyhow::Result<Exit> {
    let before = |said: &Option<String>| said.as_ref().map(|text| time(text, now(), Direction::Ago)).transpose();
    let (expired, used, judged) = (before(&old.expired_before)?, before(&old.used_before)?, before(&old.judged_before)?);
    let ledger = open(state)?;
    if let Some(before) = expired {
        say(format_args!("{} that expired before {before} removed", counted(ledger.forget(before)?, "record")));
    }
    if let Some(before) = used {
        say(format_args!("{} from before {before} removed", counted(ledger.store().forget_uses(before)?, "use")));
    }
    if let Some(before) = judged {
        say(format_args!("{} of what happened before {before} removed", counted(ledger.store().forget_judgements(before)?, "judgement")));
    }
    Ok(Exit::Clean)
}

/// Checks that the state is whole; status 3 when it is not.
///
/// # Errors
///
/// A state that cannot be opened at all.
pub fn verify(repair: bool, state: &StateFlags) -> anyhow::Result<Exit> {
    let (directory, access) = place(state)?;
    if repair {
        Ledger::rebuild(store_at(&directory, access)?)?;
    }
    let ledger = open_at(&directory, access)?;
    let wrong = ledger.verify()?;
    for line in &wrong {
        say(format_args!("{line}"));
    }
    if wrong.is_empty() {
        say(format_args!("the state is whole"));
        return Ok(Exit::Clean);
    }
    Ok(Exit::Incomplete)
}
