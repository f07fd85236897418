//! Alerts and their deliveries in the shared store.

use ::postgres::fallible_iterator::FallibleIterator as _;
use ::postgres::types::ToSql;
use ::postgres::{Client, Row, Transaction};

use crate::model::alert::Event;
use crate::model::instant::Instant;
use crate::store::audit::Note;
use crate::store::outbox::{Begins, Claimed, Counts, Delivery, NewAlert, NewDelivery, Outcome, Queue, Settled, State, Which, millis, of_millis};
use crate::store::postgres::audit;
use crate::store::postgres::fault::Fault;
use crate::store::postgres::write::begin;

/// Which columns a [`Delivery`] is read from.
const COLUMNS: &str = "number, id, alert, endpoint, state, queued, due, attempts, tried, ended, answer";

/// Adds an alert; how many of its deliveries are new.
pub fn insert_alert(transaction: &mut Transaction, alert: &NewAlert) -> Result<u64, Fault> {
    let insert = "INSERT INTO alert (id, at, event, record) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
    transaction.execute(insert, &[&alert.id, &millis(alert.at), &alert.event.as_str(), &alert.json])?;
    alert.deliveries.iter().try_fold(0, |count, delivery| Ok(count + insert_delivery(transaction, alert, delivery)?))
}

fn insert_delivery(transaction: &mut Transaction, alert: &NewAlert, new: &NewDelivery) -> Result<u64, Fault> {
    let (token, now) = (alert.token.cast_signed(), millis(alert.at));
    let open = "SELECT FROM delivery WHERE endpoint = $1 AND token = $2 AND state < 2 LIMIT 1";
    let state = match new.begins {
        Begins::Held => State::Held,
        Begins::Due if token != 0 && transaction.query_opt(open, &[&new.endpoint, &token])?.is_some() => State::Behind,
        Begins::Due => State::Waiting,
    };
    let inserted = transaction.execute(
        "INSERT INTO delivery (id, alert, endpoint, token, state, queued, due, attempts) VALUES ($1, $2, $3, $4, $5, $6, $6, 0) ON CONFLICT DO NOTHING",
        &[&new.id, &alert.id, &new.endpoint, &token, &state.number(), &now],
    )?;
    if inserted == 0 && new.begins == Begins::Due {
        let again = "UPDATE delivery SET state = $1, due = $2, attempts = 0, ended = NULL WHERE id = $3 AND state = 5";
        return Ok(transaction.execute(again, &[&state.number(), &now, &new.id])?);
    }
    Ok(inserted)
}

pub fn claim(client: &mut Client, endpoint: &str, now: Instant, until: Instant, limit: u32) -> Result<Vec<Claimed>, Fault> {
    // Others take what is not locked.
    let claim = "WITH due AS (SELECT number FROM delivery WHERE endpoint = $1 AND state = 0 AND due <= $2 ORDER BY due, number LIMIT $3
                              FOR UPDATE SKIP LOCKED),
                      taken AS (UPDATE delivery SET due = $4, tried = $2, attempts = attempts + 1 FROM due WHERE delivery.number = due.number
                                RETURNING delivery.number, delivery.id, delivery.alert, delivery.queued, delivery.attempts)
                 SELECT taken.id, taken.alert, record, queued, attempts FROM taken JOIN alert ON alert.id = taken.alert ORDER BY number";
    let rows = client.query(claim, &[&endpoint, &millis(now), &i64::from(limit), &millis(until)])?;
    let claimed = |row: &Row| {
        Ok(Claimed {
            id: row.try_get(0)?,
            alert: row.try_get(1)?,
            json: row.try_get(2)?,
            queued: of_millis(row.try_get(3)?),
            attempts: u32::try_from(row.try_get::<_, i32>(4)?).unwrap_or_default(),
        })
    };
    rows.iter().map(claimed).collect()
}

