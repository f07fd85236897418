//! Steps on their way into the embedded store, and uses on their way out of it.

use rusqlite::{Connection, Transaction};

use crate::model::instant::Instant;
use crate::model::judgement::Judgement;
use crate::store::sqlite::audit;
use crate::store::sqlite::outbox::insert_alert;
use crate::store::sqlite::write::{begin, expose, insert_event, keep_checkpoint};
use crate::store::step::{Committed, NewUse, NewValue, Step, use_digest};

pub fn commit(connection: &mut Connection, step: &Step) -> rusqlite::Result<Committed> {
    let transaction = begin(connection)?;
    let mut committed = Committed::default();
    for seen in step.seen {
        expose(&transaction, seen.record, &seen.exposure)?;
    }
    for one in step.uses {
        committed.uses += insert_use(&transaction, one)?;
    }
    for judgement in step.judgements {
        committed.judgements += insert_judgement(&transaction, judgement)?;
    }
    for checkpoint in step.checkpoints {
        keep_checkpoint(&transaction, checkpoint)?;
    }
    for value in step.values {
        keep_value(&transaction, value)?;
    }
    for alert in step.alerts {
        committed.deliveries += insert_alert(&transaction, alert)?;
    }
    for event in step.events {
        insert_event(&transaction, event)?;
    }
    audit::append(&transaction, step.notes)?;
    transaction.commit()?;
    Ok(committed)
}

fn insert_use(transaction: &Transaction, new: &NewUse) -> rusqlite::Result<u64> {
    let Some((home, others)) = new.names.split_first() else { return Ok(0) };
    let mut insert = transaction.prepare_cached("INSERT OR IGNORE INTO token_use (digest, home, at, record) VALUES (?, ?, ?, ?)")?;
    if insert.execute((use_digest(&new.json), home.cast_signed(), new.at, &new.json))? == 0 {
        return Ok(0);
    }
    let mut link = transaction.prepare_cached("INSERT OR IGNORE INTO link (name, other) VALUES (?, ?)")?;
    for other in others {
        link.execute((home.cast_signed(), other.cast_signed()))?;
    }
    Ok(1)
}

fn insert_judgement(transaction: &Transaction, judgement: &Judgement) -> rusqlite::Result<u64> {
    let json = serde_json::to_string(judgement).expect("because judgements can be written");
    let row = (&judgement.id, judgement.token.index().cast_signed(), judgement.at.map(Instant::seconds), &judgement.supersedes, json);
    let insert = "INSERT OR IGNORE INTO judgement (id, token, at, supersedes, record) VALUES (?, ?, ?, ?, ?)";
    Ok(transaction.prepare_cached(insert)?.execute(row)? as u64)
}

fn keep_value(transaction: &Transaction, value: &NewValue) -> rusqlite::Result<usize> {
    match &value.bytes {
        Some(bytes) => transaction
            .prepare_cached("INSERT INTO value (name, bytes) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET bytes = excluded.bytes")?
            .execute((&value.name, bytes)),
        None => transaction.prepare_cached("DELETE FROM value WHERE name = ?")?.execute([&value.name]),
    }
}

pub fn forget_uses(connection: &mut Connection, before: Instant) -> rusqlite::Result<u64> {
    connection.pragma_update(None, "secure_delete", true)?;
    let transaction = begin(connection)?;
    let removed = transaction.execute("DELETE FROM token_use WHERE at < ?", [before.seconds()])?;
    if removed > 0 {
        transaction.execute_batch(
            "DELETE FROM link WHERE NOT EXISTS (SELECT 1 FROM token_use WHERE home = link.name);
             UPDATE counter SET lingering = 1;",
        )?;
    }
    transaction.commit()?;
    Ok(removed as u64)
}

pub fn forget_judgements(connection: &mut Connection, before: Instant) -> rusqlite::Result<u64> {
    connection.pragma_update(None, "secure_delete", true)?;
    let transaction = begin(connection)?;
    // What a judgement took the place of would come back without it.
    let removed = transaction.execute(
        "WITH RECURSIVE gone (id) AS
             (SELECT id FROM judgement WHERE at < ?
              UNION SELECT supersedes FROM judgement JOIN gone USING (id) WHERE supersedes IS NOT NULL)
         DELETE FROM judgement WHERE id IN (SELECT id FROM gone)",
        [before.seconds()],
    )?;
    if removed > 0 {
        transaction.execute_batch("UPDATE counter SET lingering = 1")?;
    }
    transaction.commit()?;
    Ok(removed as u64)
}
