//! `beartrap watch`: from flags to an endless run, and what the world says to it meanwhile.

#[cfg(feature = "serve")]
mod answers;
mod clerk;
mod counting;
mod follow;
mod loaded;
mod log;
mod service;
pub mod status;
mod telling;
#[cfg(feature = "tui")]
mod tui;
#[cfg(feature = "tui")]
mod view;

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant as Clock, SystemTime};

use signal_hook::consts::SIGHUP;
use tracing::{error, info, warn};

use crate::cli::exit::Exit;
use crate::cli::ledger::{keys_directory, open, place};
use crate::cli::signals::hear_signals;
use crate::cli::watch::follow::{Course, Ended, Following, Said};
use crate::cli::watch::loaded::{Loaded, targets};
use crate::cli::watch::log::Sink;
use crate::cli::watch::service::Service;
use crate::cli::watch::status::status;
use crate::cli::watch::telling::Telling;
#[cfg(feature = "tui")]
use crate::cli::watch::tui::{Shown, Tui};
use crate::config::flags::Colour;
use crate::config::watch_flags::{Begin, WatchFlags};
use crate::outputs::summary::counted;
use crate::pipeline::watch::meters::{Meters, total};
use crate::pipeline::watch::pace::Pace;
use crate::pipeline::watch::steps::Watch;
use crate::sources::follow::changes::Changes;
use crate::sources::follow::file_id::FileId;

/// How long is waited after a step that failed.
const BACK_OFF: Duration = Duration::from_secs(1);

/// Follows files until somebody says stop.
///
/// # Errors
///
/// What keeps the run from beginning.
pub fn watch(flags: &WatchFlags, colour: Colour) -> anyhow::Result<Exit> {
    if flags.status {
        return status(flags);
    }
    let (meters, said, clock) = (Arc::<Meters>::default(), Said::default(), Clock::now());
    let (sink, out) = outlets(flags, &meters);
    log::begin(&flags.showing, sink);
    let targets = targets(flags)?;
    let ledger = Arc::new(open(&flags.state)?);
    let (place, _) = place(&flags.state)?;
    // The state's own directory is not followed.
    let own = keys_directory(&place).and_then(|own| own.canonicalize().ok());
    let (changes, problem) = Changes::new(own.clone());
    if let Some(problem) = problem {
        warn!("the system does not tell of changes: {problem}; files are asked for instead");
    }
    let (waker, reload) = (changes.waker(), Arc::clone(&said.reload));
    hear_signals(&said.stop, &[SIGHUP], move |signal| {
        reload.fetch_or(signal == SIGHUP, Ordering::Relaxed);
        waker.wake();
    })?;
    let mut loaded = Loaded::new(flags, &ledger)?;
    let telling = Telling::new(flags, colour, (out, Arc::clone(&meters)));
    if flags.from == Begin::Start {
        Watch::forget(&ledger)?;
    }
    #[cfg(feature = "serve")]
    answers::begin(&flags.showing, (&meters, &said.stop), clock)?;
    let service = Service::begin(&meters, &said.stop, clock)?;
    let mut course = Course { changes, telling, pace: Pace::new(flags.rate, clock.elapsed()), there: None, show_at: Duration::ZERO };
    let began = (clock, SystemTime::now());
    let own = own.and_then(|own| own.metadata().ok()).map(|own| FileId::of(&own));
    let following = Following { flags, targets: &targets, own, ledger: &ledger, said: &said, meters: &meters, service: &service, began };
    info!(version = env!("CARGO_PKG_VERSION"), targets = targets.len(), "begun");
    #[cfg(feature = "tui")]
    let view = flags.showing.tui.then(|| {
        let (stop, waker) = (Arc::clone(&said.stop), course.changes.waker());
        Tui::begin(Shown { meters: Arc::clone(&meters), stop, waker, clock, colour })
    });
    #[cfg(feature = "tui")]
    let view = view.transpose()?;
    let is_whole = run(&following, &mut loaded, &mut course)?;
    service.stopping();
    #[cfg(feature = "tui")]
    drop(view);
    Ok(end(&meters, clock, is_whole))
}

/// Where lines about the run and results go.
fn outlets(flags: &WatchFlags, meters: &Arc<Meters>) -> (Sink, Box<dyn Write + Send>) {
    #[cfg(feature = "tui")]
    if flags.showing.tui {
        return (Sink::View(Arc::clone(meters)), tui::results());
    }
    let _ = (flags, meters);
    (Sink::Stderr, Box::new(io::stdout()))
}

/// Goes on until the end; whether every step was done.
fn run(following: &Following, loaded: &mut Loaded, course: &mut Course) -> anyhow::Result<bool> {
    let Following { flags, ledger, said, meters, service, .. } = following;
    loop {
        course.telling.begin(&loaded.engine)?;
        match following.follow(loaded, course) {
            Ok(Ended::Stopped) => return Ok(true),
            Ok(Ended::Reload) => {
                service.reloading();
                match Loaded::new(flags, ledger) {
                    Ok(new) => {
                        *loaded = new;
                        meters.update(|meters| meters.reloads += 1);
                        info!("settings and rules read again");
                    }
                    Err(error) => {
                        meters.update(|meters| meters.failed_reloads += 1);
                        warn!(hint = "the run goes on with what it had", "{error:#}");
                    }
                }
                service.ready();
            }
            // Nobody reads any more: what was not told is told by the next run.
            Err(error) if is_closed(&error) => return Ok(true),
            // A step that failed is done again.
            Err(error) => {
                meters.update(|meters| (meters.failed_steps, meters.failing) = (meters.failed_steps + 1, meters.failing + 1));
                error!(hint = "nothing is lost; it is tried again", again_in_seconds = BACK_OFF.as_secs(), "{error:#}");
                if flags.once {
                    return Ok(false);
                }
                if let Some(posting) = &mut loaded.judging.posting {
                    posting.forget();
                }
                std::thread::sleep(BACK_OFF);
            }
        }
        if said.stop.is_cancelled() {
            return Ok(true);
        }
    }
}

/// Says what there was.
fn end(meters: &Meters, clock: Clock, is_whole: bool) -> Exit {
    let counted_all = meters.snapshot();
    let (findings, judgements) = (total(&counted_all.findings), total(&counted_all.judgements));
    let (bytes, problems, seconds) = (counted_all.bytes, total(&counted_all.problems), clock.elapsed().as_secs_f64());
    info!(
        findings,
        judgements,
        bytes,
        problems,
        "ended after {seconds:.1} s: {}, {}, {}",
        counted(findings, "finding"),
        counted(judgements, "judgement"),
        counted(problems, "problem")
    );
    if problems > 0 || !is_whole { Exit::Incomplete } else { Exit::Clean }
}

fn is_closed(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
