//! The embedded store: one `SQLite` file in the state directory, shared by processes through its write-ahead log.

mod outbox;
mod audit;
mod read;
mod step;
mod uses;
mod write;

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};

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
use crate::store::schema::{APPLICATION_ID, STEPS};
use crate::store::state_dir::{Access, prepare};
use crate::store::step::{Committed, Step};
use crate::store::store::{Checkpoint, Counts, FilterPart, FilterState, Incoming, RecordId, Store, Stored, Written};

/// How often a lock that `SQLite` does not wait for by itself is asked for again.
const PAUSE: Duration = Duration::from_millis(20);

/// Memory for pages, in KiB: for questions, whose pages the system has at hand; more of our own cost more than they spare.
const FEW_PAGES: i64 = 4 << 10;
/// The same for large transactions, which change the same pages again and again.
const MANY_PAGES: i64 = 64 << 10;

/// What a store may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How long a writer waits for another one.
    pub patience: Duration,
    /// The most pages of 4096 bytes that the file may have.
    pub most_pages: Option<u32>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { patience: Duration::from_secs(30), most_pages: None }
    }
}

/// A store in a file.
pub struct Sqlite {
    connection: Connection,
    place: String,
}

impl Sqlite {
    /// Opens the state in a directory; makes it where it is missing, and brings it to this version.
    ///
    /// # Errors
    ///
    /// [`StoreError`]
    pub fn open(directory: &Path, access: Access) -> Result<Self, StoreError> {
        Self::open_within(directory, access, Limits::default())
    }

    /// A store that lives as long as this value, for runs without a state.
    ///
    /// # Errors
    ///
    /// [`StoreError`]
    pub fn in_memory() -> Result<Self, StoreError> {
        let place = "memory".to_owned();
        let connection = Connection::open_in_memory().map_err(|error| explained(&place, &error))?;
        let store = Self { connection, place };
        store.set_up(Limits::default()).map_err(|error| store.error(&error))?;
        store.migrate()?;
        Ok(store)
    }

    /// Opens it with limits.
    ///
    /// # Errors
    ///
    /// [`StoreError`]
    pub fn open_within(directory: &Path, access: Access, limits: Limits) -> Result<Self, StoreError> {
        let path = prepare(directory, access)?;
        let place = path.display().to_string();
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&path, flags).map_err(|error| explained(&place, &error))?;
        let store = Self { connection, place };
        store.connection.busy_timeout(limits.patience).map_err(|error| store.error(&error))?;
        // What is not ours is refused before anything is written.
        store.version_at_once()?;
        store.set_up(limits).map_err(|error| store.error(&error))?;
        store.migrate()?;
        Ok(store)
    }

    fn set_up(&self, limits: Limits) -> rusqlite::Result<()> {
        self.connection.set_prepared_statement_cache_capacity(64);
        // Plans do not depend on what is asked for: without this, a statement is planned anew whenever a value is bound.
        self.connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        self.use_log(limits.patience)?;
        self.connection.execute_batch(
            "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;
             PRAGMA temp_store = MEMORY; PRAGMA journal_size_limit = 67108864;",
        )?;
        self.set_cache(FEW_PAGES)?;
        match limits.most_pages {
            Some(pages) => self.connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(())),
            None => Ok(()),
        }
    }

    /// How much memory pages may take.
    fn set_cache(&self, kibibytes: i64) -> rusqlite::Result<()> {
        self.connection.pragma_update(None, "cache_size", -kibibytes)
    }

    /// Two that switch to the log at once may each hold what the other needs: `SQLite` refuses instead of waiting.
    fn use_log(&self, patience: Duration) -> rusqlite::Result<()> {
        let mut waited = Duration::ZERO;
        loop {
            match self.connection.execute_batch("PRAGMA journal_mode = WAL;") {
                Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) && waited < patience => {
                    std::thread::sleep(PAUSE);
                    waited += PAUSE;
                }
                result => return result,
            }
        }
    }

    /// The version, of one state of the file: another process may be making it.
    fn version_at_once(&self) -> Result<i64, StoreError> {
        let _reading = self.read(self.connection.unchecked_transaction())?;
        self.version()
    }

    /// The version of the file, 0 for an empty one; to be asked in a transaction.
    fn version(&self) -> Result<i64, StoreError> {
        let known = known_version();
        let pragma = |name: &str| self.read(self.connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0)));
        let (application, found) = (pragma("application_id")?, pragma("user_version")?);
        let tables = self.read(self.connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0)))?;
        let empty = (application, found, tables) == (0, 0, 0);
        let place = self.place.clone();
        match found {
            _ if (application != APPLICATION_ID && !empty) || found < 0 => Err(StoreError::Foreign { place }),
            _ if found > known => Err(StoreError::Newer { place, found, known }),
            _ => Ok(found),
        }
    }

    /// Takes the steps that are missing, in one transaction.
    fn migrate(&self) -> Result<(), StoreError> {
        if self.version_at_once()? == known_version() {
            return Ok(());
        }
        let transaction = self.read(Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate))?;
        // Another process may have taken them by now.
        let found = self.version()?;
        let steps = STEPS.iter().skip(usize::try_from(found).unwrap_or(0)).try_for_each(|step| transaction.execute_batch(step));
        let done = steps
            .and_then(|()| transaction.pragma_update(None, "application_id", APPLICATION_ID))
            .and_then(|()| transaction.pragma_update(None, "user_version", known_version()))
            .and_then(|()| transaction.commit());
        self.read(done)
    }

    fn error(&self, error: &rusqlite::Error) -> StoreError {
        explained(&self.place, error)
    }

    fn read<T>(&self, result: rusqlite::Result<T>) -> Result<T, StoreError> {
        result.map_err(|error| self.error(&error))
    }

    /// Takes what was removed out of the files too.
    fn wiped(&self, removed: rusqlite::Result<u64>) -> Result<u64, StoreError> {
        let removed = self.read(removed)?;
        let place = self.place.clone();
        match write::wipe(&self.connection) {
            Ok(true) => Ok(removed),
            Ok(false) => Err(StoreError::Lingering { place }),
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => Err(StoreError::Lingering { place }),
            Err(error) => Err(self.error(&error)),
        }
    }
}

