//! Changes of the shared store: each function is one transaction, and takes its turn at the row of `counter`.
//!
//! New records go by `COPY`, and their names after them in the order of the index.

use std::collections::{BTreeMap, BTreeSet};

use ::postgres::binary_copy::BinaryCopyInWriter;
use ::postgres::types::Type;
use ::postgres::{Client, Transaction};

use crate::model::exposure::Exposure;
use crate::model::instant::Instant;
use crate::model::known::Gram;
use crate::model::lifecycle::LifecycleEvent;
use crate::store::postgres::fault::Fault;
use crate::store::postgres::{merge, read};
use crate::store::sighting::{place, together};
use crate::store::store::{Checkpoint, FilterPart, Incoming, NewIssuance, Novelty, RecordId, Written};

/// How many rows are looked up or written at once.
pub const STRIDE: usize = 2000;

/// Names and grams of records, and the last number that was given.
pub struct Pending {
    /// The last number that was given.
    pub last: RecordId,
    /// Indices of names.
    pub names: Vec<(u64, RecordId)>,
    /// Grams.
    pub grams: Vec<(Gram, RecordId)>,
    /// Lengths of tokens.
    pub lengths: BTreeSet<u32>,
}

/// Begins a transaction that writes; the last number that was given.
pub fn begin(client: &mut Client) -> Result<(Transaction<'_>, RecordId), Fault> {
    let mut transaction = client.transaction()?;
    let last = transaction.query_one("SELECT last FROM counter FOR UPDATE", &[])?.try_get(0)?;
    Ok((transaction, last))
}

pub fn batch(client: &mut Client, batch: &mut dyn Incoming) -> Result<Written, Fault> {
    let (mut transaction, before) = begin(client)?;
    batch.begin(before);
    let mut written = Written::default();
    let mut pending = Pending { last: before, names: Vec::new(), grams: Vec::new(), lengths: BTreeSet::new() };
    let mut perhaps = Vec::new();
    while let Some(new) = batch.next() {
        pending.lengths.extend(new.length);
        match new.novelty {
            Novelty::New => copy_records(&mut transaction, new, batch, &mut pending, &mut perhaps)?,
            Novelty::Perhaps => perhaps.push(new),
        }
    }
    written.new = (pending.last - before).cast_unsigned();
    let mut fresh = copy_names(&mut transaction, &mut pending)?;
    for some in perhaps.chunks(STRIDE) {
        fresh.extend(merge::merge(&mut transaction, some, &mut pending, &mut written)?);
    }
    let tail = batch.finish(&fresh);
    written.events = insert_events(&mut transaction, &tail.events)?;
    cover(&mut transaction, &fresh, tail.filter.as_deref())?;
    let lengths: Vec<i64> = pending.lengths.iter().map(|octets| i64::from(*octets)).collect();
    transaction.execute("INSERT INTO length (octets) SELECT unnest($1::bigint[]) ON CONFLICT DO NOTHING", &[&lengths])?;
    if let Some(checkpoint) = &tail.checkpoint {
        keep_checkpoint(&mut transaction, checkpoint)?;
    }
    // Others see by the number that there is something to read, even where a known record only gained a name.
    written.last = if fresh.is_empty() { pending.last } else { pending.last.max(before + 1) };
    transaction.execute("UPDATE counter SET last = $1 WHERE last <> $1", &[&written.last])?;
    transaction.commit()?;
    Ok(written)
}

/// Sends this record and all that follow; those that may be known are put aside.
fn copy_records(
    transaction: &mut Transaction,
    first: NewIssuance,
    batch: &mut dyn Incoming,
    pending: &mut Pending,
    perhaps: &mut Vec<NewIssuance>,
) -> Result<(), Fault> {
    let writer = transaction.copy_in("COPY issuance (id, expires, record) FROM STDIN BINARY")?;
    let mut writer = BinaryCopyInWriter::new(writer, &[Type::INT8, Type::INT8, Type::TEXT]);
    let mut next = Some(first);
    while let Some(new) = next {
        pending.lengths.extend(new.length);
        match new.novelty {
            Novelty::New => {
                let id = pending.last + 1;
                writer.write(&[&id, &new.expires, &new.json])?;
                pending.last = id;
                pending.names.extend(new.indices.iter().chain(&new.family).map(|index| (*index, id)));
                pending.grams.extend(new.gram.map(|gram| (gram, id)));
            }
            Novelty::Perhaps => perhaps.push(new),
        }
        next = batch.next();
    }
    writer.finish()?;
    Ok(())
}

