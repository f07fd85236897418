//! Who is told of what was found, and what is to be revoked: alerts and their deliveries, ready to be committed.
//!
//! **Invariant:** the same finding gives the same alert with the same ids, however often and wherever it is met again.

use std::collections::HashSet;
use std::sync::Arc;

use crate::delivery::endpoint::{Endpoint, alert_id};
use crate::detect::frameworks::Frameworks;
use crate::ledger::ledger::Ledger;
use crate::model::alert::Alert;
use crate::model::audit::{AuditKind, AuditRecord};
use crate::model::finding::Finding;
use crate::model::instant::Instant;
use crate::model::issuance::Issuance;
use crate::model::judgement::Judgement;
use crate::pipeline::alerts::from_finding::{exposed, ours};
use crate::pipeline::alerts::from_judgement::replayed;
use crate::pipeline::alerts::queued::queued;
use crate::pipeline::alerts::revocation::{Budget, May, Mode, RevocationSettings, Suspect, issuer};
use crate::store::audit::Note;
use crate::store::error::StoreError;
use crate::store::outbox::{Begins, NewAlert};
use crate::store::step::NewValue;

/// How many ids are remembered of requests that were counted, so that a token found twice counts once.
const REMEMBERED: usize = 100_000;

/// Tells.
pub struct Posting {
    /// Who is told.
    pub endpoints: Arc<[Endpoint]>,
    /// What is revoked.
    pub revocation: RevocationSettings,
    frameworks: Frameworks,
    counted: HashSet<String>,
    /// What waits to be committed.
    queued: Vec<NewAlert>,
    budget: Option<Budget>,
    manner: Manner,
    /// What would have been sent.
    shown: Vec<(usize, Alert)>,
    /// Who decides, for the audit log.
    who: String,
    notes: Vec<Note>,
}

/// Whether anything is sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Manner {
    /// What is told is sent.
    Send,
    /// It is only shown what would be.
    Show,
}

/// What is to be committed.
#[derive(Default, Debug)]
pub struct Posted {
    /// Alerts.
    pub alerts: Vec<NewAlert>,
    /// What is kept of requests.
    pub values: Vec<NewValue>,
    /// What was decided.
    pub notes: Vec<Note>,
}

impl Posted {
    /// Both together.
    pub fn add(&mut self, other: Self) {
        self.alerts.extend(other.alerts);
        self.values.extend(other.values);
        self.notes.extend(other.notes);
    }

    /// Whether there is nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.alerts.is_empty() && self.values.is_empty() && self.notes.is_empty()
    }
}

impl Posting {
    /// Nothing to tell yet.
    #[must_use]
    pub fn new(endpoints: Vec<Endpoint>, revocation: RevocationSettings, (manner, who): (Manner, String)) -> Self {
        let (counted, queued, shown, notes) = (HashSet::new(), Vec::new(), Vec::new(), Vec::new());
        Self { endpoints: endpoints.into(), revocation, frameworks: Frameworks::builtin(), counted, queued, budget: None, manner, shown, who, notes }
    }

    /// Hands over what would have been sent, and to whom.
    pub fn take_shown(&mut self) -> Vec<(&Endpoint, Alert)> {
        let shown = std::mem::take(&mut self.shown);
        shown.into_iter().map(|(at, alert)| (&self.endpoints[at], alert)).collect()
    }

