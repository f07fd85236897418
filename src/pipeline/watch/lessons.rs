//! What judging learns from step to step, and from one run to the next: habits of identities, clocks of logs, tokens that are used very often.

use std::sync::Arc;
use std::time::Duration;

use crate::ledger::ledger::Ledger;
use crate::model::instant::Instant;
use crate::pipeline::replay::gather::{Gathered, Learned};
use crate::pipeline::replay::habits::{Habits, Numbers};
use crate::pipeline::replay::hot::{self, Hot};
use crate::pipeline::replay::requests::Requests;
use crate::store::error::StoreError;

/// How long habits and clocks are not written down: after a crash, what they learned since is learned from what comes.
const LAZY: Duration = Duration::from_mins(1);

/// What was learned.
pub struct Lessons {
    habits: Habits,
    requests: Requests,
    hot: Hot,
    kept_at: Duration,
}

impl Lessons {
    /// What the state holds; names become numbers as they did when it was written.
    ///
    /// # Errors
    ///
    /// [`StoreError`]
    pub fn read(ledger: &Ledger, numbers: &Numbers) -> Result<Self, StoreError> {
        let store = ledger.store();
        let hot = Hot::waiting(&store.values(hot::PREFIX)?);
        Ok(Self { habits: Habits::read(&**store, numbers)?, requests: Requests::read(&**store)?, hot, kept_at: Duration::ZERO })
    }

    /// Gathers a step that goes on with it.
    pub fn lend(&mut self, ledger: &Arc<Ledger>) -> Gathered {
        let mut gathered = Gathered::new(Arc::clone(ledger));
        gathered.habits = std::mem::take(&mut self.habits);
        gathered.requests = std::mem::take(&mut self.requests);
        gathered.hot = Some(std::mem::take(&mut self.hot));
        gathered.learned = Learned::Held;
        gathered
    }

    /// Has it written down with the step, where that was long ago.
    pub fn keep(&mut self, gathered: &mut Gathered, clock: Duration) {
        if clock >= self.kept_at + LAZY {
            (gathered.learned, self.kept_at) = (Learned::Kept, clock);
        }
    }

    /// Takes back what a step went on with.
    pub fn take_back(&mut self, gathered: Gathered) {
        self.habits = gathered.habits;
        self.requests = gathered.requests;
        self.hot = gathered.hot.unwrap_or_default();
    }

    /// Whether tokens are to be judged that have waited.
    #[must_use]
    pub fn has_due(gathered: &Gathered, now: Instant) -> bool {
        gathered.hot.as_ref().is_some_and(|hot| hot.has_due(now))
    }

    /// Tokens that wait are due at once.
    pub fn hurry(&mut self) {
        self.hot.hurry();
    }
}