pub fn settle(client: &mut Client, settled: &[Settled], notes: &[Note], now: Instant) -> Result<(), Fault> {
    // The chain of notes has one end: who appends to it waits for his turn.
    let mut transaction = if notes.is_empty() { client.transaction()? } else { begin(client)?.0 };
    for Settled { id, outcome, answer } in settled {
        let ends = match outcome {
            Outcome::Again { due, counts } => {
                let again = "UPDATE delivery SET due = $1, attempts = attempts - $2, answer = $3 WHERE id = $4 AND state = 0";
                transaction.execute(again, &[&millis(*due), &i32::from(*counts == Counts::No), answer, id])?;
                continue;
            }
            Outcome::Delivered => State::Delivered,
            Outcome::Dead => State::Dead,
            Outcome::NeedsToken => State::NeedsToken,
        };
        let end = "UPDATE delivery SET state = $1, ended = $2, answer = $3 WHERE id = $4 AND state = 0 RETURNING endpoint, token";
        if let Some(row) = transaction.query_opt(end, &[&ends.number(), &millis(now), answer, id])? {
            let (endpoint, token): (String, i64) = (row.try_get(0)?, row.try_get(1)?);
            release(&mut transaction, &endpoint, token, now)?;
        }
    }
    audit::append(&mut transaction, notes)?;
    Ok(transaction.commit()?)
}

/// Lets the oldest one go on that stood behind.
fn release(transaction: &mut Transaction, endpoint: &str, token: i64, now: Instant) -> Result<(), Fault> {
    if token != 0 {
        let release = "UPDATE delivery SET state = 0, due = $1 WHERE state = 1 AND number =
                           (SELECT min(number) FROM delivery WHERE endpoint = $2 AND token = $3 AND state < 2)";
        transaction.execute(release, &[&millis(now), &endpoint, &token])?;
    }
    Ok(())
}

pub fn next_due(client: &mut Client, endpoint: &str) -> Result<Option<Instant>, Fault> {
    let row = client.query_one("SELECT min(due) FROM delivery WHERE endpoint = $1 AND state = 0", &[&endpoint])?;
    Ok(row.try_get::<_, Option<i64>>(0)?.map(of_millis))
}

pub fn queues(client: &mut Client) -> Result<Vec<Queue>, Fault> {
    let rows = client.query("SELECT endpoint, state, count(*) FROM delivery GROUP BY endpoint, state ORDER BY endpoint, state", &[])?;
    let queue = |row: &Row| {
        let count = row.try_get::<_, i64>(2)?.cast_unsigned();
        Ok(Queue { endpoint: row.try_get(0)?, state: State::of_number(row.try_get(1)?), count })
    };
    rows.iter().map(queue).collect()
}

pub fn deliveries(client: &mut Client, which: &Which, behind: i64, limit: u32) -> Result<Vec<Delivery>, Fault> {
    let (condition, mut values) = condition(which);
    let limit = i64::from(limit);
    values.extend::<[&(dyn ToSql + Sync); 2]>([&behind, &limit]);
    let (from, to) = (values.len() - 1, values.len());
    let select = format!("SELECT {COLUMNS} FROM delivery WHERE {condition} AND number > ${from} ORDER BY number LIMIT ${to}");
    client.query(&select, &values)?.iter().map(delivery).collect()
}

fn delivery(row: &Row) -> Result<Delivery, Fault> {
    let state = State::of_number(row.try_get(4)?);
    let time = |column| Ok::<_, Fault>(row.try_get::<_, Option<i64>>(column)?.map(of_millis));
    Ok(Delivery {
        number: row.try_get(0)?,
        id: row.try_get(1)?,
        alert: row.try_get(2)?,
        endpoint: row.try_get(3)?,
        state,
        queued: of_millis(row.try_get(5)?),
        due: time(6)?.filter(|_| state == State::Waiting),
        attempts: u32::try_from(row.try_get::<_, i32>(7)?).unwrap_or_default(),
        tried: time(8)?,
        ended: time(9)?,
        answer: row.try_get(10)?,
    })
}

