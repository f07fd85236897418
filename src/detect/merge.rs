//! The records of one request -> one use: the record that saw the caller best speaks, the others fill its gaps.

use crate::detect::collapse::{Seen, put_in_order};
use crate::detect::used::{Source, Use};
use crate::model::token_use::{Outcome, Presented, Record, Scheme};

/// A use of which one record tells.
#[must_use]
pub fn alone(Seen { what, source }: Seen) -> Use {
    Use { what, source, hops: Vec::new() }
}

/// One use of all its records; there is at least one.
#[must_use]
pub fn put_together(mut records: Vec<Seen>) -> Use {
    put_in_order(&mut records, |seen| &seen.what, |what| what.record.time);
    let rank = |seen: &Seen| (distance(seen.source), seen.what.record.time_quality, seen.what.record.time);
    let best = (0..records.len()).min_by_key(|at| (rank(&records[*at]), *at)).expect("because there is a record");
    let mut hops = Vec::new();
    if records.len() > 1 {
        hops.extend(records.iter().map(|seen| seen.what.origin.clone()));
        hops.dedup();
    }
    let Seen { mut what, source } = records.remove(best);
    if !records.is_empty() {
        fill(&mut what.record, &records);
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

/// Fills a record's gaps from the others; it succeeded if any of them says so.
fn fill(whole: &mut Record, others: &[Seen]) {
    let others = || others.iter().map(|seen| &seen.what.record);
    let of_outcome = |outcome: Outcome| others().find(move |other| other.outcome == outcome);
    let better = match whole.outcome {
        Outcome::Success => None,
        Outcome::Denied => of_outcome(Outcome::Success),
        Outcome::Unknown => of_outcome(Outcome::Success).or_else(|| of_outcome(Outcome::Denied)),
    };
    if let Some(better) = better {
        (whole.outcome, whole.status_code) = (better.outcome, better.status_code.or(whole.status_code));
    }
    for other in others() {
        whole.fill(other);
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
