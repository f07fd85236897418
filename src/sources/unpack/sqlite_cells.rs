//! The cells of one column of an `SQLite` table as one stream, with a line break between any two.
//!
//! **Invariant:** of a cell above [`HELD`] bytes only a piece is in memory, unless its table has no row ids.

use std::io::{self, Read};

use rusqlite::blob::Blob;
use rusqlite::{Connection, Error, MAIN_DB, Rows};

/// The largest cell that is read at once, in bytes.
const HELD: usize = 1 << 20;

/// A column whose cells are read.
pub struct Column {
    /// Its table.
    pub table: String,
    /// Its name.
    pub name: String,
    /// How its large cells are read.
    pub access: Access,
}

/// How a table's large cells are read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Access {
    /// Piece by piece, by the id of their row, which has this name.
    ByRow(&'static str),
    /// At once: there are no row ids, or cells are not kept as they are handed out.
    Whole,
}

impl Column {
    /// Asks for the texts and blobs in the order of the rows: id, length, and the cell unless it is large.
    ///
    /// Numbers and absent cells are not even loaded; an index is not used, so that the order is the table's.
    pub fn query(&self) -> String {
        let (table, name) = (quoted(&self.table), quoted(&self.name));
        let what = match self.access {
            Access::ByRow(id) => format!("{id}, CASE WHEN octet_length({name}) <= {HELD} THEN {name} END"),
            Access::Whole => format!("0, {name}"),
        };
        format!("SELECT {what} FROM {table} NOT INDEXED WHERE typeof({name}) IN ('text', 'blob')")
    }
}

/// A name as SQL takes it, whatever is in it.
pub fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The cells of a column; a failing read ends them.
pub struct Cells<'c> {
    connection: &'c Connection,
    column: &'c Column,
    rows: Rows<'c>,
    /// What comes before `blob`: the break between two cells, and a small cell.
    held: Vec<u8>,
    /// How much of it was read.
    read: usize,
    blob: Option<Blob<'c>>,
    is_first: bool,
    failure: Option<Error>,
}

impl<'c> Cells<'c> {
    /// The cells that [`Column::query`] found.
    pub fn new(connection: &'c Connection, column: &'c Column, rows: Rows<'c>) -> Self {
        Self { connection, column, rows, held: Vec::new(), read: 0, blob: None, is_first: true, failure: None }
    }

    /// Goes to the next cell; says whether there is one.
    ///
    /// # Errors
    ///
    /// Whatever `SQLite` says.
    pub fn advance(&mut self) -> rusqlite::Result<bool> {
        let Some(row) = self.rows.next()? else { return Ok(false) };
        self.held.clear();
        self.read = 0;
        if !std::mem::take(&mut self.is_first) {
            self.held.push(b'\n');
        }
        match row.get_ref(1)?.as_bytes_or_null()? {
            Some(bytes) => self.held.extend_from_slice(bytes),
            None => self.blob = Some(self.connection.blob_open(MAIN_DB, &*self.column.table, &*self.column.name, row.get(0)?, true)?),
        }
        Ok(true)
    }

    /// Why the cells ended before their time.
    pub fn into_failure(self) -> Option<Error> {
        self.failure
    }

    /// What was read of the cell at hand, or of the next one.
    fn take(&mut self, buffer: &mut [u8]) -> rusqlite::Result<usize> {
        loop {
            if self.read < self.held.len() {
                let count = (&self.held[self.read..]).read(buffer).expect("because a slice can be read");
                self.read += count;
                return Ok(count);
            }
            if let Some(blob) = &mut self.blob {
                let count =
                    blob.read(buffer).map_err(|error| error.downcast().unwrap_or_else(|other| Error::ToSqlConversionFailure(other.into())))?;
                if count > 0 {
                    return Ok(count);
                }
                self.blob = None;
            }
            if !self.advance()? {
                return Ok(0);
            }
        }
    }
}

impl Read for Cells<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.failure.is_some() || buffer.is_empty() {
            return Ok(0);
        }
        Ok(self.take(buffer).unwrap_or_else(|error| {
            self.failure = Some(error);
            0
        }))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use rusqlite::Connection;

    use crate::sources::unpack::sqlite_cells::{Access, Cells, Column, HELD, quoted};

    #[test]
    fn cells_are_exact_however_large() {
        let connection = Connection::open_in_memory().expect("because it needs no file");
        connection
            .execute_batch("CREATE TABLE \"a \"\"b\" (id INTEGER PRIMARY KEY, x); CREATE INDEX i ON \"a \"\"b\" (x)")
            .expect("because it is SQL");
        let cells = ["z".to_owned(), "y".repeat(HELD), "x".repeat(HELD + 1), String::new(), "w".to_owned()];
        for cell in &cells {
            connection.execute("INSERT INTO \"a \"\"b\" (x) VALUES (?1)", [cell]).expect("because there is room");
        }
        connection.execute("INSERT INTO \"a \"\"b\" (x) VALUES (1), (NULL), (x'ff00')", []).expect("because there is room");
        let expected = [cells.join("\n").as_bytes(), b"\n\xff\0"].concat();
        for access in [Access::ByRow("rowid"), Access::Whole] {
            let column = Column { table: "a \"b".into(), name: "x".into(), access };
            let mut statement = connection.prepare(&column.query()).expect("because it is SQL");
            let mut read = Cells::new(&connection, &column, statement.query([]).expect("because it is there"));
            let mut bytes = Vec::new();
            read.read_to_end(&mut bytes).expect("because it ends instead of failing");
            assert!(bytes == expected && read.into_failure().is_none(), "{access:?}: {} of {}", bytes.len(), expected.len());
        }
        assert_eq!(quoted("a\"b"), "\"a\"\"b\"");
    }
}
