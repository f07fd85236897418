//! Questions to the shared store about uses and judgements.

use ::postgres::types::ToSql;
use ::postgres::{Row, Transaction};

use crate::model::instant::Instant;
use crate::model::issuance::Issuance;
use crate::model::judgement::Judgement;
use crate::model::token_key::TokenKey;
use crate::store::kin::kin;
use crate::store::postgres::fault::Fault;
use crate::store::postgres::read::{hash, json};
use crate::store::sighting::sort_judgements;

/// How many rows are fetched at once.
const STRIDE: i32 = 1000;

/// All names of the token, as they stand in columns.
fn names_of_token(transaction: &mut Transaction, names: &[u64]) -> Result<Vec<i64>, Fault> {
    kin(names, |names| {
        let names: Vec<i64> = names.iter().map(|name| name.cast_signed()).collect();
        let linked = "SELECT other FROM link WHERE name = ANY ($1) UNION SELECT name FROM link WHERE other = ANY ($1)";
        let mut found: Vec<u64> = transaction.query(linked, &[&names])?.iter().map(hash).collect::<Result<_, _>>()?;
        let records = "SELECT record FROM name JOIN issuance ON issuance.id = name.id WHERE hash = ANY ($1)";
        for row in transaction.query(records, &[&names])? {
            found.extend(json::<Issuance>(&row, 0)?.keys().iter().map(TokenKey::index));
        }
        Ok(found)
    })
}

/// Row after row, however many there are.
fn each(
    transaction: &mut Transaction,
    query: &str,
    values: &[&(dyn ToSql + Sync)],
    tell: &mut dyn FnMut(&Row) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let portal = transaction.bind(query, values)?;
    loop {
        let rows = transaction.query_portal(&portal, STRIDE)?;
        if rows.is_empty() {
            return Ok(());
        }
        rows.iter().try_for_each(&mut *tell)?;
    }
}

pub fn uses(transaction: &mut Transaction, names: &[u64], tell: &mut dyn FnMut(&str)) -> Result<(), Fault> {
    let homes = names_of_token(transaction, names)?;
    let query = "SELECT record FROM token_use WHERE home = ANY ($1) ORDER BY at NULLS FIRST, digest";
    each(transaction, query, &[&homes], &mut |row| {
        tell(row.try_get(0)?);
        Ok(())
    })
}

pub fn judgements(transaction: &mut Transaction, names: &[u64]) -> Result<Vec<Judgement>, Fault> {
    let names = names_of_token(transaction, names)?;
    let query = "SELECT record FROM judgement WHERE token = ANY ($1)
                 AND NOT EXISTS (SELECT FROM judgement AS later WHERE later.supersedes = judgement.id AND later.id <> judgement.id)";
    let mut all: Vec<Judgement> = transaction.query(query, &[&names])?.iter().map(|row| json(row, 0)).collect::<Result<_, _>>()?;
    sort_judgements(&mut all);
    Ok(all)
}

pub fn all_judgements(transaction: &mut Transaction, since: Option<Instant>, tell: &mut dyn FnMut(Judgement)) -> Result<(), Fault> {
    let from = since.map_or(i64::MIN, Instant::seconds);
    let query = "SELECT record FROM judgement WHERE at IS NULL OR at >= $1 ORDER BY at NULLS FIRST, id COLLATE \"C\"";
    each(transaction, query, &[&from], &mut |row| {
        let judgement: Judgement = json(row, 0)?;
        // Columns keep whole seconds only.
        if judgement.at.is_none_or(|at| since.is_none_or(|since| at >= since)) {
            tell(judgement);
        }
        Ok(())
    })
}

/// What is wrong with uses and judgements.
pub fn verify(transaction: &mut Transaction, wrong: &mut Vec<String>) -> Result<(), Fault> {
    for (query, what) in [
        ("SELECT count(*) FROM token_use WHERE digest <> substring(sha256(convert_to(record, 'UTF8')) for 16)", "uses are not what was written"),
        ("SELECT count(*) FROM link WHERE NOT EXISTS (SELECT FROM token_use WHERE home = link.name)", "links between names belong to no use"),
    ] {
        let count: i64 = transaction.query_one(query, &[])?.try_get(0)?;
        if count > 0 {
            wrong.push(format!("{count} {what}"));
        }
    }
    let mut changed = 0;
    each(transaction, "SELECT id, record FROM judgement", &[], &mut |row| {
        let id: &str = row.try_get(0)?;
        changed += u64::from(json::<Judgement>(row, 1).map_or(true, |judgement| judgement.id != id));
        Ok(())
    })?;
    if changed > 0 {
        wrong.push(format!("{changed} judgements cannot be read"));
    }
    Ok(())
}
