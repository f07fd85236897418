//! `beartrap ledger show`: everything known of one token.

use std::io::Write as _;

use crate::cli::exit::Exit;
use crate::cli::ledger::{now, open};
use crate::cli::terminal::say;
use crate::config::ledger_flags::{Shape, StateFlags};
use crate::model::token_key::TokenKey;
use crate::outputs::escape::visible;
use crate::outputs::ledger::match_lines;

/// Shows one token; status 1 when the ledger does not know it.
///
/// # Errors
///
/// A text that names no token, a state that cannot be used.
pub fn show(key: &str, format: Shape, state: &StateFlags) -> anyhow::Result<Exit> {
    let key: TokenKey = key.parse()?;
    let ledger = open(state)?;
    let Some((by, stored)) = ledger.find(&[key])? else {
        say(format_args!("the ledger knows no such token"));
        return Ok(Exit::Found(1));
    };
    let now = now();
    let matched = ledger.answer(by, stored, now, now)?;
    let mut out = std::io::stdout();
    if format == Shape::Json {
        writeln!(out, "{}", serde_json::to_string(&matched)?)?;
        return Ok(Exit::Clean);
    }
    for name in matched.issuance.keys() {
        writeln!(out, "{:<5}  {} ({})", "name", visible(&name.to_string()), name.kind())?;
    }
    for (label, line) in match_lines(&matched) {
        writeln!(out, "{label:<5}  {line}")?;
    }
    for (label, time) in [("from", matched.issuance.issued_at), ("until", matched.issuance.expires_at)] {
        if let Some(time) = time {
            writeln!(out, "{label:<5}  {time}")?;
        }
    }
    for parent in &matched.parents {
        writeln!(out, "{:<5}  {}", "of", visible(&parent.to_string()))?;
    }
    for event in &matched.events {
        let word = serde_json::to_value(event.event)?;
        let reason = event.reason.as_deref().map(|reason| format!(": {}", visible(reason))).unwrap_or_default();
        writeln!(out, "{:<5}  {} {}{reason}", "fact", event.at, word.as_str().unwrap_or_default())?;
    }
    for exposure in &matched.exposures {
        writeln!(
            out,
            "{:<5}  {}:{}, first {}, last {}, {} times",
            "at",
            visible(&exposure.location),
            exposure.line,
            exposure.first_seen,
            exposure.last_seen,
            exposure.count
        )?;
    }
    Ok(Exit::Clean)
}
