//! Alerts and their deliveries in the embedded store.

use rusqlite::types::ToSql;
use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, params};

use crate::model::alert::Event;
use crate::model::instant::Instant;
use crate::store::audit::Note;
use crate::store::outbox::{Begins, Claimed, Counts, Delivery, NewAlert, NewDelivery, Outcome, Queue, Settled, State, Which, millis, of_millis};
use crate::store::sqlite::audit;
use crate::store::sqlite::write::begin;

/// Which columns a [`Delivery`] is read from.
const COLUMNS: &str = "number, id, alert, endpoint, state, queued, due, attempts, tried, ended, answer";

/// Deliveries of one token to one endpoint that have not ended. Without its index, the planner goes through all that wait for the endpoint.
const OPEN: &str = "delivery INDEXED BY delivery_open WHERE state < 2";

/// Adds an alert; how many of its deliveries are new.
pub fn insert_alert(transaction: &Transaction, alert: &NewAlert) -> rusqlite::Result<u64> {
    let mut insert = transaction.prepare_cached("INSERT OR IGNORE INTO alert (id, at, event, record) VALUES (?, ?, ?, ?)")?;
    insert.execute((&alert.id, millis(alert.at), alert.event.as_str(), &alert.json))?;
    alert.deliveries.iter().try_fold(0, |count, delivery| Ok(count + insert_delivery(transaction, alert, delivery)?))
}

fn insert_delivery(transaction: &Transaction, alert: &NewAlert, new: &NewDelivery) -> rusqlite::Result<u64> {
    let token = alert.token.cast_signed();
    let state = match new.begins {
        Begins::Held => State::Held,
        Begins::Due if has_open(transaction, &new.endpoint, token)? => State::Behind,
        Begins::Due => State::Waiting,
    };
    let now = millis(alert.at);
    let mut insert = transaction.prepare_cached(
        "INSERT OR IGNORE INTO delivery (id, alert, endpoint, token, state, queued, due, attempts) VALUES (?, ?, ?, ?, ?, ?, ?, 0)",
    )?;
    let inserted = insert.execute((&new.id, &alert.id, &new.endpoint, token, state.number(), now, now))?;
    if inserted == 0 && new.begins == Begins::Due {
        let mut again =
            transaction.prepare_cached("UPDATE delivery SET state = ?, due = ?, attempts = 0, ended = NULL WHERE id = ? AND state = 5")?;
        return Ok(again.execute((state.number(), now, &new.id))? as u64);
    }
    Ok(inserted as u64)
}

/// Whether a delivery of the token to the endpoint has not ended.
fn has_open(transaction: &Transaction, endpoint: &str, token: i64) -> rusqlite::Result<bool> {
    let mut open = transaction.prepare_cached(&format!("SELECT 1 FROM {OPEN} AND endpoint = ? AND token = ? LIMIT 1"))?;
    Ok(token != 0 && open.exists((endpoint, token))?)
}

pub fn claim(connection: &mut Connection, endpoint: &str, now: Instant, until: Instant, limit: u32) -> rusqlite::Result<Vec<Claimed>> {
    if next_due(connection, endpoint)?.is_none_or(|due| due > now) {
        return Ok(Vec::new());
    }
    let transaction = begin(connection)?;
    let mut due = transaction.prepare_cached(
        "SELECT number, delivery.id, alert, record, queued, attempts + 1 FROM delivery JOIN alert ON alert.id = delivery.alert
         WHERE endpoint = ? AND state = 0 AND due <= ? ORDER BY due, number LIMIT ?",
    )?;
    let rows = due.query_map((endpoint, millis(now), limit), |row| {
        let claimed = Claimed { id: row.get(1)?, alert: row.get(2)?, json: row.get(3)?, queued: of_millis(row.get(4)?), attempts: row.get(5)? };
        Ok((row.get::<_, i64>(0)?, claimed))
    })?;
    let claimed: Vec<(i64, Claimed)> = rows.collect::<rusqlite::Result<_>>()?;
    drop(due);
    let mut take = transaction.prepare_cached("UPDATE delivery SET due = ?, tried = ?, attempts = attempts + 1 WHERE number = ?")?;
    for (number, _) in &claimed {
        take.execute((millis(until), millis(now), number))?;
    }
    drop(take);
    transaction.commit()?;
    Ok(claimed.into_iter().map(|(_, claimed)| claimed).collect())
}

