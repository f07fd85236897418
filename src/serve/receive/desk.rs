//! Writes down what was received: facts, labels and places, with what the audit log says of them, in one transaction.
//!
//! **Invariant:** what came before changes nothing and is answered as it was then; of a token that is not ours nothing is kept.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest as _, Sha256};

use crate::delivery::label::Labelled;
use crate::delivery::vault::Vault;
use crate::ledger::ledger::{Ledger, LedgerError};
use crate::model::audit::{AuditKind, AuditRecord};
use crate::model::exposure::{Exposure, Reach};
use crate::model::fingerprint::{FingerprintKey, hex};
use crate::model::instant::Instant;
use crate::model::lifecycle::{LifecycleEvent, LifecycleKind, Target};
use crate::model::token_key::TokenKey;
use crate::pipeline::alerts::from_report::{Reported, Reports};
use crate::pipeline::alerts::posting::{Posted, Posting};
use crate::serve::receive::inlet::{Inlet, Item, Report, Taken, Told};
use crate::store::audit::Note;
use crate::store::error::StoreError;
use crate::store::step::{NewValue, Seen, Step};
use crate::store::store::Stored;

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
    /// Requests are written down one after another, so that none comes twice at the same time.
    writing: Mutex<Writing>,
}

/// Who is told of tokens of ours that are reported.
pub struct Telling {
    /// What is told.
    pub reports: Reports,
    /// Where tokens are held for endpoints that need them, where any does.
    pub vault: Option<Arc<Vault>>,
    /// Called when something was written down.
    pub told: Box<dyn Fn(&mut Posting) + Send>,
}

/// What only one request at a time has.
struct Writing {
    telling: Option<Telling>,
    /// When ids were last removed, in seconds since 1970-01-01T00:00:00Z.
    tidied: i64,
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
    pub fn new(ledger: Arc<Ledger>, keys: Vec<FingerprintKey>, who: String, telling: Option<Telling>) -> Self {
        Self { ledger, keys, who, writing: Mutex::new(Writing { telling, tidied: 0 }) }
    }

    /// Takes what came through an inlet; what became of each item, in their order.
    ///
    /// # Errors
    ///
    /// [`LedgerError`]; then nothing was written, and the sender is to try again.
    pub fn take(&self, inlet: &Inlet, items: Vec<Item>, now: Instant) -> Result<Vec<Taken>, LedgerError> {
        self.ledger.refresh()?;
        let mut writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = self.write(inlet, items, &mut writing, now);
        if let Some(Telling { reports, told, .. }) = &mut writing.telling {
            if taken.is_ok() {
                told(&mut reports.posting);
            }
            reports.posting.forget();
        }
        taken
    }

    fn write(&self, inlet: &Inlet, items: Vec<Item>, writing: &mut Writing, now: Instant) -> Result<Vec<Taken>, LedgerError> {
        let (mut changes, mut come, mut all) = (Changes::default(), BTreeSet::new(), Vec::new());
        for item in items {
            let found = self.find(&item.told)?;
            all.push(taken(&item, &found));
            let id = id(inlet, &item, &found);
            if come.contains(&id) || self.ledger.store().value(&id)?.is_some() {
                continue;
            }
            self.write_down(inlet, (&item, &found), now, &mut changes);
            if let (Told::Reported(report), Some(found), Some(telling)) = (item.told, found, &mut writing.telling) {
                self.tell(telling, (report, &format!("through inlet `{}` ({})", inlet.name, item.what)), found, now)?;
            }
            changes.values.push(NewValue { name: id.clone(), bytes: Some((now.seconds() + inlet.protocol.lasting).to_string().into_bytes()) });
            come.insert(id);
        }
        if !changes.notes.is_empty() {
            let Posted { alerts, values, notes } = writing.telling.as_mut().map(|telling| telling.reports.posting.take()).unwrap_or_default();
            changes.values.extend(values);
            changes.notes.extend(notes);
            changes.values.extend(self.outlived(&mut writing.tidied, now)?);
            let Changes { seen, values, events, notes } = &changes;
            self.ledger.store().commit(&Step { seen, values, events, notes, alerts: &alerts, ..Step::default() })?;
        }
        Ok(all)
    }

    /// Queues alerts about a token of ours; it is held in memory where an endpoint needs it.
    fn tell(&self, telling: &mut Telling, (report, whence): (Report, &str), found: (TokenKey, Stored), now: Instant) -> Result<(), StoreError> {
        let (key, exposure) = (found.0.clone(), exposure(&report, now));
        let reason = format!("reported as `{}` {whence}", report.token_type);
        let reported = Reported { token: &report.token, names: &report.token.names(&self.keys), reason: &reason, exposure: &exposure };
        telling.reports.tell(&reported, found, &self.ledger, now)?;
        if let Some(vault) = &telling.vault {
            vault.put(key, report.token, now);
        }
        Ok(())
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
    fn outlived(&self, tidied: &mut i64, now: Instant) -> Result<Vec<NewValue>, StoreError> {
        if now.seconds() - *tidied < TIDIED {
            return Ok(Vec::new());
        }
        let is_over = |bytes: &[u8]| std::str::from_utf8(bytes).ok().and_then(|text| text.parse::<i64>().ok()).is_none_or(|end| end < now.seconds());
        let kept = self.ledger.store().values(SEEN)?;
        *tidied = now.seconds();
        Ok(kept.into_iter().filter(|(_, bytes)| is_over(bytes)).map(|(name, _)| NewValue { name, bytes: None }).collect())
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
