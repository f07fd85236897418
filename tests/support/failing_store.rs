//! A store that fails when it is told to, around one that works.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use beartrap::model::alert::Event;
use beartrap::model::exposure::Exposure;
use beartrap::model::instant::Instant;
use beartrap::model::judgement::Judgement;
use beartrap::model::known::Gram;
use beartrap::model::lifecycle::{LifecycleEvent, Target};
use beartrap::model::token_key::TokenKey;
use beartrap::store::audit::{Audit, Note, NoteSeq, Noted};
use beartrap::store::error::StoreError;
use beartrap::store::outbox::{Claimed, Delivery, Outbox, Queue, Settled, Which};
use beartrap::store::step::{Committed, Step};
use beartrap::store::store::{Checkpoint, Counts, FilterPart, FilterState, Incoming, RecordId, Store, Stored, Written};

/// When a call fails.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum When {
    /// Before anything is done.
    Before,
    /// After it was done, as if the answer were lost.
    After,
}

/// Which calls fail, and when.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Calls so far.
    pub calls: Arc<AtomicU64>,
    /// Of so many calls the last one fails.
    pub every: u64,
    /// When.
    pub when: When,
    /// Only commits count.
    pub commits_only: bool,
}

/// A store that fails.
pub struct FailingStore {
    /// The one that works.
    pub inner: Box<dyn Store>,
    /// Which calls fail.
    pub plan: Plan,
}

fn full() -> StoreError {
    StoreError::Full { place: "state".to_owned() }
}

impl FailingStore {
    fn call<T>(&self, name: &str, act: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
        check(&self.plan, name, act)
    }
}

fn check<T>(plan: &Plan, name: &str, act: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
    let counts = !plan.commits_only || name == "commit";
    let fails = counts && (plan.calls.fetch_add(1, Ordering::Relaxed) + 1).is_multiple_of(plan.every);
    if fails && plan.when == When::Before {
        return Err(full());
    }
    let done = act()?;
    if fails { Err(full()) } else { Ok(done) }
}

impl Audit for FailingStore {
    fn notes(&self, from: NoteSeq, limit: u32) -> Result<Vec<Noted>, StoreError> {
        self.call("notes", || self.inner.notes(from, limit))
    }

    fn last_note(&self) -> Result<Option<Noted>, StoreError> {
        self.call("last_note", || self.inner.last_note())
    }
}

impl Store for FailingStore {
    fn write(&mut self, batch: &mut dyn Incoming) -> Result<Written, StoreError> {
        check(&self.plan, "write", || self.inner.write(batch))
    }

    fn find(&self, key: &TokenKey) -> Result<Vec<Stored>, StoreError> {
        self.call("find", || self.inner.find(key))
    }

    fn family(&self, id: &str) -> Result<Vec<Stored>, StoreError> {
        self.call("family", || self.inner.family(id))
    }

    fn grams(&self, hash: u64) -> Result<Vec<Gram>, StoreError> {
        self.call("grams", || self.inner.grams(hash))
    }

    fn has_grams(&self) -> Result<bool, StoreError> {
        self.call("has_grams", || self.inner.has_grams())
    }

    fn events(&self, targets: &[Target]) -> Result<Vec<LifecycleEvent>, StoreError> {
        self.call("events", || self.inner.events(targets))
    }

    fn page(&self, from: RecordId, limit: u32) -> Result<Vec<Stored>, StoreError> {
        self.call("page", || self.inner.page(from, limit))
    }

    fn all_events(&self) -> Result<Vec<LifecycleEvent>, StoreError> {
        self.call("all_events", || self.inner.all_events())
    }

    fn commit(&mut self, step: &Step) -> Result<Committed, StoreError> {
        check(&self.plan, "commit", || self.inner.commit(step))
    }

    fn uses(&self, names: &[u64], tell: &mut dyn FnMut(&str)) -> Result<(), StoreError> {
        self.call("uses", || self.inner.uses(names, tell))
    }

    fn judgements(&self, names: &[u64]) -> Result<Vec<Judgement>, StoreError> {
        self.call("judgements", || self.inner.judgements(names))
    }

    fn all_judgements(&self, since: Option<Instant>, tell: &mut dyn FnMut(Judgement)) -> Result<(), StoreError> {
        self.call("all_judgements", || self.inner.all_judgements(since, tell))
    }

