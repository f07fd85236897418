//! What went wrong with the server, for people.

use std::error::Error as _;

use ::postgres::error::SqlState;

use crate::store::error::StoreError;

/// An error before it is explained.
#[derive(Debug)]
pub enum Fault {
    /// Of the server, or on the way to it.
    Server(::postgres::Error),
    /// A record cannot be read.
    Record(serde_json::Error),
    /// A number does not fit.
    Number,
}

impl From<::postgres::Error> for Fault {
    fn from(error: ::postgres::Error) -> Self {
        Self::Server(error)
    }
}

impl From<serde_json::Error> for Fault {
    fn from(error: serde_json::Error) -> Self {
        Self::Record(error)
    }
}

impl From<std::num::TryFromIntError> for Fault {
    fn from(_: std::num::TryFromIntError) -> Self {
        Self::Number
    }
}

impl Fault {
    /// Whether the connection was lost, so that another one may do better.
    pub fn is_lost(&self) -> bool {
        const LOST: [SqlState; 3] = [SqlState::ADMIN_SHUTDOWN, SqlState::CRASH_SHUTDOWN, SqlState::IDLE_SESSION_TIMEOUT];
        let Self::Server(error) = self else { return false };
        let broken = error.source().is_some_and(<dyn std::error::Error>::is::<std::io::Error>);
        error.is_closed() || broken || error.code().is_some_and(|code| LOST.contains(code))
    }

    /// What it means; `place` is host and database.
    pub fn explained(self, place: &str) -> StoreError {
        let place = place.to_owned();
        match self {
            Self::Record(error) => StoreError::Corrupt { place, message: error.to_string() },
            Self::Number => StoreError::Corrupt { place, message: "a number is out of range".to_owned() },
            Self::Server(error) => server(place, &error),
        }
    }
}

fn server(place: String, error: &::postgres::Error) -> StoreError {
    let Some(told) = error.as_db_error() else {
        let cause = error.source().map(|source| format!(": {source}")).unwrap_or_default();
        return StoreError::Server { place, message: format!("{error}{cause}\nhint: {}", way_hint(&cause)) };
    };
    let code = told.code();
    let message = |hint: &str| format!("{}\nhint: {hint}", told.message());
    let hint = match code {
        code if *code == SqlState::LOCK_NOT_AVAILABLE || *code == SqlState::T_R_DEADLOCK_DETECTED => return StoreError::Locked { place },
        code if *code == SqlState::DISK_FULL => return StoreError::Full { place },
        code if *code == SqlState::DATA_CORRUPTED || *code == SqlState::INDEX_CORRUPTED => {
            return StoreError::Corrupt { place, message: told.message().to_owned() };
        }
        code if *code == SqlState::READ_ONLY_SQL_TRANSACTION => "this server only answers: name the primary one in the URL",
        code if *code == SqlState::INVALID_PASSWORD || *code == SqlState::INVALID_AUTHORIZATION_SPECIFICATION => {
            "check the user and the password in the URL, and `pg_hba.conf` on the server"
        }
        code if *code == SqlState::INVALID_CATALOG_NAME => "make the database with `createdb`, or name another one in the URL",
        code if *code == SqlState::INSUFFICIENT_PRIVILEGE => "give the user a schema of its own: `CREATE SCHEMA name AUTHORIZATION user`",
        code if *code == SqlState::TOO_MANY_CONNECTIONS => "close other connections, or raise `max_connections` on the server",
        _ => "run it again; what was committed before is there",
    };
    StoreError::Server { place, message: message(hint) }
}

/// How to mend what the server itself did not say.
fn way_hint(cause: &str) -> &'static str {
    if cause.contains("TLS") {
        return "connections are not encrypted by this program: use a tunnel, and `sslmode=disable`";
    }
    if cause.contains("password") {
        return "write the password into the URL";
    }
    "check that the server runs, and the host and port in the URL"
}
