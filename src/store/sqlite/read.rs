//! Questions to the embedded store.

use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension as _, Row};
use serde::de::DeserializeOwned;

use crate::model::exposure::Exposure;
use crate::model::issuance::Issuance;
use crate::model::known::Gram;
use crate::model::lifecycle::{LifecycleEvent, Target};
use crate::model::token_key::TokenKey;
use crate::store::sighting::{sort_events, sort_places};
use crate::store::sqlite::uses;
use crate::store::store::{Checkpoint, Counts, FilterPart, FilterState, RecordId, Stored};

/// JSON in a column.
pub fn json<T: DeserializeOwned>(row: &Row, column: usize) -> rusqlite::Result<T> {
    let text = row.get_ref(column)?.as_str()?;
    serde_json::from_str(text).map_err(|error| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error)))
}

fn stored(row: &Row) -> rusqlite::Result<Stored> {
    Ok(Stored { id: row.get(0)?, issuance: json::<Issuance>(row, 1)? })
}

pub fn find(connection: &Connection, key: &TokenKey) -> rusqlite::Result<Vec<Stored>> {
    under(connection, key.index(), |issuance| issuance.keys().contains(key))
}

pub fn family(connection: &Connection, id: &str) -> rusqlite::Result<Vec<Stored>> {
    under(connection, Target::Family(id.to_owned()).index(), |issuance| issuance.family_id.as_deref() == Some(id))
}

/// The records under an index that are meant.
fn under(connection: &Connection, index: u64, is_meant: impl Fn(&Issuance) -> bool) -> rusqlite::Result<Vec<Stored>> {
    let mut statement =
        connection.prepare_cached("SELECT issuance.id, record FROM name JOIN issuance ON issuance.id = name.id WHERE hash = ? ORDER BY name.id")?;
    let rows = statement.query_map([index.cast_signed()], stored)?;
    rows.filter(|row| row.as_ref().map_or(true, |stored| is_meant(&stored.issuance))).collect()
}

pub fn grams(connection: &Connection, hash: u64) -> rusqlite::Result<Vec<Gram>> {
    let mut statement = connection.prepare_cached("SELECT DISTINCT before, length FROM gram WHERE hash = ? ORDER BY before, length")?;
    let rows = statement.query_map([hash.cast_signed()], |row| Ok(Gram { hash, before: row.get(0)?, length: row.get(1)? }))?;
    rows.collect()
}

pub fn events(connection: &Connection, targets: &[Target]) -> rusqlite::Result<Vec<LifecycleEvent>> {
    let mut statement = connection.prepare_cached("SELECT record FROM event WHERE target = ?")?;
    let mut events = Vec::new();
    for target in targets {
        for event in statement.query_map([target.index().cast_signed()], |row| json::<LifecycleEvent>(row, 0))? {
            events.push(event?);
        }
    }
    events.retain(|event| targets.contains(&event.target));
    sort_events(&mut events);
    events.dedup();
    Ok(events)
}

pub fn all_events(connection: &Connection) -> rusqlite::Result<Vec<LifecycleEvent>> {
    let mut statement = connection.prepare_cached("SELECT record FROM event ORDER BY at")?;
    let mut events: Vec<LifecycleEvent> = statement.query_map([], |row| json(row, 0))?.collect::<rusqlite::Result<_>>()?;
    sort_events(&mut events);
    Ok(events)
}

pub fn page(connection: &Connection, from: RecordId, limit: u32) -> rusqlite::Result<Vec<Stored>> {
    let mut statement = connection.prepare_cached("SELECT id, record FROM issuance WHERE id >= ? ORDER BY id LIMIT ?")?;
    statement.query_map((from, limit), stored)?.collect()
}

pub fn exposures(connection: &Connection, record: RecordId) -> rusqlite::Result<Vec<Exposure>> {
    let mut statement = connection.prepare_cached("SELECT record FROM exposure WHERE id = ?")?;
    let mut all: Vec<Exposure> = statement.query_map([record], |row| json(row, 0))?.collect::<rusqlite::Result<_>>()?;
    sort_places(&mut all);
    Ok(all)
}

pub fn checkpoint(connection: &Connection, source: &str) -> rusqlite::Result<Option<Checkpoint>> {
    let mut statement = connection.prepare_cached("SELECT offset, line FROM checkpoint WHERE source = ?")?;
    let number = |row: &Row, column| row.get::<_, i64>(column).map(i64::cast_unsigned);
    statement.query_row([source], |row| Ok(Checkpoint { source: source.to_owned(), offset: number(row, 0)?, line: number(row, 1)? })).optional()
}

