//! Looks after requests to revoke: tells once of those that are not confirmed in time, and of tokens that died otherwise than by our own question.
//!
//! **Invariant:** what was told is known by its id in the outbox, so that no run, and no restart, tells it again.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;

use crate::delivery::endpoint::{Endpoint, alert_id};
use crate::model::alert::{Alert, Event};
use crate::model::audit::{AuditKind, AuditRecord};
use crate::model::instant::Instant;
use crate::pipeline::alerts::queued::{overdue, queued, revoked};
use crate::pipeline::alerts::requests::request;
use crate::store::audit::Note;
use crate::store::error::StoreError;
use crate::store::outbox::{Begins, State};
use crate::store::step::Step;
use crate::store::store::Store;

/// How often requests are looked at, at most; also a tenth of the deadline is often enough.
const OFTEN: Duration = Duration::from_secs(30);
/// The least time between two looks.
const SELDOM: Duration = Duration::from_millis(100);

/// Who looks after requests.
pub struct Overdue {
    endpoints: Arc<[Endpoint]>,
    deadline: SignedDuration,
    who: String,
    /// Requests of which there is nothing more to tell.
    ended: HashSet<String>,
    /// Alerts that were told.
    told: HashSet<String>,
}

impl Overdue {
    /// Tells these endpoints; `who` stands in the audit log.
    #[must_use]
    pub fn new(endpoints: Arc<[Endpoint]>, deadline: SignedDuration, who: String) -> Self {
        Self { endpoints, deadline, who, ended: HashSet::new(), told: HashSet::new() }
    }

    /// How long is waited between two looks.
    #[must_use]
    pub fn pause(&self) -> Duration {
        (self.deadline.unsigned_abs() / 10).clamp(SELDOM, OFTEN)
    }

    /// Looks; how many alerts were queued.
    ///
    /// # Errors
    ///
    /// [`StoreError`]; what was told by then stays told.
    pub fn look(&mut self, store: &mut dyn Store, now: Instant) -> Result<usize, StoreError> {
        let mut open = Vec::new();
        let ended = &self.ended;
        store.alerts(Event::RevocationRequested, &mut |id, at, json| {
            if !ended.contains(id) {
                open.push((id.to_owned(), at, json.to_owned()));
            }
        })?;
        let mut queued = 0;
        for (id, at, json) in open {
            // One that this version cannot read, or that asks for nothing, is nobody's.
            let alert = serde_json::from_str::<Alert>(&json).ok().filter(|alert| alert.data.action.is_some());
            let is_over = match alert {
                Some(alert) => self.look_at((&id, at, alert), (store, now), &mut queued)?,
                None => true,
            };
            if is_over {
                self.ended.insert(id);
            }
        }
        Ok(queued)
    }

    /// Looks at one request; whether there is nothing more to tell of it.
    fn look_at(
        &mut self,
        (id, at, alert): (&str, Instant, Alert),
        (store, now): (&mut dyn Store, Instant),
        queued: &mut usize,
    ) -> Result<bool, StoreError> {
        let request = request(&*store, id.to_owned(), at, alert.clone())?;
        if let Some(confirmed) = request.confirmed {
            *queued += self.tell(&revoked(&alert, confirmed), (AuditKind::Confirmed, "the token is revoked"), (store, now))?;
            return Ok(true);
        }
        // What somebody gave up, somebody has looked at.
        let is_dropped = !request.deliveries.is_empty() && request.deliveries.iter().all(|delivery| delivery.state == State::Dropped);
        if request.is_late(self.deadline, now) && !is_dropped {
            *queued += self.tell(&overdue(&alert, now), (AuditKind::Decided, "a person looks after it: not revoked in time"), (store, now))?;
        }
        Ok(false)
    }

