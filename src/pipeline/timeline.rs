//! Gathers one token's life from the ledger and the store: what was issued, seen, used, judged and ended, in time order.

use std::collections::BTreeSet;

use crate::detect::collapse::collapse;
use crate::detect::options::Options;
use crate::detect::used::Use;
use crate::ledger::ledger::Ledger;
use crate::model::instant::Instant;
use crate::model::issuance::Issuance;
use crate::model::judgement::Judgement;
use crate::model::ledger_match::LedgerMatch;
use crate::model::timeline::{Entry, EntryKind, Placed, Timeline, VERSION};
use crate::model::token_key::TokenKey;
use crate::model::token_use::TokenUse;
use crate::pipeline::timeline_entry;
use crate::store::error::StoreError;

/// A silence that is told, in seconds.
const QUIET: i64 = 3600;

/// Why there is no timeline.
#[derive(Debug, thiserror::Error)]
pub enum TimelineError {
    /// No record, use or judgement has this name.
    #[error(
        "nobody knows `{0}`\nhint: `beartrap fingerprint` prints a token's name, `beartrap ledger import` and `beartrap replay --state DIR` keep what is told here"
    )]
    Unknown(TokenKey),
    /// A kept use cannot be read.
    #[error("a kept use cannot be read: {0}\nhint: `beartrap ledger verify` says what is damaged")]
    Damaged(serde_json::Error),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Everything known of a token.
struct Known {
    matched: Option<LedgerMatch>,
    family: Vec<Issuance>,
    names: BTreeSet<TokenKey>,
    uses: Vec<Use>,
    judgements: Vec<Judgement>,
}

/// The life of the token with this name, as known at `now`.
///
/// # Errors
///
/// [`TimelineError`]
pub fn timeline(ledger: &Ledger, key: &TokenKey, options: &Options, now: Instant) -> Result<Timeline, TimelineError> {
    let known = known(ledger, key, options, now)?;
    let mut entries = entries(&known);
    entries.sort_by_cached_key(|entry| (place(entry), entry.at, entry.kind, entry.text.clone()));
    mark(&mut entries, now);
    let own = known.matched.and_then(|matched| matched.issuance.fp);
    let token = own.or_else(|| known.names.first().cloned()).unwrap_or_else(|| key.clone());
    let names = known.names.into_iter().filter(|name| *name != token).collect();
    Ok(Timeline { v: VERSION, token, names, now, entries })
}

fn known(ledger: &Ledger, key: &TokenKey, options: &Options, now: Instant) -> Result<Known, TimelineError> {
    let mut names = BTreeSet::from([key.clone()]);
    let mut found = ledger.find(std::slice::from_ref(key))?;
    names.extend(found.iter().flat_map(|(_, stored)| stored.issuance.keys()));
    let uses = uses(ledger, &names)?;
    names.extend(uses.iter().flat_map(|one| &one.presented.keys).filter(|name| says_who(name)).cloned());
    if found.is_none() {
        found = ledger.find(&names.iter().cloned().collect::<Vec<_>>())?;
        names.extend(found.iter().flat_map(|(_, stored)| stored.issuance.keys()));
    }
    let judgements = ledger.store().judgements(&indices(&names))?;
    if found.is_none() && uses.is_empty() && judgements.is_empty() {
        return Err(TimelineError::Unknown(key.clone()));
    }
    let matched = found.map(|(by, stored)| ledger.answer(by, stored, now, now)).transpose()?;
    let family = matched.as_ref().and_then(|matched| matched.issuance.family_id.clone());
    let family = family.map(|id| ledger.store().family(&id)).transpose()?.unwrap_or_default();
    Ok(Known { matched, family: family.into_iter().map(|stored| stored.issuance).collect(), names, uses: collapse(uses, options), judgements })
}

/// A JWT's own id says nothing of whose it is: anybody can write it into a forged token.
fn says_who(name: &TokenKey) -> bool {
    !matches!(name, TokenKey::JwtId { .. })
}

fn indices(names: &BTreeSet<TokenKey>) -> Vec<u64> {
    names.iter().map(TokenKey::index).collect()
}

fn uses(ledger: &Ledger, names: &BTreeSet<TokenKey>) -> Result<Vec<TokenUse>, TimelineError> {
    let mut kept = Vec::new();
    ledger.store().uses(&indices(names), &mut |json| kept.push(serde_json::from_str(json)))?;
    kept.into_iter().collect::<Result<_, _>>().map_err(TimelineError::Damaged)
}

fn entries(known: &Known) -> Vec<Entry> {
    let mut entries = Vec::new();
    if let Some(matched) = &known.matched {
        let issuance = &matched.issuance;
        let keys = issuance.keys();
        let record = |key: &TokenKey| known.family.iter().find(|one| one.keys().contains(key));
        entries.extend(matched.parents.iter().map(|parent| timeline_entry::parent(parent, record(parent))));
        entries.push(timeline_entry::issued(issuance));
        let children = known.family.iter().filter(|one| one.parent_fp.as_ref().is_some_and(|parent| keys.contains(parent)));
        entries.extend(children.map(timeline_entry::child));
        entries.extend(matched.events.iter().map(timeline_entry::fact));
        entries.extend(matched.exposures.iter().map(timeline_entry::exposed));
        // One that a fact tells is not told twice.
        let told = |at: &Instant| matched.events.iter().any(|event| event.at == *at);
        entries.extend(issuance.revoked_at.filter(|at| !told(at)).map(|at| timeline_entry::revoked(at, issuance.revoked_reason.as_deref())));
        entries.push(timeline_entry::ends(issuance.expires_at));
    }
    entries.extend(known.uses.iter().map(timeline_entry::used));
    entries.extend(known.judgements.iter().map(timeline_entry::judged));
    entries
}

/// Where an entry without a time belongs: what was before the token's life, and what came of it.
fn place(entry: &Entry) -> u8 {
    match (entry.at, entry.kind) {
        (None, EntryKind::Parent | EntryKind::Issued) => 0,
        (Some(_), _) => 1,
        (None, EntryKind::Ends) => 3,
        (None, _) => 2,
    }
}

/// Says of every entry how it came to its place, and how long it was quiet before.
fn mark(entries: &mut [Entry], now: Instant) {
    let mut last: Option<Instant> = None;
    for entry in entries {
        entry.placed = match entry.at {
            None => Placed::NotTold,
            Some(at) if at > now => Placed::Ahead,
            Some(_) => Placed::Told,
        };
        let Some(at) = entry.at else { continue };
        entry.quiet_seconds = last.filter(|_| at <= now).map(|last| at.seconds() - last.seconds()).filter(|quiet| *quiet >= QUIET);
        last = Some(at);
    }
}