/// One transaction, so that parts, late indices and the last record fit together.
pub fn filter(connection: &Connection) -> rusqlite::Result<FilterState> {
    let transaction = connection.unchecked_transaction()?;
    let part = |row: &Row| Ok(FilterPart { merged: row.get(0)?, number: row.get(1)?, bytes: row.get(2)? });
    let parts = transaction
        .prepare_cached("SELECT merged, number, bits FROM filter ORDER BY merged DESC, number")?
        .query_map([], part)?
        .collect::<rusqlite::Result<_>>()?;
    let late = transaction.prepare_cached("SELECT hash FROM late")?.query_map([], hash)?.collect::<rusqlite::Result<_>>()?;
    let lengths = transaction.prepare_cached("SELECT octets FROM length")?.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    Ok(FilterState { parts, late, last: last(&transaction)?, lengths })
}

/// 64 bits of a name in the first column.
pub fn hash(row: &Row) -> rusqlite::Result<u64> {
    row.get::<_, i64>(0).map(i64::cast_unsigned)
}

pub fn last(connection: &Connection) -> rusqlite::Result<RecordId> {
    connection.prepare_cached("SELECT last FROM counter")?.query_row([], |row| row.get(0))
}

/// Indices are stored as signed numbers, so that a range of unsigned ones may be two.
pub fn indices(connection: &Connection, first: u64, last: u64) -> rusqlite::Result<Vec<u64>> {
    const HALF: u64 = 1 << 63;
    let ranges = if first < HALF && last >= HALF { vec![(first, HALF - 1), (HALF, last)] } else { vec![(first, last)] };
    let mut all = Vec::new();
    for table in ["name", "gram"] {
        let mut statement = connection.prepare_cached(&format!("SELECT DISTINCT hash FROM {table} WHERE hash BETWEEN ? AND ?"))?;
        for (first, last) in &ranges {
            for index in statement.query_map((first.cast_signed(), last.cast_signed()), hash)? {
                all.push(index?);
            }
        }
    }
    Ok(all)
}

pub fn counts(connection: &Connection) -> rusqlite::Result<Counts> {
    let count = |what: &str| connection.query_row(&format!("SELECT count(*) FROM {what}"), [], |row| row.get::<_, i64>(0)).map(i64::cast_unsigned);
    let pragma = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).map(i64::cast_unsigned);
    Ok(Counts {
        records: count("issuance")?,
        keys: count("name")?,
        events: count("event")?,
        exposures: count("exposure")?,
        grams: count("gram")?,
        uses: count("token_use")?,
        judgements: count("judgement")?,
        bytes: pragma("page_count")? * pragma("page_size")?,
    })
}

/// One transaction, so that what others write meanwhile is no contradiction.
pub fn verify(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let connection = connection.unchecked_transaction()?;
    let mut wrong: Vec<String> = connection
        .prepare("PRAGMA integrity_check")?
        .query_map([], |row| row.get::<_, String>(0))?
        .filter(|line| line.as_ref().map_or(true, |line| line != "ok"))
        .collect::<rusqlite::Result<_>>()?;
    for (table, what) in [("name", "names"), ("gram", "n-grams"), ("exposure", "places")] {
        let query = format!("SELECT count(*) FROM {table} WHERE NOT EXISTS (SELECT 1 FROM issuance WHERE issuance.id = {table}.id)");
        let lost: i64 = connection.query_row(&query, [], |row| row.get(0))?;
        if lost > 0 {
            wrong.push(format!("{lost} {what} belong to no record"));
        }
    }
    if lingers(&connection)? {
        wrong.push("removed records may still have bytes in the files: forget again".to_owned());
    }
    let newest: RecordId = connection.query_row("SELECT coalesce(max(id), 0) FROM issuance", [], |row| row.get(0))?;
    if newest > last(&connection)? {
        wrong.push(format!("record {newest} is newer than the last number that was given"));
    }
    let mut records = connection.prepare("SELECT id, record FROM issuance")?;
    let mut known = connection.prepare("SELECT EXISTS (SELECT 1 FROM name WHERE hash = ? AND id = ?)")?;
    let mut rows = records.query([])?;
    while let Some(row) = rows.next()? {
        let id: RecordId = row.get(0)?;
        match json::<Issuance>(row, 1) {
            Err(_) => wrong.push(format!("record {id} cannot be read")),
            Ok(issuance) => {
                for key in issuance.keys() {
                    if !known.query_row((key.index().cast_signed(), id), |row| row.get::<_, bool>(0))? {
                        wrong.push(format!("record {id} cannot be found by its {}", key.kind()));
                    }
                }
            }
        }
    }
    uses::verify(&connection, &mut wrong)?;
    Ok(wrong)
}

/// Whether removed records may still have bytes in the files.
pub fn lingers(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("SELECT lingering FROM counter", [], |row| row.get(0))
}

pub fn value(connection: &Connection, name: &str) -> rusqlite::Result<Option<Vec<u8>>> {
    connection.prepare_cached("SELECT bytes FROM value WHERE name = ?")?.query_row([name], |row| row.get(0)).optional()
}

pub fn values(connection: &Connection, prefix: &str) -> rusqlite::Result<Vec<(String, Vec<u8>)>> {
    let select = "SELECT name, bytes FROM value WHERE substr(name, 1, length(?1)) = ?1 ORDER BY name";
    connection.prepare_cached(select)?.query_map([prefix], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}
