//! The shared store: one schema of a `PostgreSQL` server, for state that several machines use.
//!
//! Writers take turns by the lock on the one row of `counter`, so that numbers appear in the order in which they were given.

mod address;
mod audit;
mod fault;
mod merge;
mod outbox;
mod read;
mod schema;
mod step;
mod uses;
mod write;

use std::cell::RefCell;
use std::time::Duration;

use ::postgres::{Client, IsolationLevel, Transaction};

use crate::model::alert::Event;
use crate::model::exposure::Exposure;
use crate::model::instant::Instant;
use crate::model::judgement::Judgement;
use crate::model::known::Gram;
use crate::model::lifecycle::{LifecycleEvent, Target};
use crate::model::token_key::TokenKey;
use crate::store::audit::{Audit, Note, NoteSeq, Noted};
use crate::store::error::StoreError;
use crate::store::outbox::{Claimed, Delivery, Outbox, Queue, Settled, Which};
use crate::store::postgres::address::Address;
use crate::store::postgres::fault::Fault;
use crate::store::step::{Committed, Step};
use crate::store::store::{Checkpoint, Counts, FilterPart, FilterState, Incoming, RecordId, Store, Stored, Written};

/// How long a server may take to say that it is there.
const PING: Duration = Duration::from_secs(10);

/// A store on a server.
pub struct Postgres {
    address: Address,
    client: RefCell<Client>,
}

impl Postgres {
    /// Connects to `postgres://user:password@host:port/database?schema=name`; makes the tables where they are missing, and brings them
    /// to this version. The schema is `beartrap` where none is named.
    ///
    /// # Errors
    ///
    /// [`StoreError`]
    pub fn open(url: &str) -> Result<Self, StoreError> {
        let address = Address::read(url)?;
        let mut client = address.connect()?;
        schema::migrate(&mut client, &address)?;
        Ok(Self { client: RefCell::new(client), address })
    }

    /// Asks; once more on a new connection when the old one was lost.
    fn ask<T>(&self, question: impl Fn(&mut Client) -> Result<T, Fault>) -> Result<T, StoreError> {
        let mut client = self.client.borrow_mut();
        let mut answer = question(&mut client);
        if answer.as_ref().is_err_and(Fault::is_lost) || client.is_closed() {
            *client = self.address.connect()?;
            answer = question(&mut client);
        }
        answer.map_err(|fault| fault.explained(self.address.place()))
    }

    /// Asks several questions about one state.
    fn ask_at_once<T>(&self, question: impl Fn(&mut Transaction) -> Result<T, Fault>) -> Result<T, StoreError> {
        self.ask(|client| at_once(client, &question))
    }

    /// Asks for what is told piece by piece; nothing may be told twice.
    fn ask_once(&self, question: impl FnOnce(&mut Transaction) -> Result<(), Fault>) -> Result<(), StoreError> {
        self.act(|client| at_once(client, question))
    }

    /// Changes; nothing may be done twice.
    fn change<T>(&mut self, action: impl FnOnce(&mut Client) -> Result<T, Fault>) -> Result<T, StoreError> {
        self.act(action)
    }

    /// What was begun is not tried again, so the connection is looked after before.
    fn act<T>(&self, action: impl FnOnce(&mut Client) -> Result<T, Fault>) -> Result<T, StoreError> {
        let mut client = self.client.borrow_mut();
        if client.is_valid(PING).is_err() {
            *client = self.address.connect()?;
        }
        action(&mut client).map_err(|fault| fault.explained(self.address.place()))
    }

    /// Takes what was removed out of the files too.
    fn wiped(&mut self, removed: u64) -> Result<u64, StoreError> {
        match self.change(write::wipe) {
            Err(StoreError::Locked { place }) => Err(StoreError::Lingering { place }),
            wiped => wiped.map(|()| removed),
        }
    }
}

/// Several questions about one state.
fn at_once<T>(client: &mut Client, question: impl FnOnce(&mut Transaction) -> Result<T, Fault>) -> Result<T, Fault> {
    let mut transaction = client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).read_only(true).start()?;
    let answer = question(&mut transaction)?;
    transaction.commit()?;
    Ok(answer)
}

impl Audit for Postgres {
    fn notes(&self, from: NoteSeq, limit: u32) -> Result<Vec<Noted>, StoreError> {
        self.ask(|client| audit::notes(client, from, limit))
    }

    fn last_note(&self) -> Result<Option<Noted>, StoreError> {
        self.ask(audit::last)
    }
}

impl Store for Postgres {
    fn write(&mut self, batch: &mut dyn Incoming) -> Result<Written, StoreError> {
        self.change(|client| write::batch(client, batch))
    }

    fn find(&self, key: &TokenKey) -> Result<Vec<Stored>, StoreError> {
        self.ask(|client| read::find(client, key))
    }

    fn family(&self, id: &str) -> Result<Vec<Stored>, StoreError> {
        self.ask(|client| read::family(client, id))
    }

    fn grams(&self, hash: u64) -> Result<Vec<Gram>, StoreError> {
        self.ask(|client| read::grams(client, hash))
    }

    fn has_grams(&self) -> Result<bool, StoreError> {
        self.ask(|client| Ok(client.query_one("SELECT EXISTS (SELECT FROM gram)", &[])?.try_get(0)?))
    }

