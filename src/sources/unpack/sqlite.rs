//! `SQLite`: the text and blob cells of every table, column by column, read in place from a database on disk.
//!
//! **Invariant:** the database and what lies beside it are never written, the program that writes it never waits for us, and nothing that its
//! schema defines is run: no view, trigger, virtual table, generated column or extension.

use std::cell::Cell;
use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, Error, ErrorCode, OpenFlags};

use crate::model::origin::Origin;
use crate::model::problem::{Problem, ProblemKind};
use crate::sources::sqlite_files::{INDEX, LOG, beside};
use crate::sources::unpack::UnpackLimits;
use crate::sources::unpack::guard::Guard;
use crate::sources::unpack::run::Run;

use crate::sources::unpack::sqlite_cells::{Access, Cells, Column, quoted};

/// How long a program that changes the database is waited for; it holds such locks for moments only.
const PATIENCE: Duration = Duration::from_secs(1);

/// What an URI's path may hold as it is.
const IN_PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'.').remove(b'-').remove(b'_');

/// Tables with a tree of their own: no views and no virtual tables, but what virtual ones keep their content in. The schema comes first.
const TABLES: &str = "SELECT 'sqlite_schema' UNION ALL SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0";

/// Columns whose cells are kept, and how many are computed.
const COLUMNS: &str = "SELECT name, hidden > 0 FROM pragma_table_xinfo(?1)";

/// Hands on every column with texts or blobs; false where bytes of the database remain that only a look at the file itself can show.
pub fn unpack(run: &mut Run<'_>, origin: &Origin, file: &File) -> bool {
    let Some(path) = place(origin, file) else { return false };
    let size = file.metadata().map_or(0, |metadata| metadata.len());
    run.tally.input.update(|sum| sum.saturating_add(size));
    let mut failures = Vec::new();
    match open(&path, run.limits).and_then(|connection| Ok((columns(&connection)?, connection))) {
        Ok((columns, connection)) => {
            for column in &columns {
                let member = origin.member(format!("{}.{}", column.table, column.name));
                failures.extend(unpack_column(run, &member, &connection, column).err());
            }
        }
        Err(error) => failures.push(explained(origin, &error)),
    }
    let is_whole = failures.is_empty();
    // What hinders one column hinders others: it is told once.
    failures.truncate(1);
    for problem in failures {
        run.visit.problem(problem);
    }
    is_whole || run.visit.is_cancelled()
}

/// Where the open file lies on disk: only a regular one, and only while its path still leads to it.
fn place(origin: &Origin, file: &File) -> Option<PathBuf> {
    let Origin::File(path) = origin else { return None };
    let path = path.canonicalize().ok()?;
    let (opened, named) = (file.metadata().ok()?, path.metadata().ok()?);
    (opened.is_file() && is_same(&opened, &named)).then_some(path)
}

#[cfg(unix)]
fn is_same(one: &std::fs::Metadata, other: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

#[cfg(not(unix))]
fn is_same(one: &std::fs::Metadata, other: &std::fs::Metadata) -> bool {
    other.is_file() && one.len() == other.len()
}

/// A connection that can do nothing but read cells.
fn open(path: &Path, limits: &UnpackLimits) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let way = Way::of(path);
    let connection = Connection::open_with_flags(uri(path, way), flags)?;
    connection.busy_timeout(PATIENCE)?;
    for (option, on) in [
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false),
        (DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true),
    ] {
        connection.set_db_config(option, on)?;
    }
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, i32::try_from(limits.window).unwrap_or(i32::MAX))?;
    connection.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0)?;
    // Without a map a file that shrinks is an error, not a signal.
    connection.execute_batch("PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0; PRAGMA temp_store = MEMORY;")?;
    if way == Way::Log {
        // The log's index is made in memory, where others would share it in a file.
        connection.execute_batch("PRAGMA locking_mode = EXCLUSIVE;")?;
    }
    Ok(connection)
}

/// How a database is read, by what lies beside it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Way {
    /// With its log, by the index of the program that has it open.
    Shared,
    /// With its log, whose index nobody shares: a program keeps it to itself, or it was left behind.
    Log,
    /// As it lies.
    Still,
}

impl Way {
    fn of(path: &Path) -> Self {
        match (beside(path, LOG).exists(), beside(path, INDEX).exists()) {
            (true, true) => Self::Shared,
            (true, false) if cfg!(unix) => Self::Log,
            _ => Self::Still,
        }
    }