    /// Tells whoever wants to hear of it, unless that was done; how many alerts that makes.
    fn tell(&mut self, alert: &Alert, (kind, what): (AuditKind, &str), (store, now): (&mut dyn Store, Instant)) -> Result<usize, StoreError> {
        let id = alert_id(alert);
        if self.told.contains(&id) || store.alert(&id)?.is_some() {
            self.told.insert(id);
            return Ok(0);
        }
        let wanted = self.endpoints.iter().filter(|endpoint| endpoint.wants(alert));
        let Some(new) = queued(alert, wanted, Begins::Due, now) else { return Ok(0) };
        let record = AuditRecord::new(kind, &self.who, what).about(alert);
        store.commit(&Step { alerts: &[new], notes: &[Note::new(now, &record)], ..Step::default() })?;
        self.told.insert(id);
        Ok(1)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::time::Duration;

    use jiff::SignedDuration;
    use serde_json::json;

    use crate::delivery::endpoint::Endpoint;
    use crate::delivery::network::Network;
    use crate::delivery::payload::{PAYLOADS, sample};
    use crate::delivery::schedule::{Schedule, later};
    use crate::ledger::batch::Ready;
    use crate::ledger::ledger::Ledger;
    use crate::model::alert::{ActionKind, Alert, Event};
    use crate::model::grade::Severity;
    use crate::model::instant::Instant;
    use crate::model::issuance::Issuance;
    use crate::model::lifecycle::{LifecycleEvent, LifecycleKind, Target};
    use crate::pipeline::alerts::overdue::Overdue;
    use crate::pipeline::alerts::queued::queued;
    use crate::store::outbox::{Begins, Which};
    use crate::store::sqlite::Sqlite;
    use crate::store::state_dir::Access;
    use crate::store::step::Step;
    use crate::store::store::Store;

    fn endpoint(name: &str, event: Event) -> Endpoint {
        Endpoint {
            name: name.to_owned(),
            payload: &PAYLOADS[0],
            to: sample::addressee(),
            events: BTreeSet::from([event]),
            min_severity: Severity::Info,
            issuers: Vec::new(),
            concurrency: 1,
            schedule: Schedule::default(),
            network: Network { loopback: false, networks: Vec::new(), ca_file: None, timeout: Duration::from_secs(1) },
            introspection: None,
        }
    }

    fn at(seconds: u64) -> Instant {
        later(Instant::from_text("2026-03-02T10:00:00Z").expect("because it is a time"), Duration::from_secs(seconds))
    }

    fn told(store: &dyn Store, event: Event) -> Vec<Alert> {
        let mut told = Vec::new();
        let read = |json: &str| serde_json::from_str(json).expect("because it is an alert");
        store.alerts(event, &mut |_, _, json| told.push(read(json))).expect("because it is there");
        told
    }

    #[test]
    fn late_requests_and_dead_tokens_are_told_once() {
        let directory = tempfile::tempdir().expect("because there is room");
        let store = Sqlite::open(&directory.path().join("state"), Access::Owner).expect("because it is empty");
        let ledger = Ledger::open(Box::new(store), [7; 16]).expect("because it is empty");
        let issued: Issuance = serde_json::from_value(json!({"fp": sample::FP, "iss": "https://issuer.example"})).expect("because it is a record");
        let mut ready = Some((Ready::issued(&issued, None), None));
        ledger.import(&mut || ready.take()).expect("because there is room");
        let mut guard = ledger.store();
        let store = &mut **guard;
        let revoker = [endpoint("as", Event::RevocationRequested)];
        let request = queued(&sample::requested(), revoker.iter(), Begins::Held, at(0)).expect("because somebody is told");
        store.commit(&Step { alerts: &[request], ..Step::default() }).expect("because there is room");
        let new = || {
            let endpoints = [endpoint("late", Event::Updated), endpoint("dead", Event::Revoked)];
            Overdue::new(endpoints.into(), SignedDuration::from_secs(60), "watch@host".to_owned())
        };
        let mut overdue = new();
        let look = |overdue: &mut Overdue, store: &mut dyn Store, second| overdue.look(store, at(second)).expect("because it is there");
        assert_eq!([60, 61, 62].map(|second| look(&mut overdue, store, second)), [0, 1, 0]);
        assert_eq!(look(&mut new(), store, 63), 0, "nor does another run tell it again");
        let late = told(store, Event::Updated).remove(0).data.action.expect("because something is to be done");
        assert_eq!((late.kind, late.reason.as_str()), (ActionKind::Review, "revocation_not_confirmed"));
        let target = Target::Key(sample::FP.parse().expect("because it is a name"));
        let event = LifecycleEvent { event: LifecycleKind::Revoked, target, at: at(70), reason: None, successor: None };
        store.commit(&Step { events: &[event], ..Step::default() }).expect("because there is room");
        assert_eq!([71, 72].map(|second| look(&mut overdue, store, second)), [1, 0]);
        assert_eq!(look(&mut new(), store, 73), 0);
        assert_eq!(told(store, Event::Revoked).iter().map(|alert| alert.timestamp).collect::<Vec<_>>(), [at(70)]);
        let to = store.deliveries(&Which::default(), 0, 10).expect("because it is there").into_iter().map(|delivery| delivery.endpoint);
        assert_eq!(to.collect::<Vec<_>>(), ["as", "late", "dead"]);
        assert_eq!(store.notes(1, 10).expect("because it is there").len(), 2);
    }

    #[test]
    fn a_look_is_taken_in_time() {
        let check = |deadline, expected: u64| {
            let overdue = Overdue::new([].into(), SignedDuration::from_millis(deadline), String::new());
            assert_eq!(overdue.pause(), Duration::from_millis(expected), "{deadline}");
        };
        check(900_000, 30_000);
        check(10_000, 1_000);
        check(0, 100);
    }
}
