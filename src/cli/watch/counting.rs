//! What a run counts and says of alerts that go out.

use std::fmt::Display;
use std::sync::Arc;

use tracing::{error, warn};

use crate::cli::ledger::now;
use crate::cli::who::who;
use crate::delivery::courier::{Attempt, Consequences, Hear};
use crate::delivery::endpoint::Endpoint;
use crate::model::alert::Alert;
use crate::model::secret::Secret;
use crate::outputs::escape::visible;
use crate::pipeline::alerts::aftermath::Aftermath;
use crate::pipeline::watch::meters::Meters;
use crate::store::error::StoreError;
use crate::store::outbox::{Claimed, Outcome};

/// Counts what came of attempts, and says what failed.
pub struct Counting {
    meters: Arc<Meters>,
    aftermath: Aftermath,
}

impl Counting {
    /// Counts in these meters.
    pub fn new(meters: &Arc<Meters>, endpoints: &Arc<[Endpoint]>) -> Self {
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

/// There is no way to an endpoint.
pub fn lost(endpoint: &str, error: &dyn Display) {
    error!("endpoint `{endpoint}`: {error}");
}
