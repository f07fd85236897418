//! The audit log in the embedded store.

use rusqlite::{Connection, OptionalExtension as _, Row, Transaction};

use crate::store::audit::{Note, NoteSeq, Noted};

fn noted(row: &Row) -> rusqlite::Result<Noted> {
    Ok(Noted { seq: row.get(0)?, at: row.get(1)?, record: row.get(2)?, hash: row.get(3)? })
}

/// Appends; nobody else writes meanwhile, so that the chain has one end.
pub fn append(transaction: &Transaction, notes: &[Note]) -> rusqlite::Result<()> {
    if notes.is_empty() {
        return Ok(());
    }
    let mut end = last(transaction)?;
    let mut insert = transaction.prepare_cached("INSERT INTO audit (seq, at, record, hash) VALUES (?, ?, ?, ?)")?;
    for note in notes {
        let next = Noted::after(end.as_ref(), note);
        insert.execute((next.seq, next.at, &next.record, &next.hash))?;
        end = Some(next);
    }
    Ok(())
}

pub fn notes(connection: &Connection, from: NoteSeq, limit: u32) -> rusqlite::Result<Vec<Noted>> {
    let mut statement = connection.prepare_cached("SELECT seq, at, record, hash FROM audit WHERE seq >= ? ORDER BY seq LIMIT ?")?;
    statement.query_map((from, limit), noted)?.collect()
}

pub fn last(connection: &Connection) -> rusqlite::Result<Option<Noted>> {
    connection.prepare_cached("SELECT seq, at, record, hash FROM audit ORDER BY seq DESC LIMIT 1")?.query_row([], noted).optional()
}