    /// How many alerts wait to be committed.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.queued.len()
    }

    /// A token was found.
    ///
    /// # Errors
    ///
    /// [`StoreError`]: how many requests there were cannot be read.
    pub fn found(&mut self, finding: &Finding, ledger: &Ledger, now: Instant) -> Result<(), StoreError> {
        let alert = exposed(finding, &self.frameworks, now);
        self.tell(&alert, now);
        if let Some(ours) = ours(finding) {
            let matched = &ours.matched;
            let suspect = Suspect { alert: &alert, by: &matched.by, issuance: &matched.issuance, liveness: matched.liveness_now };
            self.revoke(&suspect, ledger, now)?;
        }
        Ok(())
    }

    /// A token's uses were judged.
    ///
    /// # Errors
    ///
    /// [`StoreError`]: the ledger cannot be asked.
    pub fn judged(&mut self, judgement: &Judgement, issuance: Option<&Issuance>, ledger: &Ledger, now: Instant) -> Result<(), StoreError> {
        let alert = replayed(judgement, issuance, &self.frameworks, now);
        self.tell(&alert, now);
        let Some(issuance) = issuance.filter(|_| self.revocation.mode != Mode::Off) else { return Ok(()) };
        let events = ledger.store().events(&issuance.targets())?;
        let suspect = Suspect { alert: &alert, by: &judgement.token, issuance, liveness: issuance.liveness(&events, now) };
        self.revoke(&suspect, ledger, now)
    }

    /// Hands over what is to be committed.
    pub fn take(&mut self) -> Posted {
        let values = self.budget.take().iter().map(Budget::to_value).collect();
        Posted { alerts: std::mem::take(&mut self.queued), values, notes: std::mem::take(&mut self.notes) }
    }

    /// What was not committed was not told: it is told when it is met again.
    pub fn forget(&mut self) {
        self.counted.clear();
        self.queued.clear();
        self.shown.clear();
        self.notes.clear();
        self.budget = None;
    }

    /// Queues an alert for everybody who wants it.
    fn tell(&mut self, alert: &Alert, now: Instant) {
        let wanted = self.places(|endpoint| endpoint.wants(alert));
        self.queue(alert, wanted, (Begins::Due, self.manner), now);
    }

    fn places(&self, is_told: impl Fn(&Endpoint) -> bool) -> Vec<usize> {
        (0..self.endpoints.len()).filter(|at| is_told(&self.endpoints[*at])).collect()
    }

    fn queue(&mut self, alert: &Alert, endpoints: Vec<usize>, (begins, manner): (Begins, Manner), now: Instant) {
        if manner == Manner::Show {
            self.shown.extend(endpoints.into_iter().map(|at| (at, alert.clone())));
            return;
        }
        let endpoints = endpoints.into_iter().map(|at| &self.endpoints[at]);
        self.queued.extend(queued(alert, endpoints, begins, now));
    }

    fn revoke(&mut self, suspect: &Suspect, ledger: &Ledger, now: Instant) -> Result<(), StoreError> {
        let settings = &self.revocation;
        if !settings.asks_for(suspect) {
            return Ok(());
        }
        let (per_minute, manner) = (settings.per_minute, if settings.mode == Mode::On { self.manner } else { Manner::Show });
        let theirs = issuer(suspect.issuance).unwrap_or_default().to_owned();
        // What was asked for before counts no more; it goes out again only where it waited for the token.
        let request = settings.request(suspect, May::Send);
        let id = alert_id(&request);
        let is_known = !self.counted.insert(id.clone()) || ledger.store().alert(&id)?.is_some();
        let may = if is_known || manner == Manner::Show { May::Send } else { self.budget(ledger)?.take(&theirs, per_minute, now) };
        if self.counted.len() > REMEMBERED {
            self.counted.clear();
        }
        if !is_known && manner == Manner::Send {
            self.note(&request, may, now);
        }
        // What is held is the request itself, so that it goes out as it is when a person lets it go; others hear that one is asked.
        let told = self.revocation.request(suspect, may);
        let revokes = |endpoint: &Endpoint| self.revocation.endpoints.contains(&endpoint.name);
        // Whoever wants to hear of requests, without being asked to revoke, hears of them.
        let (asked, others) = (self.places(revokes), self.places(|endpoint| !revokes(endpoint) && endpoint.wants(&told)));
        let begins = if may == May::Send { Begins::Due } else { Begins::Held };
        self.queue(&request, asked, (begins, manner), now);
        self.queue(&told, others, (Begins::Due, manner), now);
        Ok(())
    }

    /// Takes down in the audit log what was decided.
    fn note(&mut self, request: &Alert, may: May, now: Instant) {
        let (kind, what) = match may {
            May::Send => (AuditKind::Requested, "the token is to be revoked"),
            May::Ask => (AuditKind::Decided, "a person decides whether the token is revoked: there were too many requests in a minute"),
        };
        let why = Some(format!("{}: {}", request.data.rule, request.data.title));
        let record = AuditRecord { why, ..AuditRecord::new(kind, &self.who, what).about(request) };
        self.notes.push(Note::new(now, &record));
    }

    fn budget(&mut self, ledger: &Ledger) -> Result<&mut Budget, StoreError> {
        if self.budget.is_none() {
            self.budget = Some(Budget::read(&**ledger.store())?);
        }
        Ok(self.budget.as_mut().expect("because it was just read"))
    }
}
