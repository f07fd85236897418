//! Changes of the embedded store: each function is one transaction.
//!
//! Names are inserted in the order of their hashes, so that a large batch touches every page of the index once.

use std::collections::BTreeSet;

use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::model::exposure::Exposure;
use crate::model::instant::Instant;
use crate::model::issuance::Issuance;
use crate::model::known::Gram;
use crate::model::lifecycle::LifecycleEvent;
use crate::model::token_key::TokenKey;
use crate::store::join::join;
use crate::store::sighting::{place, together};
use crate::store::sqlite::read;
use crate::store::store::{Checkpoint, FilterPart, Incoming, NewIssuance, Novelty, RecordId, Stored, Written};

/// Begins a transaction that writes.
pub fn begin(connection: &mut Connection) -> rusqlite::Result<Transaction<'_>> {
    connection.transaction_with_behavior(TransactionBehavior::Immediate)
}

/// Names and grams of new records, inserted together at the end.
struct Pending {
    /// The last number that was given.
    last: RecordId,
    names: Vec<(u64, RecordId)>,
    grams: Vec<(Gram, RecordId)>,
    lengths: BTreeSet<u32>,
}

pub fn batch(connection: &mut Connection, batch: &mut dyn Incoming) -> rusqlite::Result<Written> {
    let transaction = begin(connection)?;
    let mut written = Written::default();
    let before = read::last(&transaction)?;
    batch.begin(before);
    let mut pending = Pending { last: before, names: Vec::new(), grams: Vec::new(), lengths: BTreeSet::new() };
    let mut perhaps = Vec::new();
    while let Some(new) = batch.next() {
        pending.lengths.extend(new.length);
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
        merge(&transaction, &new, &mut pending, &mut written)?;
        fresh.extend(pending.flush(&transaction)?);
    }
    let tail = batch.finish(&fresh);
    for event in &tail.events {
        written.events += insert_event(&transaction, event)?;
    }
    cover(&transaction, &fresh, tail.filter)?;
    let mut length = transaction.prepare_cached("INSERT OR IGNORE INTO length (octets) VALUES (?)")?;
    pending.lengths.iter().try_for_each(|octets| length.execute([octets]).map(drop))?;
    drop(length);
    if let Some(checkpoint) = &tail.checkpoint {
        keep_checkpoint(&transaction, checkpoint)?;
    }
    // Others see by the number that there is something to read, even where a known record only gained a name.
    written.last = if fresh.is_empty() { pending.last } else { pending.last.max(before + 1) };
    transaction.prepare_cached("UPDATE counter SET last = ?")?.execute([written.last])?;
    transaction.commit()?;
    Ok(written)
}

pub fn keep_checkpoint(transaction: &Transaction, checkpoint: &Checkpoint) -> rusqlite::Result<()> {
    let row = (&checkpoint.source, checkpoint.offset.cast_signed(), checkpoint.line.cast_signed());
    let insert = "INSERT OR REPLACE INTO checkpoint (source, offset, line) VALUES (?, ?, ?)";
    transaction.prepare_cached(insert)?.execute(row).map(drop)
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
    fn flush(&mut self, transaction: &Transaction) -> rusqlite::Result<Vec<u64>> {
        self.names.sort_unstable_by_key(|(hash, id)| (hash.cast_signed(), *id));
        self.grams.sort_unstable_by_key(|(gram, id)| (gram.hash.cast_signed(), *id));
        let mut fresh = Vec::with_capacity(self.names.len() + self.grams.len());
        let mut name = transaction.prepare_cached("INSERT OR IGNORE INTO name (hash, id) VALUES (?, ?)")?;
        for (hash, id) in self.names.drain(..) {
            if name.execute((hash.cast_signed(), id))? > 0 {
                fresh.push(hash);
            }
        }
        let mut gram = transaction.prepare_cached("INSERT OR IGNORE INTO gram (hash, id, before, length) VALUES (?, ?, ?, ?)")?;
        for (one, id) in self.grams.drain(..) {
            if gram.execute((one.hash.cast_signed(), id, one.before, one.length))? > 0 {
                fresh.push(one.hash);
            }
        }
        Ok(fresh)
    }
}

fn insert(transaction: &Transaction, new: &NewIssuance, pending: &mut Pending) -> rusqlite::Result<()> {
    let id = pending.last + 1;
    transaction.prepare_cached("INSERT INTO issuance (id, expires, record) VALUES (?, ?, ?)")?.execute((id, new.expires, &new.json))?;
    pending.last = id;
    pending.names.extend(new.indices.iter().chain(&new.family).map(|index| (*index, id)));
    pending.grams.extend(new.gram.map(|gram| (gram, id)));
    Ok(())
}

/// Brings the record of the same token up to date, or inserts it where there is none.
fn merge(transaction: &Transaction, new: &NewIssuance, pending: &mut Pending, written: &mut Written) -> rusqlite::Result<()> {
    let issuance: Issuance = serde_json::from_str(&new.json).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
    let mut found = Vec::new();
    for key in issuance.keys() {
        found.extend(read::find(transaction, &key)?);
    }
    let Some(joined) = join(found, &issuance) else {
        written.new += 1;
        return insert(transaction, new, pending);
    };
    let keep = joined.keep;
    for gone in &joined.gone {
        take_in(transaction, gone, keep)?;
    }
    if joined.changed {
        update(transaction, keep, &joined.issuance)?;
        pending.names.extend(joined.issuance.keys().iter().map(TokenKey::index).chain(joined.issuance.family_index()).map(|index| (index, keep)));
        written.updated += 1;
    } else {
        written.known += 1;
    }
    pending.names.extend(new.indices.iter().chain(&new.family).map(|index| (*index, keep)));
    pending.grams.extend(new.gram.map(|gram| (gram, keep)));
    Ok(())
}

