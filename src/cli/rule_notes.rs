//! What a run says of other tools' rule files: rules that are skipped first, and not more than a screenful.

use crate::cli::terminal::say;
use crate::rules::foreign::note::Note;

/// The most notes that are told.
const MOST: usize = 20;

/// Tells notes on standard error.
pub fn say_notes(notes: &[Note]) {
    let (losses, others): (Vec<&Note>, Vec<&Note>) = notes.iter().partition(|note| note.what.is_loss());
    for note in losses.into_iter().chain(others).take(MOST) {
        say(format_args!("{note}"));
    }
    if let Some(last) = notes.get(MOST) {
        let more = notes.len() - MOST;
        say(format_args!("{more} more notes on rules of other tools\nhint: `beartrap rules check {}` tells all", last.file));
    }
}
