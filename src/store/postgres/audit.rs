//! The audit log in the shared store.

use ::postgres::{GenericClient, Row, Transaction};

use crate::store::audit::{Note, NoteSeq, Noted};
use crate::store::postgres::fault::Fault;

fn noted(row: &Row) -> Result<Noted, Fault> {
    Ok(Noted { seq: row.try_get(0)?, at: row.try_get(1)?, record: row.try_get(2)?, hash: row.try_get(3)? })
}

/// Appends, in a transaction that has the turn, so that the chain has one end.
pub fn append(transaction: &mut Transaction, notes: &[Note]) -> Result<(), Fault> {
    if notes.is_empty() {
        return Ok(());
    }
    let mut end = last(transaction)?;
    let insert = transaction.prepare("INSERT INTO audit (seq, at, record, hash) VALUES ($1, $2, $3, $4)")?;
    for note in notes {
        let next = Noted::after(end.as_ref(), note);
        transaction.execute(&insert, &[&next.seq, &next.at, &next.record, &next.hash])?;
        end = Some(next);
    }
    Ok(())
}

pub fn notes(client: &mut impl GenericClient, from: NoteSeq, limit: u32) -> Result<Vec<Noted>, Fault> {
    let query = "SELECT seq, at, record, hash FROM audit WHERE seq >= $1 ORDER BY seq LIMIT $2";
    client.query(query, &[&from, &i64::from(limit)])?.iter().map(noted).collect()
}

pub fn last(client: &mut impl GenericClient) -> Result<Option<Noted>, Fault> {
    client.query_opt("SELECT seq, at, record, hash FROM audit ORDER BY seq DESC LIMIT 1", &[])?.as_ref().map(noted).transpose()
}