/// Names and grams of records that are new, so that none of them can be there.
fn copy_names(transaction: &mut Transaction, pending: &mut Pending) -> Result<Vec<u64>, Fault> {
    let (mut names, mut grams) = (std::mem::take(&mut pending.names), std::mem::take(&mut pending.grams));
    names.sort_unstable_by_key(|(hash, id)| (hash.cast_signed(), *id));
    names.dedup();
    grams.sort_unstable_by_key(|(gram, id)| (gram.hash.cast_signed(), *id));
    if !names.is_empty() {
        let writer = transaction.copy_in("COPY name (hash, id) FROM STDIN BINARY")?;
        let mut writer = BinaryCopyInWriter::new(writer, &[Type::INT8, Type::INT8]);
        names.iter().try_for_each(|(hash, id)| writer.write(&[&hash.cast_signed(), id]))?;
        writer.finish()?;
    }
    if !grams.is_empty() {
        let writer = transaction.copy_in("COPY gram (hash, id, before, length) FROM STDIN BINARY")?;
        let mut writer = BinaryCopyInWriter::new(writer, &[Type::INT8, Type::INT8, Type::INT8, Type::INT8]);
        for (gram, id) in &grams {
            writer.write(&[&gram.hash.cast_signed(), id, &i64::from(gram.before), &i64::from(gram.length)])?;
        }
        writer.finish()?;
    }
    Ok(names.into_iter().map(|(hash, _)| hash).chain(grams.into_iter().map(|(gram, _)| gram.hash)).collect())
}

pub fn insert_events(transaction: &mut Transaction, events: &[LifecycleEvent]) -> Result<u64, Fault> {
    let mut inserted = 0;
    for some in events.chunks(STRIDE) {
        let records: Vec<String> = some.iter().map(|event| serde_json::to_string(event).expect("because facts can be written")).collect();
        let digests: Vec<Vec<u8>> = records.iter().map(|record| read::digest(record)).collect();
        let targets: Vec<i64> = some.iter().map(|event| event.target.index().cast_signed()).collect();
        let times: Vec<i64> = some.iter().map(|event| event.at.seconds()).collect();
        let insert = "INSERT INTO event (target, at, digest, record)
                      SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bytea[], $4::text[]) ON CONFLICT DO NOTHING";
        inserted += transaction.execute(insert, &[&targets, &times, &digests, &records])?;
    }
    Ok(inserted)
}

/// Keeps a filter over the new indices, or the indices themselves.
fn cover(transaction: &mut Transaction, fresh: &[u64], filter: Option<&[u8]>) -> Result<(), Fault> {
    if let Some(bits) = filter {
        let insert = "INSERT INTO filter (merged, number, bits) SELECT false, coalesce(max(number), -1) + 1, $1 FROM filter WHERE NOT merged";
        transaction.execute(insert, &[&bits])?;
    } else if !fresh.is_empty() {
        let fresh: Vec<i64> = fresh.iter().map(|index| index.cast_signed()).collect();
        transaction.execute("INSERT INTO late (hash) SELECT unnest($1::bigint[])", &[&fresh])?;
    }
    Ok(())
}

pub fn keep_checkpoint(transaction: &mut Transaction, checkpoint: &Checkpoint) -> Result<(), Fault> {
    let Checkpoint { source, offset, line } = checkpoint;
    let insert = "INSERT INTO checkpoint (digest, source, \"offset\", line) VALUES ($1, $2, $3, $4)
                  ON CONFLICT (digest) DO UPDATE SET \"offset\" = excluded.\"offset\", line = excluded.line";
    transaction.execute(insert, &[&read::digest(source), source, &offset.cast_signed(), &line.cast_signed()])?;
    Ok(())
}