    /// Nothing is written and no program is kept from writing; to ask for a lock or a log that is not there would make files beside the database.
    fn options(self) -> &'static str {
        match self {
            Self::Shared => "mode=ro&readonly_shm=1",
            Self::Log => "mode=ro&vfs=unix-none",
            Self::Still => "mode=ro&immutable=1",
        }
    }
}

fn uri(path: &Path, way: Way) -> OsString {
    let mode = way.options();
    let path = path.as_os_str().as_encoded_bytes();
    let path = path.strip_prefix(br"\\?\").unwrap_or(path);
    let slashes: Vec<u8> = path.iter().map(|byte| if cfg!(windows) && *byte == b'\\' { b'/' } else { *byte }).collect();
    let root = if slashes.starts_with(b"/") { "" } else { "/" };
    format!("file://{root}{}?{mode}", percent_encode(&slashes, IN_PATH)).into()
}

/// The columns of all tables, in the order of the schema.
fn columns(connection: &Connection) -> rusqlite::Result<Vec<Column>> {
    let encoding: String = connection.pragma_query_value(None, "encoding", |row| row.get(0))?;
    let (mut tables, mut columns) = (connection.prepare(TABLES)?, connection.prepare(COLUMNS)?);
    let tables: Vec<String> = tables.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    let mut all = Vec::new();
    for table in tables {
        let columns: Vec<(String, bool)> = columns.query_map([&table], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<rusqlite::Result<_>>()?;
        let is_computed = columns.iter().any(|(_, computed)| *computed);
        let names: Vec<String> = columns.into_iter().filter(|(_, computed)| !computed).map(|(name, _)| name).collect();
        let rowid = rowid(connection, &table, &names).filter(|_| encoding == "UTF-8" && !is_computed);
        let access = rowid.map_or(Access::Whole, Access::ByRow);
        all.extend(names.into_iter().map(|name| Column { table: table.clone(), name, access }));
    }
    all.retain(|column| column.table != "sqlite_schema" || column.name == "sql");
    Ok(all)
}

/// The name of a table's row ids that none of its columns has; a table may have none.
fn rowid(connection: &Connection, table: &str, names: &[String]) -> Option<&'static str> {
    let free = ["rowid", "_rowid_", "oid"].into_iter().find(|id| !names.iter().any(|name| name.eq_ignore_ascii_case(id)))?;
    connection.prepare(&format!("SELECT {free} FROM {}", quoted(table))).ok().map(|_| free)
}

/// Hands on the cells of a column, if there are any.
fn unpack_column(run: &mut Run<'_>, member: &Origin, connection: &Connection, column: &Column) -> Result<(), Problem> {
    let failed = |error: &Error| explained(member, error);
    if run.is_stopped() {
        return Ok(());
    }
    let mut statement = connection.prepare(&column.query()).map_err(|error| failed(&error))?;
    let mut cells = Cells::new(connection, column, statement.query([]).map_err(|error| failed(&error))?, run.cells);
    let is_empty = !cells.advance().map_err(|error| failed(&error))?;
    if is_empty || !run.enter_member(member) {
        return Ok(());
    }
    // How much of the file a cell takes is not counted: what cells give is judged against the whole file, which a sound database never exceeds.
    let taken = Cell::new(u64::MAX);
    let mut guard = Guard::new(&mut cells, run.tally, run.limits, &taken);
    run.visit.stream(member.clone(), &mut guard);
    let limit = guard.into_problem(member);
    match (limit, cells.into_failure()) {
        (Some(problem), _) => Err(problem),
        (None, Some(error)) => Err(failed(&error)),
        (None, None) => Ok(()),
    }
}

/// Why cells could not be read, and what to do; the file's bytes are scanned all the same.
fn explained(origin: &Origin, error: &Error) -> Problem {
    let (kind, what, hint) = match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            (ProblemKind::Unreadable, "the database is locked", "close the program that has it open, or scan a copy")
        }
        Some(ErrorCode::NotADatabase) => {
            (ProblemKind::Unsupported, "the database is encrypted or damaged", "export it with the program that wrote it")
        }
        Some(ErrorCode::DatabaseCorrupt) => (
            ProblemKind::Damaged,
            "the database is damaged, or changed while it was read",
            "close the program that has it open, or run `.recover` of `sqlite3`",
        ),
        Some(ErrorCode::TooBig | ErrorCode::OutOfMemory) => (ProblemKind::Limit, "a value of the database is too large", "raise the limit `window`"),
        _ => (ProblemKind::Unreadable, "the database cannot be read", "close the program that has it open, or scan a copy"),
    };
    let message = format!("{what}: {error}; its bytes were scanned as they lie, in which long values are broken\nhint: {hint}");
    Problem { origin: origin.clone(), kind, message }
}