/// Removes a record, and gives what hangs on it to another one.
fn take_in(transaction: &Transaction, gone: &Stored, keep: RecordId) -> rusqlite::Result<()> {
    for exposure in read::exposures(transaction, gone.id)? {
        expose(transaction, keep, &exposure)?;
    }
    for index in gone.issuance.keys().iter().map(TokenKey::index).chain(gone.issuance.family_index()) {
        transaction.prepare_cached("DELETE FROM name WHERE hash = ? AND id = ?")?.execute((index.cast_signed(), gone.id))?;
    }
    transaction.prepare_cached("UPDATE OR REPLACE gram SET id = ? WHERE id = ?")?.execute((keep, gone.id))?;
    transaction.prepare_cached("DELETE FROM exposure WHERE id = ?")?.execute([gone.id])?;
    transaction.prepare_cached("DELETE FROM issuance WHERE id = ?")?.execute([gone.id])?;
    Ok(())
}

fn update(transaction: &Transaction, id: RecordId, issuance: &Issuance) -> rusqlite::Result<()> {
    let json = serde_json::to_string(issuance).expect("because records can be written");
    let expires = issuance.expires_at.map(Instant::seconds);
    transaction.prepare_cached("UPDATE issuance SET expires = ?, record = ? WHERE id = ?")?.execute((expires, json, id)).map(drop)
}

pub fn insert_event(transaction: &Transaction, event: &LifecycleEvent) -> rusqlite::Result<u64> {
    let json = serde_json::to_string(event).expect("because facts can be written");
    let row = (event.target.index().cast_signed(), event.at.seconds(), json);
    let inserted = transaction.prepare_cached("INSERT OR IGNORE INTO event (target, at, record) VALUES (?, ?, ?)")?.execute(row)?;
    Ok(inserted as u64)
}

/// Counts a place, unless its record was forgotten meanwhile.
pub fn expose(transaction: &Transaction, record: RecordId, exposure: &Exposure) -> rusqlite::Result<()> {
    let place = place(exposure);
    let mut known = transaction.prepare_cached("SELECT record FROM exposure WHERE id = ? AND place = ?")?;
    let known = known.query_map((record, place), |row| read::json::<Exposure>(row, 0))?.next().transpose()?;
    let now = known.map_or_else(|| exposure.clone(), |known| together(&known, exposure));
    let json = serde_json::to_string(&now).expect("because places can be written");
    let insert = "INSERT OR REPLACE INTO exposure (id, place, record) SELECT ?1, ?2, ?3 WHERE EXISTS (SELECT 1 FROM issuance WHERE id = ?1)";
    transaction.prepare_cached(insert)?.execute((record, place, json)).map(drop)
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

/// Parts of the filter go on naming what was removed, which costs a look and finds nothing.
pub fn forget(connection: &mut Connection, expired_before: Instant) -> rusqlite::Result<u64> {
    connection.pragma_update(None, "secure_delete", true)?;
    let transaction = begin(connection)?;
    let end = expired_before.seconds();
    // A name whose 64 bits another record has as well keeps its facts.
    let alone = "DELETE FROM event WHERE target IN (SELECT hash FROM name JOIN issuance ON issuance.id = name.id WHERE expires < ?1)
        AND NOT EXISTS (SELECT 1 FROM name JOIN issuance ON issuance.id = name.id WHERE hash = target AND (expires >= ?1 OR expires IS NULL))";
    transaction.execute(alone, [end])?;
    for table in ["name", "gram", "exposure"] {
        transaction.execute(&format!("DELETE FROM {table} WHERE id IN (SELECT id FROM issuance WHERE expires < ?)"), [end])?;
    }
    let removed = transaction.execute("DELETE FROM issuance WHERE expires < ?", [end])?;
    if removed > 0 {
        transaction.execute_batch(
            "DELETE FROM late WHERE NOT EXISTS (SELECT 1 FROM name WHERE name.hash = late.hash)
                 AND NOT EXISTS (SELECT 1 FROM gram WHERE gram.hash = late.hash);
             UPDATE counter SET lingering = 1;",
        )?;
    }
    transaction.commit()?;
    Ok(removed as u64)
}

/// Rewrites the file without what was removed, now or by one that did not come so far; says whether all of it is gone.
pub fn wipe(connection: &Connection) -> rusqlite::Result<bool> {
    if !read::lingers(connection)? {
        return Ok(true);
    }
    connection.execute_batch("VACUUM")?;
    // The old pages are overwritten when the log is, for which all readers of the old state must have finished.
    let busy: bool = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    if !busy {
        connection.execute("UPDATE counter SET lingering = 0", [])?;
    }
    Ok(!busy)
}

pub fn set_once(connection: &mut Connection, name: &str, value: &[u8]) -> rusqlite::Result<Vec<u8>> {
    let transaction = begin(connection)?;
    transaction.execute("INSERT OR IGNORE INTO value (name, bytes) VALUES (?, ?)", (name, value))?;
    let kept = read::value(&transaction, name)?;
    transaction.commit()?;
    Ok(kept.unwrap_or_default())
}
