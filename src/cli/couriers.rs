//! Alerts go out while the run goes on: in threads of their own, with a connection of their own to the state.

use std::fmt::Display;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant as Clock};

use crate::cli::ledger::now;
use crate::delivery::courier::{Bell, Hear, Office, Until};
use crate::delivery::endpoint::Endpoint;
use crate::delivery::vault::Vault;
use crate::store::open::open;
use crate::store::state_dir::Access;

/// How long somebody who stops waits for messages that are on their way; those that are not answered by then are sent again by the next run.
const PATIENCE: Duration = Duration::from_secs(1);

/// Couriers at work.
pub struct Couriers {
    bell: Arc<Bell>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Couriers {
    /// Sends them out, until this value is dropped; `lost` is told of an endpoint to which there is no way, and why.
    ///
    /// # Errors
    ///
    /// The state cannot be opened, or the system has no thread left.
    pub fn begin(
        endpoints: &Arc<[Endpoint]>,
        (place, access): (&str, Access),
        vault: &Arc<Vault>,
        (hear, lost): (impl Hear + Send + 'static, fn(&str, &dyn Display)),
        until: Until,
    ) -> anyhow::Result<Self> {
        let (bell, stop) = (Arc::<Bell>::default(), Arc::<AtomicBool>::default());
        let mut store = open(place, access)?;
        store.relax()?;
        let desk = Mutex::new(store);
        let (endpoints, vault) = (Arc::clone(endpoints), Arc::clone(vault));
        let (rung, stopped) = (Arc::clone(&bell), Arc::clone(&stop));
        let work = move || {
            let is_stopped = || stopped.load(Ordering::Relaxed);
            let office = Office { desk: &desk, vault: &vault, clock: &now, is_stopped: &is_stopped, hear: &hear, bell: &rung };
            if let Err((name, error)) = office.run(&endpoints, until) {
                lost(&name, &error);
            }
        };
        let thread = Builder::new().name("couriers".to_owned()).spawn(work)?;
        Ok(Self { bell, stop, thread: Some(thread) })
    }

    /// What is rung when something was queued.
    #[must_use]
    pub fn bell(&self) -> &Arc<Bell> {
        &self.bell
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
        self.stop.store(true, Ordering::Relaxed);
        self.bell.ring();
        self.wait(PATIENCE);
        if let Some(thread) = self.thread.take_if(|thread| thread.is_finished()) {
            drop(thread.join());
        }
    }
}
