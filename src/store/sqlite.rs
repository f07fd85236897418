//! The embedded store: one SQLite file in the state directory, shared by processes through its write-ahead log.

mod read;
mod write;

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::model::exposure::Exposure;
use crate::model::instant::Instant;
use crate::model::known::Gram;
use crate::model::lifecycle::{LifecycleEvent, Target};
use crate::model::token_key::TokenKey;
use crate::store::error::StoreError;
use crate::store::schema::{APPLICATION_ID, STEPS};
use crate::store::state_dir::{Access, prepare};
use crate::store::store::{Checkpoint, Counts, FilterPart, FilterState, Incoming, RecordId, Seen, Store, Stored, Written};

/// How long a writer waits for another one.
const PATIENCE: Duration = Duration::from_secs(30);

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
        let path = prepare(directory, access)?;
        let place = path.display().to_string();
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&path, flags).map_err(|error| explained(&place, &error))?;
        let mut store = Self { connection, place };
        store.set_up().map_err(|error| store.error(&error))?;
        store.migrate()?;
        Ok(store)
    }

    fn set_up(&self) -> rusqlite::Result<()> {
        self.connection.busy_timeout(PATIENCE)?;
        self.connection.set_prepared_statement_cache_capacity(64);
        self.connection.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;
             PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY; PRAGMA journal_size_limit = 67108864;",
        )
    }

    /// Takes the steps that are missing, in one transaction.
    fn migrate(&mut self) -> Result<(), StoreError> {
        let known = i64::try_from(STEPS.len()).expect("because the steps are few");
        let place = self.place.clone();
        let pragma = |connection: &Connection, name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
        let version = |connection: &Connection| pragma(connection, "user_version").map_err(|error| explained(&place, &error));
        if version(&self.connection)? == known {
            return Ok(());
        }
        let transaction =
            self.connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).map_err(|error| explained(&place, &error))?;
        let found = version(&transaction)?;
        if found > known {
            return Err(StoreError::Newer { place, found, known });
        }
        let tables = transaction.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0));
        let application = pragma(&transaction, "application_id");
        if tables.map_err(|error| explained(&place, &error))? > 0 && application.map_err(|error| explained(&place, &error))? != APPLICATION_ID {
            return Err(StoreError::Foreign { place });
        }
        let steps = STEPS.iter().skip(usize::try_from(found).unwrap_or(0)).try_for_each(|step| transaction.execute_batch(step));
        steps
            .and_then(|()| transaction.pragma_update(None, "application_id", APPLICATION_ID))
            .and_then(|()| transaction.pragma_update(None, "user_version", known))
            .and_then(|()| transaction.commit())
            .map_err(|error| explained(&place, &error))
    }

    fn error(&self, error: &rusqlite::Error) -> StoreError {
        explained(&self.place, error)
    }

    fn read<T>(&self, result: rusqlite::Result<T>) -> Result<T, StoreError> {
        result.map_err(|error| self.error(&error))
    }
}

/// What an error of the database means for people.
fn explained(place: &str, error: &rusqlite::Error) -> StoreError {
    let place = place.to_owned();
    let message = error.to_string();
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Locked { place },
        Some(ErrorCode::DiskFull) => StoreError::Full { place },
        Some(ErrorCode::ReadOnly) => StoreError::ReadOnly { place },
        Some(ErrorCode::NotADatabase) => StoreError::Foreign { place },
        Some(ErrorCode::DatabaseCorrupt) => StoreError::Corrupt { place, message },
        _ => match error {
            rusqlite::Error::FromSqlConversionFailure(..) | rusqlite::Error::InvalidColumnType(..) => StoreError::Corrupt { place, message },
            _ => StoreError::Other { place, message },
        },
    }
}

impl Store for Sqlite {
    fn write(&mut self, batch: &mut dyn Incoming) -> Result<Written, StoreError> {
        let result = write::batch(&mut self.connection, batch);
        self.read(result)
    }

    fn find(&self, key: &TokenKey) -> Result<Vec<Stored>, StoreError> {
        self.read(read::find(&self.connection, key))
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

    fn expose(&mut self, seen: &[Seen]) -> Result<(), StoreError> {
        let result = write::expose(&mut self.connection, seen);
        self.read(result)
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
        let result = write::forget(&mut self.connection, expired_before);
        self.read(result)
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

    fn set_once(&mut self, name: &str, value: &[u8]) -> Result<Vec<u8>, StoreError> {
        let result = write::set_once(&mut self.connection, name, value);
        self.read(result)
    }
}
