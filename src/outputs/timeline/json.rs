//! `json`: the life as one JSON object on a line.

use std::io::{self, Write};

use crate::model::timeline::Timeline;
use crate::outputs::json_text::json_line;

/// Writes it.
///
/// # Errors
///
/// What `out` says when it cannot be written.
pub fn write(out: &mut dyn Write, timeline: &Timeline) -> io::Result<()> {
    out.write_all(&json_line(timeline)?)
}
