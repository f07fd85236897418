//! Changes of the embedded store: each function is one transaction.
//!
//! Names are inserted in the order of their hashes, so that a large batch touches every page of the index once.

use rusqlite::{Connection, Transaction, TransactionBehavior};
use sha2::{Digest as _, Sha256};

use crate::model::exposure::Exposure;
use crate::model::instant::Instant;
use crate::model::issuance::Issuance;
use crate::model::known::Gram;
use crate::model::lifecycle::LifecycleEvent;
use crate::store::sqlite::read;
use crate::store::store::{FilterPart, Incoming, NewIssuance, Novelty, RecordId, Seen, Written};

fn begin(connection: &mut Connection) -> rusqlite::Result<Transaction<'_>> {
    connection.transaction_with_behavior(TransactionBehavior::Immediate)
}

/// Names and grams of new records, inserted together at the end.
#[derive(Default)]
struct Pending {
    names: Vec<(u64, RecordId)>,
    grams: Vec<(Gram, RecordId)>,
}

pub fn batch(connection: &mut Connection, batch: &mut dyn Incoming) -> rusqlite::Result<Written> {
    let transaction = begin(connection)?;
    let mut written = Written::default();
    batch.begin(read::last(&transaction)?);
    let mut pending = Pending::default();
    let mut perhaps = Vec::new();
    while let Some(new) = batch.next() {
        match new.novelty {
            Novelty::New => {
                insert(&transaction, &new, &mut pending)?;
                written.new += 1;
            }
            Novelty::Perhaps => perhaps.push(new),
        }
    }
    let mut fresh = pending.flush(&transaction)?;
    for new in perhaps {
        fresh.extend(merge(&transaction, &new, &mut written)?);
    }
    let tail = batch.finish(&fresh);
    for event in &tail.events {
        written.events += insert_event(&transaction, event)?;
    }
    cover(&transaction, &fresh, tail.filter)?;
    if let Some(checkpoint) = tail.checkpoint {
        let row = (&checkpoint.source, checkpoint.offset.cast_signed(), checkpoint.line.cast_signed());
        transaction.prepare_cached("INSERT OR REPLACE INTO checkpoint (source, offset, line) VALUES (?, ?, ?)")?.execute(row)?;
    }
    written.last = read::last(&transaction)?;
    transaction.commit()?;
    Ok(written)
}

/// Keeps a filter over the new indices, or the indices themselves.
fn cover(transaction: &Transaction, fresh: &[u64], filter: Option<Vec<u8>>) -> rusqlite::Result<()> {
    if let Some(bits) = filter {
        let number: i64 = transaction.query_row("SELECT coalesce(max(number), -1) + 1 FROM filter WHERE NOT merged", [], |row| row.get(0))?;
        return transaction.execute("INSERT INTO filter (merged, number, bits) VALUES (0, ?, ?)", (number, bits)).map(drop);
    }
    let mut late = transaction.prepare_cached("INSERT INTO late (hash) VALUES (?)")?;
    fresh.iter().try_for_each(|index| late.execute([index.cast_signed()]).map(drop))
}

impl Pending {
    /// Inserts in the order of the index; gives back what is new.
    fn flush(mut self, transaction: &Transaction) -> rusqlite::Result<Vec<u64>> {
        self.names.sort_unstable_by_key(|(hash, id)| (hash.cast_signed(), *id));
        self.grams.sort_unstable_by_key(|(gram, id)| (gram.hash.cast_signed(), *id));
        let mut fresh = Vec::with_capacity(self.names.len() + self.grams.len());
        let mut name = transaction.prepare_cached("INSERT OR IGNORE INTO name (hash, id) VALUES (?, ?)")?;
        for (hash, id) in self.names {
            if name.execute((hash.cast_signed(), id))? > 0 {
                fresh.push(hash);
            }
        }
        let mut gram = transaction.prepare_cached("INSERT OR IGNORE INTO gram (hash, id, before, length) VALUES (?, ?, ?, ?)")?;
        for (one, id) in self.grams {
            if gram.execute((one.hash.cast_signed(), id, one.before, one.length))? > 0 {
                fresh.push(one.hash);
            }
        }
        Ok(fresh)
    }
}

fn insert(transaction: &Transaction, new: &NewIssuance, pending: &mut Pending) -> rusqlite::Result<()> {
    transaction.prepare_cached("INSERT INTO issuance (expires, record) VALUES (?, ?)")?.execute((new.expires, &new.json))?;
    let id = transaction.last_insert_rowid();
    pending.names.extend(new.indices.iter().map(|index| (*index, id)));
    pending.grams.extend(new.gram.map(|gram| (gram, id)));
    Ok(())
}

/// Brings the record of the same token up to date, or inserts it where there is none; gives back what indices are new.
fn merge(transaction: &Transaction, new: &NewIssuance, written: &mut Written) -> rusqlite::Result<Vec<u64>> {
    let issuance: Issuance = serde_json::from_str(&new.json).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
    let mut known = None;
    for key in issuance.keys() {
        known = read::find(transaction, &key)?.into_iter().next();
        if known.is_some() {
            break;
        }
    }
    let mut pending = Pending::default();
    match known {
        None => {
            insert(transaction, new, &mut pending)?;
            written.new += 1;
        }
        Some(stored) => {
            let merged = stored.issuance.merged(&issuance);
            if merged == stored.issuance {
                written.known += 1;
            } else {
                update(transaction, stored.id, &merged)?;
                pending.names.extend(merged.keys().iter().map(|key| (key.index(), stored.id)));
                written.updated += 1;
            }
            pending.grams.extend(new.gram.map(|gram| (gram, stored.id)));
        }
    }
    pending.flush(transaction)
}