fn known_version() -> i64 {
    i64::try_from(STEPS.len()).expect("because the steps are few")
}

/// What an error of the database means for people.
fn explained(place: &str, error: &rusqlite::Error) -> StoreError {
    let place = place.to_owned();
    let message = error.to_string();
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Locked { place },
        Some(ErrorCode::DiskFull) => StoreError::Full { place },
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => StoreError::ReadOnly { place },
        Some(ErrorCode::NotADatabase) => StoreError::Foreign { place },
        Some(ErrorCode::DatabaseCorrupt) => StoreError::Corrupt { place, message },
        _ => match error {
            rusqlite::Error::FromSqlConversionFailure(..) | rusqlite::Error::InvalidColumnType(..) => StoreError::Corrupt { place, message },
            _ => StoreError::Other { place, message },
        },
    }
}

impl Audit for Sqlite {
    fn notes(&self, from: NoteSeq, limit: u32) -> Result<Vec<Noted>, StoreError> {
        self.read(audit::notes(&self.connection, from, limit))
    }

    fn last_note(&self) -> Result<Option<Noted>, StoreError> {
        self.read(audit::last(&self.connection))
    }
}

impl Store for Sqlite {
    fn write(&mut self, batch: &mut dyn Incoming) -> Result<Written, StoreError> {
        self.read(self.set_cache(MANY_PAGES))?;
        let result = write::batch(&mut self.connection, batch);
        self.read(self.set_cache(FEW_PAGES))?;
        self.read(result)
    }

    fn find(&self, key: &TokenKey) -> Result<Vec<Stored>, StoreError> {
        self.read(read::find(&self.connection, key))
    }

    fn family(&self, id: &str) -> Result<Vec<Stored>, StoreError> {
        self.read(read::family(&self.connection, id))
    }

    fn grams(&self, hash: u64) -> Result<Vec<Gram>, StoreError> {
        self.read(read::grams(&self.connection, hash))
    }

    fn has_grams(&self) -> Result<bool, StoreError> {
        self.read(self.connection.query_row("SELECT EXISTS (SELECT 1 FROM gram)", [], |row| row.get(0)))
    }

    fn events(&self, targets: &[Target]) -> Result<Vec<LifecycleEvent>, StoreError> {
        self.read(read::events(&self.connection, targets))
    }

    fn page(&self, from: RecordId, limit: u32) -> Result<Vec<Stored>, StoreError> {
        self.read(read::page(&self.connection, from, limit))
    }

    fn all_events(&self) -> Result<Vec<LifecycleEvent>, StoreError> {
        self.read(read::all_events(&self.connection))
    }

    fn commit(&mut self, step: &Step) -> Result<Committed, StoreError> {
        let result = step::commit(&mut self.connection, step);
        self.read(result)
    }

    fn uses(&self, names: &[u64], tell: &mut dyn FnMut(&str)) -> Result<(), StoreError> {
        self.read(uses::uses(&self.connection, names, tell))
    }

