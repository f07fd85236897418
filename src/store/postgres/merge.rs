//! Records that may be known, on their way into the shared store: looked up, joined in memory and written, a few thousand at a time.

use std::collections::{BTreeSet, HashMap};

use ::postgres::Transaction;

use crate::model::instant::Instant;
use crate::model::issuance::Issuance;
use crate::model::token_key::TokenKey;
use crate::store::join::join;
use crate::store::postgres::fault::Fault;
use crate::store::postgres::read;
use crate::store::postgres::write::{Pending, count};
use crate::store::store::{NewIssuance, RecordId, Stored, Written};

/// What is known of the tokens of some records, while they are written.
#[derive(Default)]
struct Known {
    rows: HashMap<RecordId, Row>,
    by_name: HashMap<u64, BTreeSet<RecordId>>,
    /// Records that another one took in, and which.
    gone: Vec<(Stored, RecordId)>,
}

struct Row {
    issuance: Issuance,
    /// The text and the end as they came, until the record is joined with another.
    came: Option<(String, Option<i64>)>,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Stored,
    Changed,
    New,
}

/// Brings the records of the same tokens up to date, or inserts them where there are none; gives back what indices are new.
pub fn merge(transaction: &mut Transaction, some: &[NewIssuance], pending: &mut Pending, written: &mut Written) -> Result<Vec<u64>, Fault> {
    let issuances: Vec<Issuance> = some.iter().map(|new| serde_json::from_str(&new.json)).collect::<Result<_, _>>()?;
    let mut known = look_up(transaction, &issuances)?;
    for (new, issuance) in some.iter().zip(issuances) {
        let id = known.take(new, issuance, pending, written);
        pending.names.extend(new.indices.iter().chain(&new.family).map(|index| (*index, id)));
        pending.grams.extend(new.gram.map(|gram| (gram, id)));
    }
    known.save(transaction, pending)
}

fn look_up(transaction: &mut Transaction, issuances: &[Issuance]) -> Result<Known, Fault> {
    let hashes: Vec<i64> = issuances.iter().flat_map(Issuance::keys).map(|key| key.index().cast_signed()).collect();
    let mut known = Known::default();
    let query = "SELECT issuance.id, record, hash FROM name JOIN issuance ON issuance.id = name.id WHERE hash = ANY ($1)";
    for row in transaction.query(query, &[&hashes])? {
        let Stored { id, issuance } = read::stored(&row)?;
        known.by_name.entry(row.try_get::<_, i64>(2)?.cast_unsigned()).or_default().insert(id);
        known.rows.insert(id, Row { issuance, came: None, state: State::Stored });
    }
    Ok(known)
}

impl Known {
    fn find(&self, key: &TokenKey) -> impl Iterator<Item = Stored> {
        let ids = self.by_name.get(&key.index()).into_iter().flatten();
        let rows = ids.filter_map(|id| self.rows.get(id).map(|row| (*id, &row.issuance)));
        rows.filter(|(_, issuance)| issuance.keys().contains(key)).map(|(id, issuance)| Stored { id, issuance: issuance.clone() })
    }

    /// Takes in one record; the number under which it is kept.
    fn take(&mut self, new: &NewIssuance, issuance: Issuance, pending: &mut Pending, written: &mut Written) -> RecordId {
        let keys = issuance.keys();
        let found: Vec<Stored> = keys.iter().flat_map(|key| self.find(key)).collect();
        let Some(joined) = join(found, &issuance) else {
            written.new += 1;
            pending.last += 1;
            self.name(&keys, pending.last);
            self.rows.insert(pending.last, Row { issuance, came: Some((new.json.clone(), new.expires)), state: State::New });
            return pending.last;
        };
        let keep = joined.keep;
        if !joined.changed {
            written.known += 1;
            return keep;
        }
        written.updated += 1;
        for gone in joined.gone {
            self.remove(gone, keep, pending);
        }
        let names = joined.issuance.keys();
        self.name(&names, keep);
        pending.names.extend(names.iter().map(TokenKey::index).chain(joined.issuance.family_index()).map(|index| (index, keep)));
        let row = self.rows.get_mut(&keep).expect("because it was found there");
        row.issuance = joined.issuance;
        row.came = None;
        if row.state == State::Stored {
            row.state = State::Changed;
        }
        keep
    }

