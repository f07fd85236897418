//! The terminal while the live view is in it: drawn again and again, its keys heard, and left as it was found.

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant as Clock};

use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use ratatui::crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use ratatui::crossterm::{cursor, execute};

use crate::cli::terminal::style;
use crate::cli::watch::view::{Seen, draw};
use crate::config::flags::Colour;
use crate::pipeline::progress::Progress;
use crate::pipeline::watch::meters::Meters;
use crate::sources::follow::changes::Waker;

/// How often it is drawn.
const FRAME: Duration = Duration::from_millis(250);
/// Over how long a rate is taken.
const RATE: Duration = Duration::from_secs(2);

/// What is shown, and how the run is ended.
pub struct Shown {
    /// What is counted.
    pub meters: Arc<Meters>,
    /// What ends the run.
    pub stop: Arc<Progress>,
    /// What wakes it.
    pub waker: Waker,
    /// When it began.
    pub clock: Clock,
    /// Whether colours are used.
    pub colour: Colour,
}

/// The view, as long as it lasts.
pub struct Tui {
    done: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// Where the view is drawn: on standard output where that is the terminal, so that results written to a file are no trouble.
fn screen() -> anyhow::Result<Box<dyn Write + Send>> {
    if io::stdout().is_terminal() {
        return Ok(Box::new(io::stdout()));
    }
    anyhow::ensure!(io::stderr().is_terminal(), "`--tui` needs a terminal\nhint: without it, findings are written to standard output");
    Ok(Box::new(io::stderr()))
}

/// Where results are written while the view is shown: to standard output, but not into the view.
#[must_use]
pub fn results() -> Box<dyn Write + Send> {
    if io::stdout().is_terminal() { Box::new(io::sink()) } else { Box::new(io::stdout()) }
}

impl Tui {
    /// Shows the view in a thread of its own.
    ///
    /// # Errors
    ///
    /// There is no terminal.
    pub fn begin(shown: Shown) -> anyhow::Result<Self> {
        let screen = Screen::take(screen()?)?;
        let done = Arc::<AtomicBool>::default();
        let until = Arc::clone(&done);
        let thread = std::thread::Builder::new().name("tui".into()).spawn(move || {
            // A terminal that is gone ends the run as a person would.
            if show(screen, &shown, &until).is_err() || !until.load(Ordering::Relaxed) {
                shown.stop.cancel();
                shown.waker.wake();
            }
        })?;
        Ok(Self { done, thread: Some(thread) })
    }
}

impl Drop for Tui {
    fn drop(&mut self) {
        self.done.store(true, Ordering::Relaxed);
        drop(self.thread.take().map(JoinHandle::join));
    }
}

/// The terminal, taken until this is dropped.
struct Screen(Box<dyn Write + Send>);

impl Screen {
    fn take(mut out: Box<dyn Write + Send>) -> io::Result<Self> {
        enable_raw_mode()?;
        let begun = execute!(out, EnterAlternateScreen, cursor::Hide);
        let screen = Self(out);
        begun.map(|()| screen)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        drop(execute!(self.0, LeaveAlternateScreen, cursor::Show));
        drop(disable_raw_mode());
    }
}

/// Draws until the run is done, or somebody says that it is.
fn show(mut screen: Screen, shown: &Shown, done: &AtomicBool) -> io::Result<()> {
    let mut terminal = Terminal::new(CrosstermBackend::new(&mut screen.0))?;
    let (mut since, mut rate) = ((Duration::ZERO, 0), 0);
    while !done.load(Ordering::Relaxed) {
        let (snapshot, elapsed) = (shown.meters.snapshot(), shown.clock.elapsed());
        if elapsed >= since.0 + RATE {
            let milliseconds = elapsed.saturating_sub(since.0).as_millis() as u64;
            rate = snapshot.bytes.saturating_sub(since.1).saturating_mul(1000) / milliseconds.max(1);
            since = (elapsed, snapshot.bytes);
        }
        let seen = Seen { snapshot, rate, elapsed, style: style(shown.colour) };
        terminal.draw(|frame| draw(frame, &seen))?;
        if event::poll(FRAME)? && is_end(&event::read()?) {
            return Ok(());
        }
    }
    Ok(())
}

fn is_end(event: &Event) -> bool {
    let Event::Key(KeyEvent { code, modifiers, kind, .. }) = event else { return false };
    let is_key = matches!(code, KeyCode::Char('q') | KeyCode::Esc) || (*code == KeyCode::Char('c') && modifiers.contains(KeyModifiers::CONTROL));
    is_key && *kind != KeyEventKind::Release
}
