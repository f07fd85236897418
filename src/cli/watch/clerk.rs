//! Looks after the outbox while alerts go out: counts what stands in it, and has late revocations told.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant as Clock};

use tracing::{info, warn};

use crate::cli::ledger::now;
use crate::delivery::courier::Bell;
use crate::pipeline::alerts::overdue::Overdue;
use crate::pipeline::watch::meters::Meters;
use crate::store::error::StoreError;
use crate::store::store::Store;

/// How often what stands in the outbox is counted.
const COUNT: Duration = Duration::from_secs(3);
/// A look takes no more than this share of the time.
const SHARE: u32 = 50;

/// A clerk at work.
pub struct Clerk {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

/// What a clerk works with.
pub struct Files {
    /// A connection of its own to the state.
    pub store: Box<dyn Store>,
    /// Who looks after requests.
    pub overdue: Overdue,
    /// Where it is counted.
    pub meters: Arc<Meters>,
    /// Rung when something was queued.
    pub bell: Arc<Bell>,
}

impl Clerk {
    /// Begins to look, until this value is dropped.
    ///
    /// # Errors
    ///
    /// The system has no thread left.
    pub fn begin(mut files: Files) -> std::io::Result<Self> {
        let stop = Arc::<AtomicBool>::default();
        let stopped = Arc::clone(&stop);
        let work = move || {
            let mut rounds = [Round::new(COUNT), Round::new(files.overdue.pause())];
            while !stopped.load(Ordering::Relaxed) {
                let [count, look] = &mut rounds;
                count.turn(|| files.count());
                look.turn(|| files.look());
                let next = rounds.iter().map(|round| round.next).min().unwrap_or_else(Clock::now);
                std::thread::park_timeout(next.saturating_duration_since(Clock::now()));
            }
        };
        Ok(Self { stop, thread: Builder::new().name("clerk".to_owned()).spawn(work)? })
    }
}

impl Drop for Clerk {
    /// It stops at its next look; nobody waits for it.
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.thread().unpark();
    }
}

impl Files {
    fn count(&self) -> Result<(), StoreError> {
        let queues = self.store.queues()?;
        let counts = queues.into_iter().map(|queue| ((queue.endpoint, queue.state.as_str()), queue.count)).collect();
        self.meters.update(|meters| meters.outbox = counts);
        Ok(())
    }

    fn look(&mut self) -> Result<(), StoreError> {
        let queued = self.overdue.look(&mut *self.store, now())?;
        if queued > 0 {
            info!(alerts = queued, "requests to revoke were looked at");
            self.bell.ring();
        }
        Ok(())
    }
}

/// Something that is done again and again.
struct Round {
    pause: Duration,
    next: Clock,
}

impl Round {
    fn new(pause: Duration) -> Self {
        Self { pause, next: Clock::now() }
    }

    fn turn(&mut self, work: impl FnOnce() -> Result<(), StoreError>) {
        let began = Clock::now();
        if began < self.next {
            return;
        }
        if let Err(error) = work() {
            warn!("outbox: {error}");
        }
        self.next = Clock::now() + self.pause.max(began.elapsed() * SHARE);
    }
}
