//! Writes down what was received: facts, labels and places, with what the audit log says of them, in one transaction.
//!
//! **Invariant:** what came before changes nothing and is answered as it was then; of a token that is not ours nothing is kept.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use sha2::{Digest as _, Sha256};

use crate::delivery::label::Labelled;
use crate::ledger::ledger::{Ledger, LedgerError};
use crate::model::audit::{AuditKind, AuditRecord};
use crate::model::exposure::{Exposure, Reach};
use crate::model::fingerprint::{FingerprintKey, hex};
use crate::model::instant::Instant;
use crate::model::lifecycle::{LifecycleEvent, LifecycleKind, Target};
use crate::model::token_key::TokenKey;
use crate::serve::receive::inlet::{Inlet, Item, Report, Taken, Told};
use crate::store::audit::Note;
use crate::store::error::StoreError;
use crate::store::step::{NewValue, Seen, Step};
use crate::store::store::{Store, Stored};

/// Where ids that came are kept.
const SEEN: &str = "receive/seen/";
/// How often those are removed that can no longer pass for new, in seconds.
const TIDIED: i64 = 600;

/// Who writes down.
pub struct Desk {
    /// The ledger.
    pub ledger: Arc<Ledger>,
    /// Keys under which tokens are also named.
    pub keys: Vec<FingerprintKey>,
    /// Who it is in the audit log, such as `receive@host`.
    pub who: String,
    tidied: AtomicI64,
}

/// What one request changes.
#[derive(Default)]
struct Changes {
    seen: Vec<Seen>,
    values: Vec<NewValue>,
    events: Vec<LifecycleEvent>,
    notes: Vec<Note>,
}

/// A token of the ledger: the name by which it was found, and its record.
type Found = Option<(TokenKey, Stored)>;

impl Desk {
    /// One that has written nothing.
    #[must_use]
    pub fn new(ledger: Arc<Ledger>, keys: Vec<FingerprintKey>, who: String) -> Self {
        Self { ledger, keys, who, tidied: AtomicI64::new(0) }
    }

    /// Takes what came through an inlet; what became of each item, in their order.
    ///
    /// # Errors
    ///
    /// [`LedgerError`]; then nothing was written, and the sender is to try again.
    pub fn take(&self, inlet: &Inlet, items: &[Item], now: Instant) -> Result<Vec<Taken>, LedgerError> {
        self.ledger.refresh()?;
        let found: Vec<Found> = items.iter().map(|item| self.find(&item.told)).collect::<Result<_, _>>()?;
        let mut store = self.ledger.store();
        let mut changes = Changes::default();
        let mut come = BTreeSet::new();
        for (item, found) in items.iter().zip(&found) {
            let id = id(inlet, item, found);
            if come.contains(&id) || store.value(&id)?.is_some() {
                continue;
            }
            self.write_down(inlet, (item, found), now, &mut changes);
            changes.values.push(NewValue { name: id.clone(), bytes: Some((now.seconds() + inlet.protocol.lasting).to_string().into_bytes()) });
            come.insert(id);
        }
        if !changes.notes.is_empty() {
            changes.values.extend(self.outlived(&**store, now)?);
            let Changes { seen, values, events, notes } = &changes;
            store.commit(&Step { seen, values, events, notes, ..Step::default() })?;
        }
        Ok(items.iter().zip(&found).map(|(item, found)| taken(item, found)).collect())
    }

    /// The token of ours that is meant.
    fn find(&self, told: &Told) -> Result<Found, StoreError> {
        match told {
            Told::Reported(report) => self.ledger.find(&report.token.names(&self.keys)),
            Told::Revoked { targets, .. } => {
                let names: Vec<TokenKey> = targets.iter().filter_map(key_of).cloned().collect();
                self.ledger.find(&names)
            }
            Told::Labelled { .. } | Told::Nothing => Ok(None),
        }
    }