    fn name(&mut self, keys: &[TokenKey], id: RecordId) {
        for key in keys {
            self.by_name.entry(key.index()).or_default().insert(id);
        }
    }

    fn remove(&mut self, gone: Stored, keep: RecordId, pending: &mut Pending) {
        let row = self.rows.remove(&gone.id);
        pending.names.retain(|(_, id)| *id != gone.id);
        pending.grams.iter_mut().filter(|(_, id)| *id == gone.id).for_each(|(_, id)| *id = keep);
        // What an earlier one in the row took in goes where that one goes.
        self.gone.iter_mut().filter(|(_, id)| *id == gone.id).for_each(|(_, id)| *id = keep);
        if row.is_some_and(|row| row.state != State::New) {
            self.gone.push((gone, keep));
        }
    }

    /// Writes what has changed.
    fn save(self, transaction: &mut Transaction, pending: &mut Pending) -> Result<Vec<u64>, Fault> {
        for (gone, keep) in &self.gone {
            move_to(transaction, gone, *keep)?;
        }
        for (state, statement) in [
            (State::New, "INSERT INTO issuance (id, expires, record) SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[])"),
            (
                State::Changed,
                "UPDATE issuance SET expires = new.expires, record = new.record
                 FROM unnest($1::bigint[], $2::bigint[], $3::text[]) AS new (id, expires, record) WHERE issuance.id = new.id",
            ),
        ] {
            let mut columns: (Vec<RecordId>, Vec<Option<i64>>, Vec<String>) = Default::default();
            for (id, row) in self.rows.iter().filter(|(_, row)| row.state == state) {
                let (json, expires) = row.came.clone().unwrap_or_else(|| {
                    let json = serde_json::to_string(&row.issuance).expect("because records can be written");
                    (json, row.issuance.expires_at.map(Instant::seconds))
                });
                columns.0.push(*id);
                columns.1.push(expires);
                columns.2.push(json);
            }
            if !columns.0.is_empty() {
                transaction.execute(statement, &[&columns.0, &columns.1, &columns.2])?;
            }
        }
        insert_names(transaction, pending)
    }
}

/// Removes a record, and gives what hangs on it to another one, which is older and so in the table too.
fn move_to(transaction: &mut Transaction, gone: &Stored, keep: RecordId) -> Result<(), Fault> {
    let places = read::exposures(transaction, gone.id)?;
    count(transaction, places.into_iter().map(|exposure| (keep, exposure)))?;
    let hashes: Vec<i64> = gone.issuance.keys().iter().map(TokenKey::index).chain(gone.issuance.family_index()).map(u64::cast_signed).collect();
    transaction.execute("DELETE FROM name WHERE hash = ANY ($1) AND id = $2", &[&hashes, &gone.id])?;
    let grams = "WITH moved AS (DELETE FROM gram WHERE id = $1 RETURNING hash, before, length)
                 INSERT INTO gram (hash, id, before, length) SELECT hash, $2, before, length FROM moved ON CONFLICT DO NOTHING";
    transaction.execute(grams, &[&gone.id, &keep])?;
    transaction.execute("DELETE FROM exposure WHERE id = $1", &[&gone.id])?;
    transaction.execute("DELETE FROM issuance WHERE id = $1", &[&gone.id])?;
    Ok(())
}

fn insert_names(transaction: &mut Transaction, pending: &mut Pending) -> Result<Vec<u64>, Fault> {
    let mut fresh = Vec::new();
    let (hashes, ids): (Vec<i64>, Vec<RecordId>) = pending.names.drain(..).map(|(hash, id)| (hash.cast_signed(), id)).unzip();
    if !hashes.is_empty() {
        let insert = "INSERT INTO name (hash, id) SELECT * FROM unnest($1::bigint[], $2::bigint[]) ON CONFLICT DO NOTHING RETURNING hash";
        for row in transaction.query(insert, &[&hashes, &ids])? {
            fresh.push(row.try_get::<_, i64>(0)?.cast_unsigned());
        }
    }
    for (gram, id) in pending.grams.drain(..) {
        let insert = "INSERT INTO gram (hash, id, before, length) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
        if transaction.execute(insert, &[&gram.hash.cast_signed(), &id, &i64::from(gram.before), &i64::from(gram.length)])? > 0 {
            fresh.push(gram.hash);
        }
    }
    Ok(fresh)
}
