//! What systemd is told of a run that it started: ready, reloading, alive, stopping, and in a line how it goes.

use std::sync::Arc;
use std::time::{Duration, Instant as Clock};

use sd_notify::NotifyState;
use tracing::warn;

use crate::outputs::summary::counted;
use crate::pipeline::progress::Progress;
use crate::pipeline::watch::meters::{Meters, Snapshot, total};
use crate::pipeline::watch::pulse::Pulse;

/// How often the line is written where no watchdog asks for more.
const LINE: Duration = Duration::from_secs(5);

/// Tells systemd, where it wants to hear.
pub struct Service {
    listens: bool,
}

impl Service {
    /// Says from now on that the run is alive, as long as it is.
    ///
    /// # Errors
    ///
    /// The system gives no thread.
    pub fn begin(meters: &Arc<Meters>, progress: &Arc<Progress>, clock: Clock) -> std::io::Result<Self> {
        let listens = std::env::var_os("NOTIFY_SOCKET").is_some_and(|socket| !socket.is_empty());
        if listens {
            let (meters, progress) = (Arc::clone(meters), Arc::clone(progress));
            std::thread::Builder::new().name("service".into()).spawn(move || beat(&meters, &progress, clock))?;
        }
        Ok(Self { listens })
    }

    /// Whether systemd wants to hear.
    pub fn listens(&self) -> bool {
        self.listens
    }

    /// Files were looked at for the first time, or settings read again.
    pub fn ready(&self) {
        self.tell(&[NotifyState::Ready]);
    }

    /// Settings are read again.
    pub fn reloading(&self) {
        if let Ok(now) = NotifyState::monotonic_usec_now() {
            self.tell(&[NotifyState::Reloading, now]);
        }
    }

    /// The run ends.
    pub fn stopping(&self) {
        self.tell(&[NotifyState::Stopping]);
    }

    fn tell(&self, states: &[NotifyState]) {
        if self.listens
            && let Err(error) = sd_notify::notify(states)
        {
            warn!(%error, "systemd cannot be told");
        }
    }
}

/// Says again and again how it goes, until the run is to end.
fn beat(meters: &Arc<Meters>, progress: &Arc<Progress>, clock: Clock) {
    let patience = sd_notify::watchdog_enabled();
    // Three times in the time that the watchdog gives, so that it hears twice even if one comes late.
    let pause = patience.map_or(LINE, |patience| (patience / 3).min(LINE));
    let pulse = Pulse::new(Arc::clone(meters), Arc::clone(progress));
    while !progress.is_cancelled() {
        std::thread::sleep(pause);
        let line = line(&meters.snapshot());
        let mut states = vec![NotifyState::Status(&line)];
        states.extend(patience.filter(|patience| pulse.still(clock.elapsed()) < *patience / 2).map(|_| NotifyState::Watchdog));
        if !progress.is_cancelled() {
            // Where nobody hears, nobody is to be told of it.
            drop(sd_notify::notify(&states));
        }
    }
}

/// How it goes, in a line.
fn line(snapshot: &Snapshot) -> String {
    let lag = snapshot.lag();
    let behind = if lag.files == 0 { "none behind".to_owned() } else { format!("{} behind by {:.1} MB", lag.files, lag.bytes as f64 / 1e6) };
    let failing = if snapshot.failing == 0 { String::new() } else { format!("; the last {} failed", counted(snapshot.failing, "step")) };
    format!(
        "{}, {behind}; {}, {}, {}{failing}",
        counted(lag.followed, "file"),
        counted(total(&snapshot.findings), "finding"),
        counted(total(&snapshot.judgements), "judgement"),
        counted(total(&snapshot.problems), "problem")
    )
}

#[cfg(test)]
mod tests {
    use crate::cli::watch::service::line;
    use crate::pipeline::watch::meters::Snapshot;

    #[test]
    fn the_line_says_how_it_goes() {
        assert_eq!(line(&Snapshot::default()), "0 files, none behind; 0 findings, 0 judgements, 0 problems");
        let failing = line(&Snapshot { failing: 2, ..Snapshot::default() });
        assert!(failing.ends_with("; the last 2 steps failed"), "{failing}");
    }
}
