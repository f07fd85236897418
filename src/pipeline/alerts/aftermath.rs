//! What follows from an attempt to deliver: a record in the audit log, labels that a receiver gave, and whether a token that was to be revoked is dead.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::delivery::courier::{Attempt, Consequences};
use crate::delivery::endpoint::Endpoint;
use crate::delivery::introspect::is_active;
use crate::delivery::label::Labelled;
use crate::delivery::letter::{Letter, Meaning};
use crate::model::alert::{Alert, Event};
use crate::model::audit::{AuditKind, AuditRecord};
use crate::model::instant::Instant;
use crate::model::lifecycle::{LifecycleEvent, LifecycleKind, Target};
use crate::model::secret::Secret;
use crate::model::token_key::TokenKey;
use crate::pipeline::alerts::queued::{queued, revoked};
use crate::store::audit::Note;
use crate::store::outbox::{Begins, Claimed, Outcome};

/// How long is waited before each question whether a token is dead: servers take a moment to say so.
const ASKED_AFTER: [Duration; 3] = [Duration::ZERO, Duration::from_millis(250), Duration::from_secs(1)];

/// Draws consequences.
pub struct Aftermath {
    /// Who delivers, for the audit log.
    who: String,
    /// Who is told that a token is dead.
    endpoints: Arc<[Endpoint]>,
    clock: fn() -> Instant,
    /// Deliveries of requests whose token was called dead before anybody asked to revoke it.
    unproven: Mutex<HashSet<String>>,
}

impl Aftermath {
    /// Nothing has been delivered yet; `who` delivers, and these endpoints are told of what follows.
    #[must_use]
    pub fn new(who: String, endpoints: Arc<[Endpoint]>, clock: fn() -> Instant) -> Self {
        Self { who, endpoints, clock, unproven: Mutex::default() }
    }

    /// Asks whether a token is alive that may be called dead because nothing is known of it: servers need not keep JSON web tokens.
    pub fn before(&self, endpoint: &Endpoint, claimed: &Claimed, alert: &Alert, token: &Secret) {
        let (true, Some(url)) = (alert.event == Event::RevocationRequested && is_jwt(alert), &endpoint.introspection) else { return };
        let letter = Letter { id: &claimed.id, alert, at: (self.clock)(), to: &endpoint.to };
        // Whoever is asked again may have revoked it the first time.
        if claimed.attempts == 1 && matches!(is_active(endpoint, url, &letter, token), Ok(false)) {
            self.unproven().insert(claimed.id.clone());
        }
    }

    fn unproven(&self) -> MutexGuard<'_, HashSet<String>> {
        self.unproven.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What follows.
    #[must_use]
    pub fn of(&self, attempt: &Attempt) -> Consequences {
        let now = (self.clock)();
        let mut follows = Consequences { notes: vec![Note::new(now, &self.record(attempt))], ..Consequences::default() };
        let Some(Meaning::Delivered { labels }) = attempt.meaning else { return follows };
        for (about, label) in labels {
            let labelled = Labelled { label: *label, at: now, by: attempt.endpoint.name.clone() };
            let mut record = AuditRecord::new(AuditKind::Labelled, &self.who, format!("`{}` for {about}", labelled.word()));
            record.endpoint = Some(attempt.endpoint.name.clone());
            follows.notes.push(Note::new(now, &record));
            follows.values.push(labelled.value(about));
        }
        if let Some(alert) = attempt.alert.filter(|alert| alert.event == Event::RevocationRequested) {
            self.confirm(alert, attempt, &mut follows);
        }
        follows
    }

    fn record(&self, attempt: &Attempt) -> AuditRecord {
        let (kind, what) = match attempt.settled.outcome {
            Outcome::Delivered => (AuditKind::Delivered, "delivered"),
            Outcome::Again { .. } => (AuditKind::Attempted, "not delivered, tried again later"),
            Outcome::Dead => (AuditKind::Attempted, "not delivered, given up"),
            Outcome::NeedsToken => (AuditKind::Attempted, "not sent"),
        };
        let event = attempt.alert.map_or("alert", |alert| alert.event.as_str());
        let why = Some(attempt.settled.answer.clone()).filter(|_| attempt.settled.outcome != Outcome::Delivered);
        AuditRecord { why, ..self.about(attempt, kind, format!("`{event}` {what}, attempt {}", attempt.claimed.attempts)) }
    }

    /// A record about an attempt.
    fn about(&self, attempt: &Attempt, kind: AuditKind, what: String) -> AuditRecord {
        let mut record = AuditRecord::new(kind, &self.who, what);
        if let Some(alert) = attempt.alert {
            record = record.about(alert);
        }
        AuditRecord { delivery: Some(attempt.claimed.id.clone()), endpoint: Some(attempt.endpoint.name.clone()), ..record }
    }

    /// Asks whether the token is dead, where the endpoint lets us ask.
    fn confirm(&self, alert: &Alert, attempt: &Attempt, follows: &mut Consequences) {
        let (Some(url), Some(token)) = (&attempt.endpoint.introspection, attempt.token) else { return };
        let mut answer = Ok(true);
        for wait in ASKED_AFTER {
            std::thread::sleep(wait);
            let letter = Letter { id: &attempt.claimed.id, alert, at: (self.clock)(), to: &attempt.endpoint.to };
            answer = is_active(attempt.endpoint, url, &letter, token);
            if !matches!(answer, Ok(true)) {
                break;
            }
        }
        let (now, is_unproven) = ((self.clock)(), self.unproven().remove(&attempt.claimed.id));
        let about = |kind, what: &str, why| AuditRecord { why, ..self.about(attempt, kind, what.to_owned()) };
        let record = match &answer {
            Ok(false) if is_unproven => {
                about(AuditKind::Attempted, "introspection calls the token dead, as it did before it was revoked: that proves nothing", None)
            }
            Ok(false) => about(AuditKind::Confirmed, "introspection says that the token is dead", None),
            Ok(true) => about(AuditKind::Attempted, "introspection says that the token is still alive", None),
            Err(error) => about(AuditKind::Attempted, "introspection failed", Some(error.to_string())),
        };
        follows.notes.push(Note::new(now, &record));
        if let (Ok(false), Some(name), false) = (answer, &alert.data.token.fp, is_unproven) {
            let reason = Some(format!("revoked by beartrap at {}, confirmed by introspection", attempt.endpoint.name));
            let (event, target) = (LifecycleKind::Revoked, Target::Key(name.clone()));
            follows.events.push(LifecycleEvent { event, target, at: now, reason, successor: None });
            let revoked = revoked(alert, now);
            let wanted = self.endpoints.iter().filter(|endpoint| endpoint.wants(&revoked));
            follows.alerts.extend(queued(&revoked, wanted, Begins::Due, now));
        }
    }
}

/// Whether a token is known to be a JSON web token, or may be one.
fn is_jwt(alert: &Alert) -> bool {
    let token = &alert.data.token;
    let is_named = |name: &TokenKey| matches!(name, TokenKey::Unsigned(_) | TokenKey::JwtId { .. });
    token.kid.is_some() || token.alt_keys.iter().chain(&token.fp).any(is_named)
}