fn update(transaction: &Transaction, id: RecordId, issuance: &Issuance) -> rusqlite::Result<()> {
    let json = serde_json::to_string(issuance).expect("because records can be written");
    let expires = issuance.expires_at.map(Instant::seconds);
    transaction.prepare_cached("UPDATE issuance SET expires = ?, record = ? WHERE id = ?")?.execute((expires, json, id)).map(drop)
}

fn insert_event(transaction: &Transaction, event: &LifecycleEvent) -> rusqlite::Result<u64> {
    let json = serde_json::to_string(event).expect("because facts can be written");
    let row = (event.target.index().cast_signed(), event.at.seconds(), json);
    let inserted = transaction.prepare_cached("INSERT OR IGNORE INTO event (target, at, record) VALUES (?, ?, ?)")?.execute(row)?;
    Ok(inserted as u64)
}

pub fn expose(connection: &mut Connection, seen: &[Seen]) -> rusqlite::Result<()> {
    let transaction = begin(connection)?;
    for Seen { record, exposure } in seen {
        let place = place(exposure);
        let mut known = transaction.prepare_cached("SELECT record FROM exposure WHERE id = ? AND place = ?")?;
        let known = known.query_map((record, place), |row| read::json::<Exposure>(row, 0))?.next().transpose()?;
        let now = known.map_or_else(|| exposure.clone(), |known| together(&known, exposure));
        let json = serde_json::to_string(&now).expect("because places can be written");
        transaction.prepare_cached("INSERT OR REPLACE INTO exposure (id, place, record) VALUES (?, ?, ?)")?.execute((record, place, json))?;
    }
    transaction.commit()
}

/// 64 bits of what makes a place one place: kind, location, carrier.
fn place(exposure: &Exposure) -> i64 {
    let text = serde_json::to_string(&(exposure.kind, &exposure.location, &exposure.carrier)).expect("because it can be written");
    i64::from_le_bytes(*Sha256::digest(text.as_bytes()).first_chunk().expect("because a digest has 32 bytes"))
}

fn together(known: &Exposure, new: &Exposure) -> Exposure {
    let newer = if new.last_seen >= known.last_seen { new } else { known };
    Exposure {
        first_seen: known.first_seen.min(new.first_seen),
        last_seen: known.last_seen.max(new.last_seen),
        count: known.count + new.count,
        ..newer.clone()
    }
}

pub fn merge_filter(connection: &mut Connection, parts: &[FilterPart], judged_at: RecordId) -> rusqlite::Result<bool> {
    let transaction = begin(connection)?;
    if read::last(&transaction)? != judged_at {
        return Ok(false);
    }
    transaction.execute_batch("DELETE FROM filter; DELETE FROM late;")?;
    for part in parts {
        transaction.execute("INSERT INTO filter (merged, number, bits) VALUES (1, ?, ?)", (part.number, &part.bytes))?;
    }
    transaction.commit()?;
    Ok(true)
}

/// The filter goes on naming what was removed, which costs a look and finds nothing.
pub fn forget(connection: &mut Connection, expired_before: Instant) -> rusqlite::Result<u64> {
    connection.pragma_update(None, "secure_delete", true)?;
    let transaction = begin(connection)?;
    let mut removed = 0;
    let mut expired = transaction.prepare("SELECT id, record FROM issuance WHERE expires < ?")?;
    let mut rows = expired.query([expired_before.seconds()])?;
    let mut remove_name = transaction.prepare("DELETE FROM name WHERE hash = ? AND id = ?")?;
    while let Some(row) = rows.next()? {
        let id: RecordId = row.get(0)?;
        for key in read::json::<Issuance>(row, 1)?.keys() {
            remove_name.execute((key.index().cast_signed(), id))?;
        }
        removed += 1;
    }
    drop(rows);
    drop((expired, remove_name));
    if removed > 0 {
        for table in ["gram", "exposure"] {
            transaction
                .execute(&format!("DELETE FROM {table} WHERE id IN (SELECT id FROM issuance WHERE expires < ?)"), [expired_before.seconds()])?;
        }
        // The newest number stays taken, so that it is never given twice.
        let last = read::last(&transaction)?;
        transaction.execute("DELETE FROM issuance WHERE expires < ? AND id <> ?", (expired_before.seconds(), last))?;
        transaction.execute("UPDATE issuance SET expires = NULL, record = '{}' WHERE expires < ? AND id = ?", (expired_before.seconds(), last))?;
    }
    transaction.commit()?;
    connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE); VACUUM; PRAGMA wal_checkpoint(TRUNCATE);")?;
    Ok(removed)
}

pub fn set_once(connection: &mut Connection, name: &str, value: &[u8]) -> rusqlite::Result<Vec<u8>> {
    let transaction = begin(connection)?;
    transaction.execute("INSERT OR IGNORE INTO value (name, bytes) VALUES (?, ?)", (name, value))?;
    let kept = read::value(&transaction, name)?;
    transaction.commit()?;
    Ok(kept.unwrap_or_default())
}