    fn judgements(&self, names: &[u64]) -> Result<Vec<Judgement>, StoreError> {
        self.read(uses::judgements(&self.connection, names))
    }

    fn all_judgements(&self, since: Option<Instant>, tell: &mut dyn FnMut(Judgement)) -> Result<(), StoreError> {
        self.read(uses::all_judgements(&self.connection, since, tell))
    }

    fn exposures(&self, record: RecordId) -> Result<Vec<Exposure>, StoreError> {
        self.read(read::exposures(&self.connection, record))
    }

    fn checkpoint(&self, source: &str) -> Result<Option<Checkpoint>, StoreError> {
        self.read(read::checkpoint(&self.connection, source))
    }

    fn filter(&self) -> Result<FilterState, StoreError> {
        self.read(read::filter(&self.connection))
    }

    fn last(&self) -> Result<RecordId, StoreError> {
        self.read(read::last(&self.connection))
    }

    fn indices(&self, first: u64, last: u64) -> Result<Vec<u64>, StoreError> {
        self.read(read::indices(&self.connection, first, last))
    }

    fn merge_filter(&mut self, parts: &[FilterPart], judged_at: RecordId) -> Result<bool, StoreError> {
        let result = write::merge_filter(&mut self.connection, parts, judged_at);
        self.read(result)
    }

    fn forget(&mut self, expired_before: Instant) -> Result<u64, StoreError> {
        let removed = write::forget(&mut self.connection, expired_before);
        self.wiped(removed)
    }

    fn forget_uses(&mut self, before: Instant) -> Result<u64, StoreError> {
        let removed = step::forget_uses(&mut self.connection, before);
        self.wiped(removed)
    }

    fn forget_judgements(&mut self, before: Instant) -> Result<u64, StoreError> {
        let removed = step::forget_judgements(&mut self.connection, before);
        self.wiped(removed)
    }

    fn counts(&self) -> Result<Counts, StoreError> {
        self.read(read::counts(&self.connection))
    }

    fn verify(&self) -> Result<Vec<String>, StoreError> {
        self.read(read::verify(&self.connection))
    }

    fn value(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.read(read::value(&self.connection, name))
    }

    fn values(&self, prefix: &str) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        self.read(read::values(&self.connection, prefix))
    }

    fn set_once(&mut self, name: &str, value: &[u8]) -> Result<Vec<u8>, StoreError> {
        let result = write::set_once(&mut self.connection, name, value);
        self.read(result)
    }
}

impl Outbox for Sqlite {
    fn claim(&mut self, endpoint: &str, now: Instant, until: Instant, limit: u32) -> Result<Vec<Claimed>, StoreError> {
        let result = outbox::claim(&mut self.connection, endpoint, now, until, limit);
        self.read(result)
    }

    fn settle(&mut self, settled: &[Settled], notes: &[Note], now: Instant) -> Result<(), StoreError> {
        let result = outbox::settle(&mut self.connection, settled, notes, now);
        self.read(result)
    }

    fn next_due(&self, endpoint: &str) -> Result<Option<Instant>, StoreError> {
        self.read(outbox::next_due(&self.connection, endpoint))
    }

    fn queues(&self) -> Result<Vec<Queue>, StoreError> {
        self.read(outbox::queues(&self.connection))
    }

    fn deliveries(&self, which: &Which, behind: i64, limit: u32) -> Result<Vec<Delivery>, StoreError> {
        self.read(outbox::deliveries(&self.connection, which, behind, limit))
    }

    fn alert(&self, id: &str) -> Result<Option<String>, StoreError> {
        self.read(outbox::alert(&self.connection, id))
    }

    fn alerts(&self, event: Event, tell: &mut dyn FnMut(&str, Instant, &str)) -> Result<(), StoreError> {
        self.read(outbox::alerts(&self.connection, event, tell))
    }

    fn retry(&mut self, which: &Which, now: Instant) -> Result<u64, StoreError> {
        let result = outbox::retry(&mut self.connection, which, now);
        self.read(result)
    }

    fn drop_deliveries(&mut self, which: &Which, why: &str, now: Instant) -> Result<u64, StoreError> {
        let result = outbox::drop_deliveries(&mut self.connection, which, why, now);
        self.read(result)
    }

    fn forget_alerts(&mut self, before: Instant) -> Result<u64, StoreError> {
        let result = outbox::forget_alerts(&mut self.connection, before);
        self.read(result)
    }

    fn relax(&mut self) -> Result<(), StoreError> {
        self.read(self.connection.pragma_update(None, "synchronous", "NORMAL"))
    }
}
