//! The cells of one column of an `SQLite` table as one stream, with a line break between any two; of those that were read before, their breaks.
//!
//! **Invariant:** of a cell above [`HELD`] bytes only a piece is in memory, unless its table has no row ids.

use std::io::{self, Read, Seek};

use memchr::memchr_iter;
use rusqlite::blob::Blob;
use rusqlite::{Connection, Error, MAIN_DB, Rows};

use crate::model::fingerprint::Fingerprint;
use crate::sources::unpack::Remember;

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

impl Column {
    /// A number that stands for its table and name.
    fn number(&self) -> u64 {
        Fingerprint::index_of(format!("{}.{}", quoted(&self.table), quoted(&self.name)).as_bytes())
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
    /// How many line breaks follow it that stand for a large cell.
    breaks: u64,
    blob: Option<Blob<'c>>,
    memory: Option<Memory<'c>>,
    is_first: bool,
    failure: Option<Error>,
}

impl<'c> Cells<'c> {
    /// The cells that [`Column::query`] found.
    pub fn new(connection: &'c Connection, column: &'c Column, rows: Rows<'c>, cells: Option<&'c dyn Remember>) -> Self {
        let memory = cells.map(|cells| Memory { cells, column: column.number() });
        Self { connection, column, rows, held: Vec::new(), read: 0, breaks: 0, blob: None, memory, is_first: true, failure: None }
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
        let id: i64 = row.get(0)?;
        match (row.get_ref(1)?.as_bytes_or_null()?, self.memory) {
            (Some(bytes), Some(memory)) if memory.has_read(Fingerprint::index_of(bytes)) => {
                self.held.resize(self.held.len() + breaks(bytes), b'\n');
            }
            (Some(bytes), _) => self.held.extend_from_slice(bytes),
            (None, memory) => {
                let mut blob = self.connection.blob_open(MAIN_DB, &*self.column.table, &*self.column.name, id, true)?;
                let looked = memory.map(|memory| Ok((memory, look(&mut blob)?))).transpose().map_err(plain)?;
                match looked.filter(|(memory, (content, _))| memory.has_read(*content)) {
                    Some((_, (_, breaks))) => self.breaks = breaks,
                    None => self.blob = Some(blob),
                }
            }
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
            if self.breaks > 0 {
                let count = io::repeat(b'\n').take(self.breaks).read(buffer).expect("because line breaks can be read");
                self.breaks -= count as u64;
                return Ok(count);
            }
            if let Some(blob) = &mut self.blob {
                let count = blob.read(buffer).map_err(plain)?;
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

/// Who remembers the cells of a column.
#[derive(Clone, Copy)]
struct Memory<'c> {
    cells: &'c dyn Remember,
    /// The number that stands for the column.
    column: u64,
}

impl Memory<'_> {
    /// The row takes no part: programs that write a row anew, or tidy their database, give it another number.
    fn has_read(self, content: u64) -> bool {
        self.cells.has_read(Fingerprint::index_of(&[self.column, content].map(u64::to_le_bytes).concat()))
    }
}

/// Looks through a large cell: a number that stands for its content, and how many line breaks it holds.
fn look(blob: &mut Blob) -> io::Result<(u64, u64)> {
    let (mut number, mut count, mut piece) = (0_u64, 0, vec![0; 1 << 16]);
    loop {
        match blob.read(&mut piece)? {
            0 => break,
            read => {
                number = Fingerprint::index_of(&[number, Fingerprint::index_of(&piece[..read])].map(u64::to_le_bytes).concat());
                count += breaks(&piece[..read]) as u64;
            }
        }
    }
    blob.rewind()?;
    Ok((number, count))
}

fn breaks(bytes: &[u8]) -> usize {
    memchr_iter(b'\n', bytes).count()
}

/// What `SQLite` said.
fn plain(error: io::Error) -> Error {
    error.downcast().unwrap_or_else(|other| Error::ToSqlConversionFailure(other.into()))
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
    use std::cell::RefCell;
    use std::collections::HashSet;
    use std::io::Read;

    use rusqlite::Connection;

    use crate::sources::unpack::Remember;
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
            let mut read = Cells::new(&connection, &column, statement.query([]).expect("because it is there"), None);
            let mut bytes = Vec::new();
            read.read_to_end(&mut bytes).expect("because it ends instead of failing");
            assert!(bytes == expected && read.into_failure().is_none(), "{access:?}: {} of {}", bytes.len(), expected.len());
        }
        assert_eq!(quoted("a\"b"), "\"a\"\"b\"");
    }

    /// Remembers cells, and all that it hears of.
    #[derive(Default)]
    struct Book {
        known: HashSet<u64>,
        heard: RefCell<HashSet<u64>>,
    }

    impl Remember for Book {
        fn has_read(&self, cell: u64) -> bool {
            self.heard.borrow_mut().insert(cell);
            self.known.contains(&cell)
        }
    }

    #[test]
    fn of_cells_that_were_read_before_the_line_breaks_remain() {
        let connection = Connection::open_in_memory().expect("because it needs no file");
        connection.execute_batch("CREATE TABLE t (id INTEGER PRIMARY KEY, x)").expect("because it is SQL");
        let write = |id: i64, cell: &str| {
            connection.execute("INSERT OR REPLACE INTO t VALUES (?1, ?2)", (id, cell)).expect("because there is room");
        };
        let large = "line\n".repeat(HELD / 4);
        write(1, "a\nb\nc");
        write(2, &large);
        write(4, "d");
        let mut book = Book::default();
        let mut read = || {
            let column = Column { table: "t".into(), name: "x".into(), access: Access::ByRow("id") };
            let mut statement = connection.prepare(&column.query()).expect("because it is SQL");
            let mut cells = Cells::new(&connection, &column, statement.query([]).expect("because it is there"), Some(&book));
            let mut text = String::new();
            cells.read_to_string(&mut text).expect("because it ends instead of failing");
            assert!(cells.into_failure().is_none());
            book.known = book.heard.take();
            text
        };
        let breaks = "\n".repeat(HELD / 4);
        assert!(read() == format!("a\nb\nc\n{large}\nd"));
        assert!(read() == format!("\n\n\n{breaks}\n"));
        // What a row says otherwise is new; what only stands in another row is not.
        write(3, "d");
        write(4, "e");
        assert!(read() == format!("\n\n\n{breaks}\n\ne"));
        write(2, &large.replacen('l', "L", 1));
        assert!(read().starts_with("\n\n\nLine\n"));
    }
}