    fn exposures(&self, record: RecordId) -> Result<Vec<Exposure>, StoreError> {
        self.call("exposures", || self.inner.exposures(record))
    }

    fn checkpoint(&self, source: &str) -> Result<Option<Checkpoint>, StoreError> {
        self.call("checkpoint", || self.inner.checkpoint(source))
    }

    fn filter(&self) -> Result<FilterState, StoreError> {
        self.call("filter", || self.inner.filter())
    }

    fn last(&self) -> Result<RecordId, StoreError> {
        self.call("last", || self.inner.last())
    }

    fn indices(&self, first: u64, last: u64) -> Result<Vec<u64>, StoreError> {
        self.call("indices", || self.inner.indices(first, last))
    }

    fn merge_filter(&mut self, parts: &[FilterPart], judged_at: RecordId) -> Result<bool, StoreError> {
        check(&self.plan, "merge_filter", || self.inner.merge_filter(parts, judged_at))
    }

    fn forget(&mut self, expired_before: Instant) -> Result<u64, StoreError> {
        check(&self.plan, "forget", || self.inner.forget(expired_before))
    }

    fn forget_uses(&mut self, before: Instant) -> Result<u64, StoreError> {
        check(&self.plan, "forget_uses", || self.inner.forget_uses(before))
    }

    fn forget_judgements(&mut self, before: Instant) -> Result<u64, StoreError> {
        check(&self.plan, "forget_judgements", || self.inner.forget_judgements(before))
    }

    fn counts(&self) -> Result<Counts, StoreError> {
        self.call("counts", || self.inner.counts())
    }

    fn verify(&self) -> Result<Vec<String>, StoreError> {
        self.call("verify", || self.inner.verify())
    }

    fn value(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.call("value", || self.inner.value(name))
    }

    fn values(&self, prefix: &str) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        self.call("values", || self.inner.values(prefix))
    }

    fn set_once(&mut self, name: &str, value: &[u8]) -> Result<Vec<u8>, StoreError> {
        check(&self.plan, "set_once", || self.inner.set_once(name, value))
    }
}

impl Outbox for FailingStore {
    fn claim(&mut self, endpoint: &str, now: Instant, until: Instant, limit: u32) -> Result<Vec<Claimed>, StoreError> {
        check(&self.plan, "claim", || self.inner.claim(endpoint, now, until, limit))
    }

    fn settle(&mut self, settled: &[Settled], notes: &[Note], now: Instant) -> Result<(), StoreError> {
        check(&self.plan, "settle", || self.inner.settle(settled, notes, now))
    }

    fn next_due(&self, endpoint: &str) -> Result<Option<Instant>, StoreError> {
        self.call("next_due", || self.inner.next_due(endpoint))
    }

    fn queues(&self) -> Result<Vec<Queue>, StoreError> {
        self.call("queues", || self.inner.queues())
    }

    fn deliveries(&self, which: &Which, behind: i64, limit: u32) -> Result<Vec<Delivery>, StoreError> {
        self.call("deliveries", || self.inner.deliveries(which, behind, limit))
    }

    fn alert(&self, id: &str) -> Result<Option<String>, StoreError> {
        self.call("alert", || self.inner.alert(id))
    }

    fn alerts(&self, event: Event, tell: &mut dyn FnMut(&str, Instant, &str)) -> Result<(), StoreError> {
        self.call("alerts", || self.inner.alerts(event, tell))
    }

    fn retry(&mut self, which: &Which, now: Instant) -> Result<u64, StoreError> {
        check(&self.plan, "retry", || self.inner.retry(which, now))
    }

    fn drop_deliveries(&mut self, which: &Which, why: &str, now: Instant) -> Result<u64, StoreError> {
        check(&self.plan, "drop_deliveries", || self.inner.drop_deliveries(which, why, now))
    }

    fn forget_alerts(&mut self, before: Instant) -> Result<u64, StoreError> {
        check(&self.plan, "forget_alerts", || self.inner.forget_alerts(before))
    }

    fn relax(&mut self) -> Result<(), StoreError> {
        check(&self.plan, "relax", || self.inner.relax())
    }
}
