//! Alerts go out while the run goes on: in threads of their own, with a connection of their own to the state.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant as Clock};

use tracing::{error, warn};

use crate::cli::ledger::now;
use crate::cli::watch::clerk::{Clerk, Files};
use crate::cli::who::who;
use crate::delivery::courier::{Attempt, Bell, Consequences, Hear, Office, Until};
use crate::delivery::endpoint::Endpoint;
use crate::delivery::vault::Vault;
use crate::model::alert::Alert;
use crate::model::secret::Secret;
use crate::outputs::escape::visible;
use crate::pipeline::alerts::aftermath::Aftermath;
use crate::pipeline::alerts::overdue::Overdue;
use crate::pipeline::alerts::posting::Posting;
use crate::pipeline::watch::meters::Meters;
use crate::store::error::StoreError;
use crate::store::open::open;
use crate::store::outbox::{Claimed, Outcome};
use crate::store::state_dir::Access;

/// How long somebody who stops waits for messages that are on their way; those that are not answered by then are sent again by the next run.
const PATIENCE: Duration = Duration::from_secs(1);

/// Couriers at work.
pub struct Couriers {
    bell: Arc<Bell>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    clerk: Option<Clerk>,
}

impl Couriers {
    /// Sends them out, until this value is dropped.
    ///
    /// # Errors
    ///
    /// The state cannot be opened, or the system has no thread left.
    pub fn begin(posting: &Posting, (place, access): (&str, Access), vault: &Arc<Vault>, meters: &Arc<Meters>, until: Until) -> anyhow::Result<Self> {
        let (bell, stop) = (Arc::<Bell>::default(), Arc::<AtomicBool>::default());
        let mut store = open(place, access)?;
        store.relax()?;
        let desk = Mutex::new(store);
        let overdue = Overdue::new(Arc::clone(&posting.endpoints), posting.revocation.deadline.0, who(Some("watch")));
        let files = |store| Files { store, overdue, meters: Arc::clone(meters), bell: Arc::clone(&bell) };
        let clerk = if until == Until::Stopped { Some(Clerk::begin(files(open(place, access)?))?) } else { None };
        let (endpoints, vault, hear) = (Arc::clone(&posting.endpoints), Arc::clone(vault), Counting::new(meters, &posting.endpoints));
        let (rung, stopped) = (Arc::clone(&bell), Arc::clone(&stop));
        let work = move || {
            let is_stopped = || stopped.load(Ordering::Relaxed);
            let office = Office { desk: &desk, vault: &vault, clock: &now, is_stopped: &is_stopped, hear: &hear, bell: &rung };
            if let Err((name, error)) = office.run(&endpoints, until) {
                error!("endpoint `{name}`: {error}");
            }
        };
        let thread = Builder::new().name("couriers".to_owned()).spawn(work)?;
        Ok(Self { bell, stop, thread: Some(thread), clerk })
    }

    /// Something was queued.
    pub fn ring(&self) {
        self.bell.ring();
    }

    /// Waits until they have nothing more to do, but not longer than this.
    pub fn wait(&mut self, longest: Duration) {
        let began = Clock::now();
        while self.thread.as_ref().is_some_and(|thread| !thread.is_finished()) && began.elapsed() < longest {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Couriers {
    fn drop(&mut self) {
        self.clerk.iter().for_each(Clerk::stop);
        self.stop.store(true, Ordering::Relaxed);
        self.bell.ring();
        self.wait(PATIENCE);
        if let Some(thread) = self.thread.take_if(|thread| thread.is_finished()) {
            drop(thread.join());
        }
    }
}

/// Counts what came of attempts.
struct Counting {
    meters: Arc<Meters>,
    aftermath: Aftermath,
}

impl Counting {
    fn new(meters: &Arc<Meters>, endpoints: &Arc<[Endpoint]>) -> Self {
        Self { meters: Arc::clone(meters), aftermath: Aftermath::new(who(Some("watch")), Arc::clone(endpoints), now) }
    }
}

impl Hear for Counting {
    fn beginning(&self, endpoint: &Endpoint, claimed: &Claimed, alert: &Alert, token: &Secret) {
        self.aftermath.before(endpoint, claimed, alert, token);
    }

    fn attempted(&self, attempt: &Attempt) -> Consequences {
        let (endpoint, outcome) = (attempt.endpoint.name.clone(), attempt.settled.outcome);
        let what = match outcome {
            Outcome::Delivered => "delivered",
            Outcome::Again { .. } => "failed",
            Outcome::Dead => "dead",
            Outcome::NeedsToken => "needs_token",
        };
        self.meters.update(|meters| {
            *meters.deliveries.entry((endpoint.clone(), what)).or_default() += 1;
            if outcome == Outcome::Delivered {
                let waited = now().0.duration_since(attempt.claimed.queued.0);
                meters.delivered_after.observe(waited.as_secs_f64().max(0.0));
            }
        });
        if outcome != Outcome::Delivered {
            let (id, attempts) = (attempt.claimed.id.as_str(), attempt.claimed.attempts);
            warn!(endpoint, id, attempts, "alert not delivered ({what}): {}", visible(&attempt.settled.answer));
        }
        self.aftermath.of(attempt)
    }

    fn failed(&self, error: &StoreError) {
        warn!("outbox: {error}");
    }
}
