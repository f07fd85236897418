//! What a run says about itself: lines with a time and a level on standard error, or in the live view.

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;

use tracing::Level;
use tracing::warn;

use crate::config::watch_flags::{LogFormat, LogLevel, ShowingFlags};
use crate::model::problem::Problem;
use crate::outputs::escape::visible;
use crate::outputs::place::origin_text;
use crate::pipeline::watch::meters::Meters;

/// Where lines go.
#[derive(Clone)]
pub enum Sink {
    /// Standard error; where nobody listens, they are lost.
    Stderr,
    /// The messages that the live view shows.
    #[cfg_attr(not(feature = "tui"), expect(dead_code, reason = "nobody looks"))]
    View(Arc<Meters>),
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stderr => io::stderr().write(bytes),
            Self::View(meters) => {
                let line = String::from_utf8_lossy(bytes).trim_end().to_owned();
                meters.update(|meters| meters.add_message(line));
                Ok(bytes.len())
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Says from now on what the user wants to hear.
pub fn begin(flags: &ShowingFlags, sink: Sink) {
    let level = match flags.log_level {
        LogLevel::Error => Level::ERROR,
        LogLevel::Warn => Level::WARN,
        LogLevel::Info => Level::INFO,
        LogLevel::Debug => Level::DEBUG,
    };
    let level = if flags.quiet { level.min(Level::WARN) } else { level };
    let is_coloured =
        matches!(sink, Sink::Stderr) && io::stderr().is_terminal() && anstream::AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never;
    let lines = tracing_subscriber::fmt().with_max_level(level).with_target(false).with_ansi(is_coloured).log_internal_errors(false);
    // Where somebody else in this process has said how, it stays so.
    drop(match (flags.log_format, &sink) {
        (LogFormat::Json, Sink::Stderr) => lines.with_writer(move || sink.clone()).json().flatten_event(true).with_current_span(false).try_init(),
        (LogFormat::Text, Sink::Stderr) => lines.with_writer(move || sink.clone()).try_init(),
        (_, Sink::View(_)) => lines.without_time().with_writer(move || sink.clone()).try_init(),
    });
}

/// Says that something was not read.
pub fn problem(problem: &Problem) {
    let (message, hint) = problem.message.split_once("\nhint: ").map_or((problem.message.as_str(), None), |(message, hint)| (message, Some(hint)));
    let hint = hint.map(visible);
    warn!(place = %origin_text(&problem.origin), kind = problem.kind.as_str(), hint, "{}", visible(message));
}