/// What rows are meant, and the values in it.
fn condition(which: &Which) -> (String, Vec<&(dyn ToSql + Sync)>) {
    let (mut terms, mut values) = (vec!["true".to_owned()], Vec::<&(dyn ToSql + Sync)>::new());
    for (column, value) in [("id", &which.id), ("endpoint", &which.endpoint), ("alert", &which.alert)] {
        if let Some(value) = value {
            values.push(value);
            terms.push(format!("{column} = ${}", values.len()));
        }
    }
    if !which.states.is_empty() {
        let numbers: Vec<String> = which.states.iter().map(|state| state.number().to_string()).collect();
        terms.push(format!("state IN ({})", numbers.join(", ")));
    }
    (terms.join(" AND "), values)
}

pub fn alert(client: &mut Client, id: &str) -> Result<Option<String>, Fault> {
    let row = client.query_opt("SELECT record FROM alert WHERE id = $1", &[&id])?;
    Ok(row.map(|row| row.try_get(0)).transpose()?)
}

pub fn alerts(client: &mut Client, event: Event, tell: &mut dyn FnMut(&str, Instant, &str)) -> Result<(), Fault> {
    let event = event.as_str();
    let mut rows = client.query_raw("SELECT id, at, record FROM alert WHERE event = $1 ORDER BY at, id", [&event])?;
    while let Some(row) = rows.next()? {
        tell(row.try_get(0)?, of_millis(row.try_get(1)?), row.try_get(2)?);
    }
    Ok(())
}

pub fn retry(client: &mut Client, which: &Which, now: Instant) -> Result<u64, Fault> {
    let (condition, values) = condition(which);
    let mut transaction = client.transaction()?;
    let update = format!("UPDATE delivery SET state = 1, attempts = 0, ended = NULL WHERE {condition} AND state IN (0, 3, 4, 6)");
    let changed = transaction.execute(&update, &values)?;
    go_on(&mut transaction, now)?;
    transaction.commit()?;
    Ok(changed)
}

/// Lets everything go on that stands behind nothing.
fn go_on(transaction: &mut Transaction, now: Instant) -> Result<(), Fault> {
    transaction.execute(
        "UPDATE delivery SET state = 0, due = $1 WHERE state = 1 AND (token = 0 OR number =
             (SELECT min(number) FROM delivery AS other WHERE other.endpoint = delivery.endpoint AND other.token = delivery.token AND other.state < 2))",
        &[&millis(now)],
    )?;
    Ok(())
}

pub fn drop_deliveries(client: &mut Client, which: &Which, why: &str, now: Instant) -> Result<u64, Fault> {
    let (condition, mut values) = condition(which);
    let now_millis = millis(now);
    values.extend::<[&(dyn ToSql + Sync); 2]>([&now_millis, &why]);
    let (at, reason) = (values.len() - 1, values.len());
    let mut transaction = client.transaction()?;
    let update = format!("UPDATE delivery SET state = 4, ended = ${at}, answer = ${reason} WHERE {condition} AND state IN (0, 1, 3, 5, 6)");
    let changed = transaction.execute(&update, &values)?;
    go_on(&mut transaction, now)?;
    transaction.commit()?;
    Ok(changed)
}

pub fn forget_alerts(client: &mut Client, before: Instant) -> Result<u64, Fault> {
    let mut transaction = client.transaction()?;
    let removed = transaction.execute(
        "DELETE FROM alert WHERE at < $1 AND NOT EXISTS (SELECT FROM delivery WHERE delivery.alert = alert.id AND state IN (0, 1, 5, 6))",
        &[&millis(before)],
    )?;
    let orphans = "DELETE FROM delivery WHERE queued < $1 AND NOT EXISTS (SELECT FROM alert WHERE alert.id = delivery.alert)";
    transaction.execute(orphans, &[&millis(before)])?;
    transaction.commit()?;
    Ok(removed)
}
