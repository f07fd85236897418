//! `beartrap timeline`: one token's life, from everything that the state keeps of it.

use std::io::{BufWriter, Write};

use crate::cli::exit::Exit;
use crate::cli::ledger::{now, open};
use crate::cli::terminal::style;
use crate::config::file::Settings;
use crate::config::flags::Colour;
use crate::config::timeline_flags::{TimelineFlags, TimelineFormat};
use crate::model::token_key::TokenKey;
use crate::outputs::timeline::{html, json, text};
use crate::pipeline::timeline::timeline as life;

/// Writes a token's life to standard output.
///
/// # Errors
///
/// A name that nobody knows, a state that cannot be used, output that cannot be written.
pub fn timeline(flags: &TimelineFlags, colour: Colour) -> anyhow::Result<Exit> {
    let key: TokenKey = flags.key.parse()?;
    let settings = Settings::read(flags.config.as_deref())?;
    let life = life(&open(&flags.state)?, &key, &settings.detect, now())?;
    let mut out = BufWriter::new(std::io::stdout().lock());
    match flags.format {
        TimelineFormat::Text => text::write(&mut out, &life, style(colour))?,
        TimelineFormat::Json => json::write(&mut out, &life)?,
        TimelineFormat::Html => html::write(&mut out, &life)?,
    }
    out.flush()?;
    Ok(Exit::Clean)
}
