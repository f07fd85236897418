//! The records of one request -> one use: the record that saw the caller best speaks, the others fill its gaps.

use serde_json::{Map, Value};

use crate::detect::collapse::Seen;
use crate::detect::used::{Source, Use};
use crate::model::token_use::{Outcome, Presented, Record, Scheme};

/// One use of all its records; there is at least one.
#[must_use]
pub fn put_together(mut records: Vec<Seen>) -> Use {
    records.sort_by(|a, b| (a.what.record.time, &a.content).cmp(&(b.what.record.time, &b.content)));
    let mut hops: Vec<_> = records.iter().map(|seen| seen.what.origin.clone()).collect();
    hops.dedup();
    let rank = |seen: &Seen| (distance(seen.source), seen.what.record.time_quality, seen.what.record.time);
    let best = (0..records.len()).min_by_key(|at| (rank(&records[*at]), *at)).expect("because there is a record");
    let Seen { mut what, source, .. } = records.remove(best);
    if !records.is_empty() {
        let others: Vec<&Record> = records.iter().map(|seen| &seen.what.record).collect();
        what.record = filled(&what.record, &others);
        for seen in &records {
            join(&mut what.presented, &seen.what.presented);
        }
        what.presented.keys.sort();
        what.presented.keys.dedup();
    }
    Use { what, source, hops }
}

/// How far from the caller the system stood that wrote a record: what is behind a gateway sees the gateway.
fn distance(source: Source) -> u8 {
    match source {
        Source::Network(..) | Source::System(_) => 0,
        Source::Internal => 1,
        Source::Cloud => 2,
        Source::Unknown => 3,
    }
}

/// A record with its gaps filled; it succeeded if any of them says so.
fn filled(record: &Record, others: &[&Record]) -> Record {
    let mut fields = fields(record);
    for other in others {
        for (name, value) in self::fields(other) {
            fields.entry(name).or_insert(value);
        }
    }
    let mut whole: Record = serde_json::from_value(Value::Object(fields)).expect("because its fields are those of records");
    let of_outcome = |outcome: Outcome| others.iter().find(move |other| other.outcome == outcome);
    if record.time.is_none() {
        whole.time_quality = others.iter().find(|other| other.time.is_some()).map(|other| other.time_quality).unwrap_or_default();
    }
    if record.session_id.is_none() {
        whole.session_src = others.iter().find(|other| other.session_id.is_some()).and_then(|other| other.session_src);
    }
    let better = match record.outcome {
        Outcome::Success => None,
        Outcome::Denied => of_outcome(Outcome::Success),
        Outcome::Unknown => of_outcome(Outcome::Success).or_else(|| of_outcome(Outcome::Denied)),
    };
    if let Some(better) = better {
        (whole.outcome, whole.status_code) = (better.outcome, better.status_code.or(whole.status_code));
    }
    whole
}

fn fields(record: &Record) -> Map<String, Value> {
    match serde_json::to_value(record) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    }
}

fn join(whole: &mut Presented, other: &Presented) {
    whole.keys.extend(other.keys.iter().cloned());
    if whole.scheme == Scheme::Unknown {
        whole.scheme = other.scheme.clone();
    }
    if whole.token.is_none() {
        whole.token.clone_from(&other.token);
    }
    if whole.proof.is_none() {
        whole.proof.clone_from(&other.proof);
    }
}
