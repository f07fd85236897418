//! Questions to the shared store.

use std::collections::HashSet;

use ::postgres::types::Type;
use ::postgres::{GenericClient, Row, Transaction};
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};

use crate::model::exposure::Exposure;
use crate::model::issuance::Issuance;
use crate::model::known::Gram;
use crate::model::lifecycle::{LifecycleEvent, Target};
use crate::model::token_key::TokenKey;
use crate::store::postgres::fault::Fault;
use crate::store::postgres::uses;
use crate::store::sighting::{sort_events, sort_places};
use crate::store::store::{Checkpoint, Counts, FilterPart, FilterState, RecordId, Stored};

/// How many records are checked at once.
const STRIDE: i64 = 5000;

/// JSON in a column.
pub fn json<T: DeserializeOwned>(row: &Row, column: usize) -> Result<T, Fault> {
    Ok(serde_json::from_str(row.try_get(column)?)?)
}

pub fn stored(row: &Row) -> Result<Stored, Fault> {
    Ok(Stored { id: row.try_get(0)?, issuance: json::<Issuance>(row, 1)? })
}

/// 64 bits of a name in the first column.
pub fn hash(row: &Row) -> Result<u64, Fault> {
    Ok(row.try_get::<_, i64>(0)?.cast_unsigned())
}

pub fn find(client: &mut impl GenericClient, key: &TokenKey) -> Result<Vec<Stored>, Fault> {
    under(client, key.index(), |issuance| issuance.keys().contains(key))
}

pub fn family(client: &mut impl GenericClient, id: &str) -> Result<Vec<Stored>, Fault> {
    under(client, Target::Family(id.to_owned()).index(), |issuance| issuance.family_id.as_deref() == Some(id))
}

/// The records under an index that are meant.
fn under(client: &mut impl GenericClient, index: u64, is_meant: impl Fn(&Issuance) -> bool) -> Result<Vec<Stored>, Fault> {
    let query = "SELECT issuance.id, record FROM name JOIN issuance ON issuance.id = name.id WHERE hash = $1 ORDER BY name.id";
    let rows = client.query_typed(query, &[(&index.cast_signed(), Type::INT8)])?;
    let mut found: Vec<Stored> = rows.iter().map(stored).collect::<Result<_, _>>()?;
    found.retain(|stored| is_meant(&stored.issuance));
    Ok(found)
}

pub fn grams(client: &mut impl GenericClient, hash: u64) -> Result<Vec<Gram>, Fault> {
    let query = "SELECT DISTINCT before, length FROM gram WHERE hash = $1 ORDER BY before, length";
    let rows = client.query_typed(query, &[(&hash.cast_signed(), Type::INT8)])?;
    let number = |row: &Row, column| Ok::<u32, Fault>(row.try_get::<_, i64>(column)?.try_into()?);
    rows.iter().map(|row| Ok(Gram { hash, before: number(row, 0)?, length: number(row, 1)? })).collect()
}

pub fn events(client: &mut impl GenericClient, targets: &[Target]) -> Result<Vec<LifecycleEvent>, Fault> {
    let indices: Vec<i64> = targets.iter().map(|target| target.index().cast_signed()).collect();
    let rows = client.query_typed("SELECT record FROM event WHERE target = ANY ($1)", &[(&indices, Type::INT8_ARRAY)])?;
    let mut events: Vec<LifecycleEvent> = rows.iter().map(|row| json(row, 0)).collect::<Result<_, _>>()?;
    events.retain(|event| targets.contains(&event.target));
    sort_events(&mut events);
    Ok(events)
}

pub fn all_events(client: &mut impl GenericClient) -> Result<Vec<LifecycleEvent>, Fault> {
    let rows = client.query("SELECT record FROM event", &[])?;
    let mut events: Vec<LifecycleEvent> = rows.iter().map(|row| json(row, 0)).collect::<Result<_, _>>()?;
    sort_events(&mut events);
    Ok(events)
}

pub fn page(client: &mut impl GenericClient, from: RecordId, limit: u32) -> Result<Vec<Stored>, Fault> {
    let rows = client.query("SELECT id, record FROM issuance WHERE id >= $1 ORDER BY id LIMIT $2", &[&from, &i64::from(limit)])?;
    rows.iter().map(stored).collect()
}

pub fn exposures(client: &mut impl GenericClient, record: RecordId) -> Result<Vec<Exposure>, Fault> {
    let rows = client.query_typed("SELECT record FROM exposure WHERE id = $1", &[(&record, Type::INT8)])?;
    let mut all: Vec<Exposure> = rows.iter().map(|row| json(row, 0)).collect::<Result<_, _>>()?;
    sort_places(&mut all);
    Ok(all)
}

/// What a text without a limit is found by.
pub fn digest(text: &str) -> Vec<u8> {
    Sha256::digest(text.as_bytes()).to_vec()
}

pub fn checkpoint(client: &mut impl GenericClient, source: &str) -> Result<Option<Checkpoint>, Fault> {
    let row = client.query_opt("SELECT \"offset\", line FROM checkpoint WHERE digest = $1", &[&digest(source)])?;
    let number = |row: &Row, column| Ok::<u64, Fault>(row.try_get::<_, i64>(column)?.cast_unsigned());
    row.map(|row| Ok(Checkpoint { source: source.to_owned(), offset: number(&row, 0)?, line: number(&row, 1)? })).transpose()
}

