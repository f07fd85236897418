//! Questions to the embedded store about uses and judgements.

use rusqlite::Connection;

use crate::model::instant::Instant;
use crate::model::issuance::Issuance;
use crate::model::judgement::Judgement;
use crate::model::token_key::TokenKey;
use crate::store::kin::kin;
use crate::store::sighting::sort_judgements;
use crate::store::sqlite::read::{hash, json};
use crate::store::step::use_digest;

/// All names of the token, as they stand in columns.
fn names_of_token(connection: &Connection, names: &[u64]) -> rusqlite::Result<Vec<i64>> {
    let mut linked = connection.prepare_cached("SELECT other FROM link WHERE name = ?1 UNION SELECT name FROM link WHERE other = ?1")?;
    let mut records = connection.prepare_cached("SELECT record FROM name JOIN issuance ON issuance.id = name.id WHERE hash = ?")?;
    kin(names, |names| {
        let mut found = Vec::new();
        for name in names {
            for other in linked.query_map([name.cast_signed()], hash)? {
                found.push(other?);
            }
            for record in records.query_map([name.cast_signed()], |row| json::<Issuance>(row, 0))? {
                found.extend(record?.keys().iter().map(TokenKey::index));
            }
        }
        Ok(found)
    })
}

/// One transaction, so that uses do not vanish between the two looks. The order is made of what is short: the uses themselves may not fit
/// into memory.
pub fn uses(connection: &Connection, names: &[u64], tell: &mut dyn FnMut(&str)) -> rusqlite::Result<()> {
    let transaction = connection.unchecked_transaction()?;
    let mut of_home = transaction.prepare_cached("SELECT at, digest, id FROM token_use WHERE home = ?")?;
    let mut order: Vec<(Option<i64>, [u8; 16], i64)> = Vec::new();
    for home in names_of_token(&transaction, names)? {
        for row in of_home.query_map([home], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))? {
            order.push(row?);
        }
    }
    order.sort_unstable();
    let mut record = transaction.prepare_cached("SELECT record FROM token_use WHERE id = ?")?;
    for (_, _, id) in order {
        record.query_row([id], |row| row.get_ref(0)?.as_str().map(&mut *tell).map_err(Into::into))?;
    }
    Ok(())
}

pub fn judgements(connection: &Connection, names: &[u64]) -> rusqlite::Result<Vec<Judgement>> {
    let transaction = connection.unchecked_transaction()?;
    let mut statement = transaction.prepare_cached(
        "SELECT record FROM judgement WHERE token = ?
         AND NOT EXISTS (SELECT 1 FROM judgement AS later WHERE later.supersedes = judgement.id AND later.id <> judgement.id)",
    )?;
    let mut all = Vec::new();
    for name in names_of_token(&transaction, names)? {
        for judgement in statement.query_map([name], |row| json(row, 0))? {
            all.push(judgement?);
        }
    }
    sort_judgements(&mut all);
    Ok(all)
}

pub fn all_judgements(connection: &Connection, since: Option<Instant>, tell: &mut dyn FnMut(Judgement)) -> rusqlite::Result<()> {
    let from = since.map_or(i64::MIN, Instant::seconds);
    let mut statement = connection.prepare_cached("SELECT record FROM judgement WHERE at IS NULL OR at >= ? ORDER BY at, id")?;
    for judgement in statement.query_map([from], |row| json::<Judgement>(row, 0))? {
        let judgement = judgement?;
        // Columns keep whole seconds only.
        if judgement.at.is_none_or(|at| since.is_none_or(|since| at >= since)) {
            tell(judgement);
        }
    }
    Ok(())
}

/// What is wrong with uses and judgements.
pub fn verify(connection: &Connection, wrong: &mut Vec<String>) -> rusqlite::Result<()> {
    let mut uses = connection.prepare("SELECT digest, record FROM token_use")?;
    let whole = uses.query_map([], |row| Ok(row.get::<_, [u8; 16]>(0)? == use_digest(row.get_ref(1)?.as_str()?)))?;
    let changed = whole.filter(|whole| !matches!(whole, Ok(true))).count();
    if changed > 0 {
        wrong.push(format!("{changed} uses are not what was written"));
    }
    let query = "SELECT count(*) FROM link WHERE NOT EXISTS (SELECT 1 FROM token_use WHERE home = link.name)";
    let lost: i64 = connection.query_row(query, [], |row| row.get(0))?;
    if lost > 0 {
        wrong.push(format!("{lost} links between names belong to no use"));
    }
    let mut judgements = connection.prepare("SELECT id, record FROM judgement")?;
    let whole = judgements.query_map([], |row| Ok(row.get::<_, String>(0)? == json::<Judgement>(row, 1)?.id))?;
    let changed = whole.filter(|whole| !matches!(whole, Ok(true))).count();
    if changed > 0 {
        wrong.push(format!("{changed} judgements cannot be read"));
    }
    Ok(())
}