pub fn settle(connection: &mut Connection, settled: &[Settled], notes: &[Note], now: Instant) -> rusqlite::Result<()> {
    let transaction = begin(connection)?;
    for Settled { id, outcome, answer } in settled {
        let ends = match outcome {
            Outcome::Again { due, counts } => {
                let mut again =
                    transaction.prepare_cached("UPDATE delivery SET due = ?, attempts = attempts - ?, answer = ? WHERE id = ? AND state = 0")?;
                again.execute((millis(*due), u32::from(*counts == Counts::No), answer, id))?;
                continue;
            }
            Outcome::Delivered => State::Delivered,
            Outcome::Dead => State::Dead,
            Outcome::NeedsToken => State::NeedsToken,
        };
        let mut end = transaction
            .prepare_cached("UPDATE delivery SET state = ?, ended = ?, answer = ? WHERE id = ? AND state = 0 RETURNING endpoint, token")?;
        let ended = end.query_row((ends.number(), millis(now), answer, id), |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        drop(end);
        if let Some((endpoint, token)) = ended {
            let endpoint: String = endpoint;
            release(&transaction, &endpoint, token, now)?;
        }
    }
    audit::append(&transaction, notes)?;
    transaction.commit()
}

/// Lets the oldest one go on that stood behind.
fn release(transaction: &Transaction, endpoint: &str, token: i64, now: Instant) -> rusqlite::Result<()> {
    if token == 0 {
        return Ok(());
    }
    let mut release = transaction.prepare_cached(&format!(
        "UPDATE delivery SET state = 0, due = ? WHERE state = 1 AND number = (SELECT min(number) FROM {OPEN} AND endpoint = ? AND token = ?)",
    ))?;
    release.execute((millis(now), endpoint, token)).map(drop)
}

pub fn next_due(connection: &Connection, endpoint: &str) -> rusqlite::Result<Option<Instant>> {
    let mut next = connection.prepare_cached("SELECT min(due) FROM delivery WHERE endpoint = ? AND state = 0")?;
    Ok(next.query_row([endpoint], |row| row.get::<_, Option<i64>>(0))?.map(of_millis))
}

pub fn queues(connection: &Connection) -> rusqlite::Result<Vec<Queue>> {
    let mut counts = connection.prepare_cached("SELECT endpoint, state, count(*) FROM delivery GROUP BY endpoint, state ORDER BY endpoint, state")?;
    let rows = counts.query_map([], |row| {
        Ok(Queue { endpoint: row.get(0)?, state: State::of_number(row.get(1)?), count: row.get::<_, i64>(2)?.cast_unsigned() })
    })?;
    rows.collect()
}

pub fn deliveries(connection: &Connection, which: &Which, behind: i64, limit: u32) -> rusqlite::Result<Vec<Delivery>> {
    let (condition, mut values) = condition(which);
    let (behind, limit): (Box<dyn ToSql>, Box<dyn ToSql>) = (Box::new(behind), Box::new(limit));
    values.extend([behind, limit]);
    let mut select = connection.prepare(&format!("SELECT {COLUMNS} FROM delivery WHERE {condition} AND number > ? ORDER BY number LIMIT ?"))?;
    select.query_map(rusqlite::params_from_iter(values), delivery)?.collect()
}

fn delivery(row: &Row) -> rusqlite::Result<Delivery> {
    let state = State::of_number(row.get(4)?);
    let time = |column| Ok::<_, rusqlite::Error>(row.get::<_, Option<i64>>(column)?.map(of_millis));
    Ok(Delivery {
        number: row.get(0)?,
        id: row.get(1)?,
        alert: row.get(2)?,
        endpoint: row.get(3)?,
        state,
        queued: of_millis(row.get(5)?),
        due: time(6)?.filter(|_| state == State::Waiting),
        attempts: row.get(7)?,
        tried: time(8)?,
        ended: time(9)?,
        answer: row.get(10)?,
    })
}

/// What rows are meant, and the values in it.
fn condition(which: &Which) -> (String, Vec<Box<dyn ToSql>>) {
    let (mut terms, mut values) = (vec!["true".to_owned()], Vec::<Box<dyn ToSql>>::new());
    for (column, value) in [("id", &which.id), ("endpoint", &which.endpoint), ("alert", &which.alert)] {
        if let Some(value) = value {
            terms.push(format!("{column} = ?"));
            values.push(Box::new(value.clone()));
        }
    }
    if !which.states.is_empty() {
        let numbers: Vec<String> = which.states.iter().map(|state| state.number().to_string()).collect();
        terms.push(format!("state IN ({})", numbers.join(", ")));
    }
    (terms.join(" AND "), values)
}

pub fn alert(connection: &Connection, id: &str) -> rusqlite::Result<Option<String>> {
    connection.prepare_cached("SELECT record FROM alert WHERE id = ?")?.query_row([id], |row| row.get(0)).optional()
}

pub fn alerts(connection: &Connection, event: Event, tell: &mut dyn FnMut(&str, Instant, &str)) -> rusqlite::Result<()> {
    let mut select = connection.prepare_cached("SELECT id, at, record FROM alert WHERE event = ? ORDER BY at, id")?;
    let mut rows = select.query([event.as_str()])?;
    while let Some(row) = rows.next()? {
        tell(row.get_ref(0)?.as_str()?, of_millis(row.get(1)?), row.get_ref(2)?.as_str()?);
    }
    Ok(())
}

pub fn retry(connection: &mut Connection, which: &Which, now: Instant) -> rusqlite::Result<u64> {
    let (condition, values) = condition(which);
    let transaction = begin(connection)?;
    let update = format!("UPDATE delivery SET state = 1, attempts = 0, ended = NULL WHERE {condition} AND state IN (0, 3, 4, 6)");
    let changed = transaction.execute(&update, rusqlite::params_from_iter(values))?;
    go_on(&transaction, now)?;
    transaction.commit()?;
    Ok(changed as u64)
}

/// Lets everything go on that stands behind nothing.
fn go_on(transaction: &Transaction, now: Instant) -> rusqlite::Result<()> {
    transaction.execute(
        "UPDATE delivery SET state = 0, due = ? WHERE state < 2 AND state = 1 AND (token = 0 OR number =
             (SELECT min(number) FROM delivery AS other INDEXED BY delivery_open
                 WHERE other.endpoint = delivery.endpoint AND other.token = delivery.token AND other.state < 2))",
        params![millis(now)],
    )?;
    Ok(())
}

