//! `text`: the life for people, one line an entry, times aligned.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style as Paint};

use crate::model::grade::Severity;
use crate::model::timeline::{Entry, Placed, Timeline};
use crate::outputs::escape::visible;
use crate::outputs::output::Style;
use crate::outputs::timeline::{quiet, time};

/// Writes it.
///
/// # Errors
///
/// What `out` says when it cannot be written.
pub fn write(out: &mut dyn Write, timeline: &Timeline, style: Style) -> io::Result<()> {
    writeln!(out, "token {}", visible(&timeline.token.to_string()))?;
    for name in &timeline.names {
        writeln!(out, "name  {}", visible(&name.to_string()))?;
    }
    writeln!(out)?;
    for entry in &timeline.entries {
        if let Some(quiet) = quiet(entry) {
            writeln!(out, "{:21}  ... {quiet}", "")?;
        }
        writeln!(out, "{}  {}  {}", time(entry), painted(entry, style), visible(&entry.text))?;
    }
    if timeline.entries.iter().any(|entry| entry.placed == Placed::Ahead) {
        writeln!(out, "\n+ is ahead: it was {} when this was written", timeline.now)?;
    }
    Ok(())
}

fn painted(entry: &Entry, style: Style) -> String {
    let colour = entry.severity.map(|severity| match severity {
        Severity::Critical | Severity::High => AnsiColor::Red,
        Severity::Medium => AnsiColor::Yellow,
        Severity::Low | Severity::Info => AnsiColor::Cyan,
    });
    let paint = match (style, colour) {
        (Style::Colour, Some(colour)) => Paint::new().bold().fg_color(Some(colour.into())),
        _ => Paint::new(),
    };
    format!("{paint}{:<7}{paint:#}", entry.kind.as_str())
}