pub fn filter(transaction: &mut Transaction) -> Result<FilterState, Fault> {
    let part = |row: &Row| Ok(FilterPart { merged: row.try_get(0)?, number: row.try_get::<_, i64>(1)?.try_into()?, bytes: row.try_get(2)? });
    let parts = transaction.query("SELECT merged, number, bits FROM filter ORDER BY merged DESC, number", &[])?;
    let late = transaction.query("SELECT hash FROM late", &[])?;
    let lengths = transaction.query("SELECT octets FROM length", &[])?;
    Ok(FilterState {
        parts: parts.iter().map(part).collect::<Result<_, Fault>>()?,
        late: late.iter().map(hash).collect::<Result<_, _>>()?,
        last: last(transaction)?,
        lengths: lengths.iter().map(|row| Ok(row.try_get::<_, i64>(0)?.try_into()?)).collect::<Result<_, Fault>>()?,
    })
}

pub fn last(client: &mut impl GenericClient) -> Result<RecordId, Fault> {
    Ok(client.query_typed_one("SELECT last FROM counter", &[])?.try_get(0)?)
}

/// Indices are stored as signed numbers, so that a range of unsigned ones may be two.
pub fn indices(client: &mut impl GenericClient, first: u64, last: u64) -> Result<Vec<u64>, Fault> {
    const HALF: u64 = 1 << 63;
    let ranges = if first < HALF && last >= HALF { vec![(first, HALF - 1), (HALF, last)] } else { vec![(first, last)] };
    let mut all = Vec::new();
    for (first, last) in ranges {
        let query = "SELECT hash FROM name WHERE hash BETWEEN $1 AND $2 UNION SELECT hash FROM gram WHERE hash BETWEEN $1 AND $2";
        for row in client.query(query, &[&first.cast_signed(), &last.cast_signed()])? {
            all.push(hash(&row)?);
        }
    }
    Ok(all)
}

pub fn counts(transaction: &mut Transaction) -> Result<Counts, Fault> {
    let mut count = |what: &str| Ok::<u64, Fault>(transaction.query_one(&format!("SELECT {what}"), &[])?.try_get::<_, i64>(0)?.cast_unsigned());
    let tables = "sum(pg_total_relation_size(oid))::bigint FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace";
    Ok(Counts {
        records: count("count(*) FROM issuance")?,
        keys: count("count(*) FROM name")?,
        events: count("count(*) FROM event")?,
        exposures: count("count(*) FROM exposure")?,
        grams: count("count(*) FROM gram")?,
        uses: count("count(*) FROM token_use")?,
        judgements: count("count(*) FROM judgement")?,
        bytes: count(tables)?,
    })
}

pub fn verify(transaction: &mut Transaction) -> Result<Vec<String>, Fault> {
    let mut wrong = Vec::new();
    for (table, what) in [("name", "names"), ("gram", "n-grams"), ("exposure", "places")] {
        let query = format!("SELECT count(*) FROM {table} WHERE NOT EXISTS (SELECT FROM issuance WHERE issuance.id = {table}.id)");
        let lost: i64 = transaction.query_one(&query, &[])?.try_get(0)?;
        if lost > 0 {
            wrong.push(format!("{lost} {what} belong to no record"));
        }
    }
    if lingers(transaction)? {
        wrong.push("removed records may still have bytes in the files: forget again".to_owned());
    }
    let mut from = RecordId::MIN;
    loop {
        let rows = transaction.query("SELECT id, record FROM issuance WHERE id >= $1 ORDER BY id LIMIT $2", &[&from, &STRIDE])?;
        let Some(end) = rows.last() else { break };
        from = end.try_get::<_, RecordId>(0)? + 1;
        verify_names(transaction, &rows, &mut wrong)?;
    }
    let newest = from.max(1) - 1;
    if newest > last(transaction)? {
        wrong.push(format!("record {newest} is newer than the last number that was given"));
    }
    uses::verify(transaction, &mut wrong)?;
    Ok(wrong)
}

/// Whether records can be read and found by every name.
fn verify_names(transaction: &mut Transaction, rows: &[Row], wrong: &mut Vec<String>) -> Result<(), Fault> {
    let mut records: Vec<(RecordId, Option<Vec<TokenKey>>)> = Vec::new();
    for row in rows {
        records.push((row.try_get(0)?, json::<Issuance>(row, 1).ok().map(|issuance| issuance.keys())));
    }
    let hashes: Vec<i64> = records.iter().flat_map(|(_, keys)| keys.iter().flatten()).map(|key| key.index().cast_signed()).collect();
    let mut known: HashSet<(i64, RecordId)> = HashSet::new();
    for row in transaction.query("SELECT hash, id FROM name WHERE hash = ANY ($1)", &[&hashes])? {
        known.insert((row.try_get(0)?, row.try_get(1)?));
    }
    for (id, keys) in records {
        match keys {
            None => wrong.push(format!("record {id} cannot be read")),
            Some(keys) => {
                let lost = keys.iter().filter(|key| !known.contains(&(key.index().cast_signed(), id)));
                wrong.extend(lost.map(|key| format!("record {id} cannot be found by its {}", key.kind())));
            }
        }
    }
    Ok(())
}

/// Whether removed records may still have bytes in the tables' files.
pub fn lingers(client: &mut impl GenericClient) -> Result<bool, Fault> {
    Ok(client.query_one("SELECT lingering FROM counter", &[])?.try_get(0)?)
}

pub fn value(client: &mut impl GenericClient, name: &str) -> Result<Option<Vec<u8>>, Fault> {
    let row = client.query_opt("SELECT bytes FROM value WHERE name = $1", &[&name])?;
    Ok(row.map(|row| row.try_get(0)).transpose()?)
}

pub fn values(client: &mut impl GenericClient, prefix: &str) -> Result<Vec<(String, Vec<u8>)>, Fault> {
    let rows = client.query("SELECT name, bytes FROM value WHERE starts_with(name, $1) ORDER BY name COLLATE \"C\"", &[&prefix])?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}