    fn write_down(&self, inlet: &Inlet, (item, found): (&Item, &Found), now: Instant, changes: &mut Changes) {
        let mut record = AuditRecord { endpoint: Some(inlet.name.clone()), ..AuditRecord::new(AuditKind::Received, &self.who, &*item.what) };
        record.token = found.as_ref().map(|(key, _)| key.clone());
        match &item.told {
            Told::Revoked { targets, at } => {
                // The name that the ledger knows, or the surest one, for a record that is still to come.
                let target = record.token.clone().map(Target::Key).or_else(|| targets.first().cloned());
                let Some(target) = target else { return };
                record.kind = AuditKind::Confirmed;
                record.token = key_of(&target).cloned();
                record.what = format!("{} is revoked", named(&target));
                record.why = Some(item.what.clone());
                let reason = Some(format!("`{}` came through inlet `{}`", item.what, inlet.name));
                changes.events.push(LifecycleEvent { event: LifecycleKind::Revoked, target, at: *at, reason, successor: None });
            }
            Told::Labelled { about, label } => {
                let labelled = Labelled { label: *label, at: now, by: inlet.name.clone() };
                record.kind = AuditKind::Labelled;
                record.what = format!("`{}` for {about}", labelled.word());
                record.token = about.parse().ok();
                record.finding = record.token.is_none().then(|| about.clone());
                changes.values.push(labelled.value(about));
            }
            Told::Reported(report) => match found {
                Some((_, stored)) => {
                    record.what = format!("a token of ours lay at {}", report.location);
                    record.why = Some(item.what.clone());
                    changes.seen.push(Seen { record: stored.id, exposure: exposure(report, now) });
                }
                None => record.what = format!("a token of type `{}` was reported that the ledger does not know", report.token_type),
            },
            Told::Nothing => record.what = format!("`{}`, which changes nothing", item.what),
        }
        changes.notes.push(Note::new(now, &record));
    }

    /// Ids that can no longer pass for new.
    fn outlived(&self, store: &dyn Store, now: Instant) -> Result<Vec<NewValue>, StoreError> {
        if now.seconds() - self.tidied.load(Ordering::Relaxed) < TIDIED {
            return Ok(Vec::new());
        }
        let is_over = |bytes: &[u8]| std::str::from_utf8(bytes).ok().and_then(|text| text.parse::<i64>().ok()).is_none_or(|end| end < now.seconds());
        let over = store.values(SEEN)?.into_iter().filter(|(_, bytes)| is_over(bytes)).map(|(name, _)| NewValue { name, bytes: None }).collect();
        self.tidied.store(now.seconds(), Ordering::Relaxed);
        Ok(over)
    }
}

/// The name under which it is kept that an item came; a token is in it by the name that the ledger has for it.
fn id(inlet: &Inlet, item: &Item, found: &Found) -> String {
    let token = match &item.told {
        Told::Reported(_) => found.as_ref().map_or_else(String::new, |(key, _)| key.to_string()),
        _ => String::new(),
    };
    let digest = Sha256::digest(format!("{}\n{}\n{token}", inlet.name, item.id).as_bytes());
    format!("{SEEN}{}", hex(&digest[..16]))
}

fn key_of(target: &Target) -> Option<&TokenKey> {
    if let Target::Key(key) = target { Some(key) } else { None }
}

fn named(target: &Target) -> String {
    match target {
        Target::Key(key) => key.to_string(),
        Target::Family(id) => format!("family {id}"),
        Target::Session(id) => format!("session {id}"),
        Target::Task(id) => format!("task {id}"),
        Target::Subject(id) => format!("subject {id}"),
    }
}

fn exposure(report: &Report, now: Instant) -> Exposure {
    Exposure {
        kind: report.kind,
        reach: Reach::External,
        location: report.location.clone(),
        line: 1,
        carrier: None,
        decoders: Vec::new(),
        first_seen: now,
        last_seen: now,
        count: 1,
    }
}

fn taken(item: &Item, found: &Found) -> Taken {
    match &item.told {
        Told::Reported(report) => {
            Taken::Report { fingerprint: report.token.fingerprint(None), token_type: report.token_type.clone(), is_ours: found.is_some() }
        }
        _ => Taken::Done,
    }
}