pub fn drop_deliveries(connection: &mut Connection, which: &Which, why: &str, now: Instant) -> rusqlite::Result<u64> {
    let (condition, values) = condition(which);
    let transaction = begin(connection)?;
    let mut all: Vec<Box<dyn ToSql>> = vec![Box::new(millis(now)), Box::new(why.to_owned())];
    all.extend(values);
    let update = format!("UPDATE delivery SET state = 4, ended = ?, answer = ? WHERE {condition} AND state IN (0, 1, 3, 5, 6)");
    let changed = transaction.execute(&update, rusqlite::params_from_iter(all))?;
    go_on(&transaction, now)?;
    transaction.commit()?;
    Ok(changed as u64)
}

pub fn forget_alerts(connection: &mut Connection, before: Instant) -> rusqlite::Result<u64> {
    let transaction = begin(connection)?;
    let removed = transaction.execute(
        "DELETE FROM alert WHERE at < ? AND NOT EXISTS (SELECT 1 FROM delivery WHERE delivery.alert = alert.id AND state IN (0, 1, 5, 6))",
        [millis(before)],
    )?;
    transaction
        .execute("DELETE FROM delivery WHERE queued < ? AND NOT EXISTS (SELECT 1 FROM alert WHERE alert.id = delivery.alert)", [millis(before)])?;
    transaction.commit()?;
    Ok(removed as u64)
}
