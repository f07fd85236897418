//! Steps on their way into the shared store: what is new goes by `COPY`.

use std::collections::{BTreeSet, HashSet};

use ::postgres::binary_copy::BinaryCopyInWriter;
use ::postgres::types::Type;
use ::postgres::{Client, Transaction};

use crate::model::instant::Instant;
use crate::model::judgement::Judgement;
use crate::store::postgres::audit;
use crate::store::postgres::fault::Fault;
use crate::store::postgres::outbox::insert_alert;
use crate::store::postgres::write::{STRIDE, begin, count, insert_events, keep_checkpoint};
use crate::store::step::{Committed, NewUse, NewValue, Step, use_digest};

pub fn commit(client: &mut Client, step: &Step) -> Result<Committed, Fault> {
    let (mut transaction, _) = begin(client)?;
    for some in step.seen.chunks(STRIDE) {
        count(&mut transaction, some.iter().map(|seen| (seen.record, seen.exposure.clone())))?;
    }
    let uses = insert_uses(&mut transaction, step.uses)?;
    let judgements = insert_judgements(&mut transaction, step.judgements)?;
    step.checkpoints.iter().try_for_each(|checkpoint| keep_checkpoint(&mut transaction, checkpoint))?;
    step.values.iter().try_for_each(|value| keep_value(&mut transaction, value))?;
    let deliveries = step.alerts.iter().try_fold(0, |count, alert| Ok::<_, Fault>(count + insert_alert(&mut transaction, alert)?))?;
    insert_events(&mut transaction, step.events)?;
    audit::append(&mut transaction, step.notes)?;
    transaction.commit()?;
    Ok(Committed { uses, judgements, deliveries })
}

/// Nobody else writes meanwhile, so that what was not found does not appear.
fn insert_uses(transaction: &mut Transaction, uses: &[NewUse]) -> Result<u64, Fault> {
    let mut inserted = 0;
    for some in uses.chunks(STRIDE) {
        let digests: Vec<[u8; 16]> = some.iter().map(|one| use_digest(&one.json)).collect();
        let mut known = known_uses(transaction, &digests)?;
        let new = |(digest, one): &(&[u8; 16], &NewUse)| !one.names.is_empty() && known.insert(digest.to_vec());
        let fresh: Vec<(&[u8; 16], &NewUse)> = digests.iter().zip(some).filter(new).collect();
        if !fresh.is_empty() {
            copy_uses(transaction, &fresh)?;
            link(transaction, &fresh)?;
        }
        inserted += fresh.len() as u64;
    }
    Ok(inserted)
}

fn known_uses(transaction: &mut Transaction, digests: &[[u8; 16]]) -> Result<HashSet<Vec<u8>>, Fault> {
    let digests: Vec<&[u8]> = digests.iter().map(<[u8; 16]>::as_slice).collect();
    let rows = transaction.query("SELECT digest FROM token_use WHERE digest = ANY ($1)", &[&digests])?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

fn copy_uses(transaction: &mut Transaction, fresh: &[(&[u8; 16], &NewUse)]) -> Result<(), Fault> {
    let writer = transaction.copy_in("COPY token_use (digest, home, at, record) FROM STDIN BINARY")?;
    let mut writer = BinaryCopyInWriter::new(writer, &[Type::BYTEA, Type::INT8, Type::INT8, Type::TEXT]);
    for (digest, one) in fresh {
        writer.write(&[&digest.as_slice(), &one.names[0].cast_signed(), &one.at, &one.json])?;
    }
    writer.finish()?;
    Ok(())
}

fn link(transaction: &mut Transaction, fresh: &[(&[u8; 16], &NewUse)]) -> Result<(), Fault> {
    let pairs = fresh.iter().flat_map(|(_, one)| one.names[1..].iter().map(|other| (one.names[0].cast_signed(), other.cast_signed())));
    let (names, others): (Vec<i64>, Vec<i64>) = pairs.collect::<BTreeSet<_>>().into_iter().unzip();
    let insert = "INSERT INTO link (name, other) SELECT * FROM unnest($1::bigint[], $2::bigint[]) ON CONFLICT DO NOTHING";
    transaction.execute(insert, &[&names, &others])?;
    Ok(())
}

fn insert_judgements(transaction: &mut Transaction, judgements: &[Judgement]) -> Result<u64, Fault> {
    let mut inserted = 0;
    for one in judgements {
        let json = serde_json::to_string(one).expect("because judgements can be written");
        let insert = "INSERT INTO judgement (id, token, at, supersedes, record) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
        inserted +=
            transaction.execute(insert, &[&one.id, &one.token.index().cast_signed(), &one.at.map(Instant::seconds), &one.supersedes, &json])?;
    }
    Ok(inserted)
}

fn keep_value(transaction: &mut Transaction, value: &NewValue) -> Result<(), Fault> {
    match &value.bytes {
        Some(bytes) => transaction.execute(
            "INSERT INTO value (name, bytes) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET bytes = excluded.bytes",
            &[&value.name, bytes],
        )?,
        None => transaction.execute("DELETE FROM value WHERE name = $1", &[&value.name])?,
    };
    Ok(())
}

pub fn forget_uses(client: &mut Client, before: Instant) -> Result<u64, Fault> {
    let (mut transaction, _) = begin(client)?;
    let removed = transaction.execute("DELETE FROM token_use WHERE at < $1", &[&before.seconds()])?;
    if removed > 0 {
        transaction.batch_execute(
            "DELETE FROM link WHERE NOT EXISTS (SELECT FROM token_use WHERE home = link.name);
             UPDATE counter SET lingering = true",
        )?;
    }
    transaction.commit()?;
    Ok(removed)
}

pub fn forget_judgements(client: &mut Client, before: Instant) -> Result<u64, Fault> {
    let (mut transaction, _) = begin(client)?;
    // What a judgement took the place of would come back without it.
    let removed = transaction.execute(
        "WITH RECURSIVE gone (id) AS
             (SELECT id FROM judgement WHERE at < $1
              UNION SELECT supersedes FROM judgement JOIN gone USING (id) WHERE supersedes IS NOT NULL)
         DELETE FROM judgement WHERE id IN (SELECT id FROM gone)",
        &[&before.seconds()],
    )?;
    if removed > 0 {
        transaction.batch_execute("UPDATE counter SET lingering = true")?;
    }
    transaction.commit()?;
    Ok(removed)
}