    fn events(&self, targets: &[Target]) -> Result<Vec<LifecycleEvent>, StoreError> {
        self.ask(|client| read::events(client, targets))
    }

    fn page(&self, from: RecordId, limit: u32) -> Result<Vec<Stored>, StoreError> {
        self.ask(|client| read::page(client, from, limit))
    }

    fn all_events(&self) -> Result<Vec<LifecycleEvent>, StoreError> {
        self.ask(read::all_events)
    }

    fn commit(&mut self, step: &Step) -> Result<Committed, StoreError> {
        self.change(|client| step::commit(client, step))
    }

    fn uses(&self, names: &[u64], tell: &mut dyn FnMut(&str)) -> Result<(), StoreError> {
        self.ask_once(|transaction| uses::uses(transaction, names, tell))
    }

    fn judgements(&self, names: &[u64]) -> Result<Vec<Judgement>, StoreError> {
        self.ask_at_once(|transaction| uses::judgements(transaction, names))
    }

    fn all_judgements(&self, since: Option<Instant>, tell: &mut dyn FnMut(Judgement)) -> Result<(), StoreError> {
        self.ask_once(|transaction| uses::all_judgements(transaction, since, tell))
    }

    fn exposures(&self, record: RecordId) -> Result<Vec<Exposure>, StoreError> {
        self.ask(|client| read::exposures(client, record))
    }

    fn checkpoint(&self, source: &str) -> Result<Option<Checkpoint>, StoreError> {
        self.ask(|client| read::checkpoint(client, source))
    }

    fn filter(&self) -> Result<FilterState, StoreError> {
        self.ask_at_once(read::filter)
    }

    fn last(&self) -> Result<RecordId, StoreError> {
        self.ask(read::last)
    }

    fn indices(&self, first: u64, last: u64) -> Result<Vec<u64>, StoreError> {
        self.ask(|client| read::indices(client, first, last))
    }

    fn merge_filter(&mut self, parts: &[FilterPart], judged_at: RecordId) -> Result<bool, StoreError> {
        self.change(|client| write::merge_filter(client, parts, judged_at))
    }

    fn forget(&mut self, expired_before: Instant) -> Result<u64, StoreError> {
        let removed = self.change(|client| write::forget(client, expired_before))?;
        self.wiped(removed)
    }

    fn forget_uses(&mut self, before: Instant) -> Result<u64, StoreError> {
        let removed = self.change(|client| step::forget_uses(client, before))?;
        self.wiped(removed)
    }

    fn forget_judgements(&mut self, before: Instant) -> Result<u64, StoreError> {
        let removed = self.change(|client| step::forget_judgements(client, before))?;
        self.wiped(removed)
    }

    fn counts(&self) -> Result<Counts, StoreError> {
        self.ask_at_once(read::counts)
    }

    fn verify(&self) -> Result<Vec<String>, StoreError> {
        self.ask_at_once(read::verify)
    }

    fn value(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.ask(|client| read::value(client, name))
    }

    fn values(&self, prefix: &str) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        self.ask(|client| read::values(client, prefix))
    }

    fn set_once(&mut self, name: &str, value: &[u8]) -> Result<Vec<u8>, StoreError> {
        self.change(|client| {
            client.execute("INSERT INTO value (name, bytes) VALUES ($1, $2) ON CONFLICT DO NOTHING", &[&name, &value])?;
            Ok(read::value(client, name)?.unwrap_or_default())
        })
    }
}

impl Outbox for Postgres {
    fn claim(&mut self, endpoint: &str, now: Instant, until: Instant, limit: u32) -> Result<Vec<Claimed>, StoreError> {
        self.change(|client| outbox::claim(client, endpoint, now, until, limit))
    }

    fn settle(&mut self, settled: &[Settled], notes: &[Note], now: Instant) -> Result<(), StoreError> {
        self.change(|client| outbox::settle(client, settled, notes, now))
    }

    fn next_due(&self, endpoint: &str) -> Result<Option<Instant>, StoreError> {
        self.ask(|client| outbox::next_due(client, endpoint))
    }

    fn queues(&self) -> Result<Vec<Queue>, StoreError> {
        self.ask(outbox::queues)
    }

    fn deliveries(&self, which: &Which, behind: i64, limit: u32) -> Result<Vec<Delivery>, StoreError> {
        self.ask(|client| outbox::deliveries(client, which, behind, limit))
    }

    fn alert(&self, id: &str) -> Result<Option<String>, StoreError> {
        self.ask(|client| outbox::alert(client, id))
    }

    fn alerts(&self, event: Event, tell: &mut dyn FnMut(&str, Instant, &str)) -> Result<(), StoreError> {
        self.act(|client| outbox::alerts(client, event, tell))
    }

    fn retry(&mut self, which: &Which, now: Instant) -> Result<u64, StoreError> {
        self.change(|client| outbox::retry(client, which, now))
    }

    fn drop_deliveries(&mut self, which: &Which, why: &str, now: Instant) -> Result<u64, StoreError> {
        self.change(|client| outbox::drop_deliveries(client, which, why, now))
    }

    fn forget_alerts(&mut self, before: Instant) -> Result<u64, StoreError> {
        self.change(|client| outbox::forget_alerts(client, before))
    }

    fn relax(&mut self) -> Result<(), StoreError> {
        self.change(|client| Ok(client.batch_execute("SET synchronous_commit = off")?))
    }
}
