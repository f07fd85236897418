//! The terminal: messages to people on standard error, colour, and the progress line.

use std::fmt::Arguments;
use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::config::flags::Colour;
use crate::outputs::output::Style;
use crate::pipeline::progress::Progress;

/// How long a run must last before its progress is shown.
const QUIET_START: Duration = Duration::from_millis(800);

/// Writes one message to standard error; where nobody listens, it is lost.
pub fn say(message: Arguments) {
    drop(writeln!(std::io::stderr(), "{message}"));
}

/// Whether text to standard output may be coloured.
#[must_use]
pub fn style(colour: Colour) -> Style {
    let choice = match colour {
        Colour::Always => anstream::ColorChoice::Always,
        Colour::Never => anstream::ColorChoice::Never,
        Colour::Auto => anstream::AutoStream::choice(&std::io::stdout()),
    };
    if choice == anstream::ColorChoice::Never { Style::Plain } else { Style::Colour }
}

/// Whether a progress line makes sense: a person watches, and nothing else writes to the terminal.
#[must_use]
pub fn shows_progress() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("CI").is_none_or(|ci| ci.is_empty() || ci == "false")
}

/// Draws the progress of a run until `done` is set; `total` in bytes where it is known.
pub fn draw(progress: &Progress, total: Option<u64>, done: &AtomicBool) {
    let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr());
    let template = match total {
        Some(_) => "{bar:30} {bytes}/{total_bytes}  {bytes_per_sec}  {eta} left  {msg}",
        None => "{spinner} {bytes}  {bytes_per_sec}  {msg}",
    };
    bar.set_style(ProgressStyle::with_template(template).expect("because the template is fixed"));
    let mut waited = Duration::ZERO;
    let step = Duration::from_millis(50);
    while !done.load(Ordering::Relaxed) {
        std::thread::sleep(step);
        waited += step;
        if waited > QUIET_START {
            bar.set_position(progress.bytes());
            bar.set_message(format!("{} files, {} findings", progress.files(), progress.findings()));
        }
    }
    bar.finish_and_clear();
}
