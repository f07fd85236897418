//! Where state lives, from what was written: a directory, or a `PostgreSQL` server.

use std::path::Path;

use crate::store::error::StoreError;
use crate::store::sqlite::Sqlite;
use crate::store::state_dir::Access;
use crate::store::store::Store;

/// What begins the URL of a server.
const SCHEMES: [&str; 2] = ["postgres://", "postgresql://"];

/// Opens the store that `state` names: `postgres://...` a server, everything else a directory.
///
/// # Errors
///
/// [`StoreError`]
pub fn open(state: &str, access: Access) -> Result<Box<dyn Store>, StoreError> {
    if SCHEMES.iter().any(|scheme| state.starts_with(scheme)) {
        return open_server(state);
    }
    // A URL may hold a password, which must become neither a directory nor a message.
    if let Some((scheme, _)) = state.split_once("://") {
        return Err(StoreError::Server {
            place: format!("{}://", scheme.escape_debug()),
            message: "no store is reached this way\nhint: write a directory, or `postgres://user@host/database`".to_owned(),
        });
    }
    Ok(Box::new(Sqlite::open(Path::new(state), access)?))
}

#[cfg(feature = "postgres")]
fn open_server(url: &str) -> Result<Box<dyn Store>, StoreError> {
    Ok(Box::new(crate::store::postgres::Postgres::open(url)?))
}

#[cfg(not(feature = "postgres"))]
fn open_server(_: &str) -> Result<Box<dyn Store>, StoreError> {
    Err(StoreError::Server {
        place: "postgres://".to_owned(),
        message: "this program was built without PostgreSQL\nhint: build it with `--features postgres`, or give a directory".to_owned(),
    })
}