/// Counts places, but for records that were forgotten meanwhile.
pub fn count(transaction: &mut Transaction, seen: impl Iterator<Item = (RecordId, Exposure)>) -> Result<(), Fault> {
    let mut all: BTreeMap<(RecordId, i64), Exposure> = BTreeMap::new();
    for (record, exposure) in seen {
        all.entry((record, place(&exposure))).and_modify(|known| *known = together(known, &exposure)).or_insert(exposure);
    }
    let (ids, places): (Vec<RecordId>, Vec<i64>) = all.keys().copied().unzip();
    let known = "SELECT record, id, place FROM exposure WHERE (id, place) IN (SELECT * FROM unnest($1::bigint[], $2::bigint[]))";
    for row in transaction.query(known, &[&ids, &places])? {
        let known: Exposure = read::json(&row, 0)?;
        all.entry((row.try_get(1)?, row.try_get(2)?)).and_modify(|new| *new = together(&known, new));
    }
    let records: Vec<String> = all.values().map(|exposure| serde_json::to_string(exposure).expect("because places can be written")).collect();
    let insert = "INSERT INTO exposure (id, place, record)
                  SELECT new.* FROM unnest($1::bigint[], $2::bigint[], $3::text[]) AS new (id, place, record) JOIN issuance ON issuance.id = new.id
                  ON CONFLICT (id, place) DO UPDATE SET record = excluded.record";
    transaction.execute(insert, &[&ids, &places, &records])?;
    Ok(())
}

pub fn merge_filter(client: &mut Client, parts: &[FilterPart], judged_at: RecordId) -> Result<bool, Fault> {
    let (mut transaction, last) = begin(client)?;
    if last != judged_at {
        return Ok(false);
    }
    transaction.batch_execute("DELETE FROM filter; DELETE FROM late")?;
    for part in parts {
        let row: [&(dyn ::postgres::types::ToSql + Sync); 2] = [&i64::from(part.number), &part.bytes];
        transaction.execute("INSERT INTO filter (merged, number, bits) VALUES (true, $1, $2)", &row)?;
    }
    transaction.commit()?;
    Ok(true)
}

/// Parts of the filter go on naming what was removed, which costs a look and finds nothing.
pub fn forget(client: &mut Client, expired_before: Instant) -> Result<u64, Fault> {
    let (mut transaction, _) = begin(client)?;
    let end = expired_before.seconds();
    // A name whose 64 bits another record has as well keeps its facts.
    let alone = "DELETE FROM event WHERE target IN (SELECT hash FROM name JOIN issuance ON issuance.id = name.id WHERE expires < $1)
        AND NOT EXISTS (SELECT FROM name JOIN issuance ON issuance.id = name.id WHERE hash = target AND (expires >= $1 OR expires IS NULL))";
    transaction.execute(alone, &[&end])?;
    for table in ["name", "gram", "exposure"] {
        transaction.execute(&format!("DELETE FROM {table} WHERE id IN (SELECT id FROM issuance WHERE expires < $1)"), &[&end])?;
    }
    let removed = transaction.execute("DELETE FROM issuance WHERE expires < $1", &[&end])?;
    if removed > 0 {
        transaction.batch_execute(
            "DELETE FROM late WHERE NOT EXISTS (SELECT FROM name WHERE name.hash = late.hash)
                 AND NOT EXISTS (SELECT FROM gram WHERE gram.hash = late.hash);
             UPDATE counter SET lingering = true",
        )?;
    }
    transaction.commit()?;
    Ok(removed)
}

/// Rewrites the tables without what was removed, now or by one that did not come so far. The server's own log and backups are its keeper's.
pub fn wipe(client: &mut Client) -> Result<(), Fault> {
    if !read::lingers(client)? {
        return Ok(());
    }
    // Each by itself: a text with several statements is one transaction, in which this is refused.
    for table in ["issuance", "name", "gram", "exposure", "late", "event", "token_use", "link"] {
        client.batch_execute(&format!("VACUUM (FULL) {table}"))?;
    }
    client.execute("UPDATE counter SET lingering = false", &[])?;
    Ok(())
}
