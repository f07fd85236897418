//! What `scan`, `replay` and `watch` share where alerts are wanted: who is told, tokens that are held meanwhile, and the way to endpoints.

use std::collections::HashSet;
use std::io::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant as Clock};

use serde_json::json;

use crate::cli::ledger::now;
use crate::cli::terminal::say;
use crate::cli::who::who;
use crate::config::alert_flags::AlertFlags;
use crate::config::endpoint::endpoints;
use crate::config::file::Settings;
use crate::delivery::courier::{Attempt, Bell, Consequences, Desk, Hear, Office, Until};
use crate::delivery::endpoint::{Endpoint, gone};
use crate::delivery::letter::Letter;
use crate::delivery::vault::{Vault, Wants};
use crate::ledger::ledger::Ledger;
use crate::model::alert::Alert;
use crate::model::audit::{AuditKind, AuditRecord};
use crate::model::fingerprint::Fingerprint;
use crate::model::instant::Instant;
use crate::model::keep::Keep;
use crate::model::secret::Secret;
use crate::outputs::escape::visible;
use crate::outputs::summary::counted;
use crate::pipeline::alerts::aftermath::Aftermath;
use crate::pipeline::alerts::posting::{Manner, Posted, Posting};
use crate::pipeline::alerts::revocation::Mode;
use crate::pipeline::progress::Progress;
use crate::store::audit::Note;
use crate::store::error::StoreError;
use crate::store::outbox::{Claimed, Outcome, Queue, State};
use crate::store::step::{NewValue, Seen, Step};
use crate::store::store::Store;

/// Under which name the hash of settings of alerts is kept.
const SETTINGS: &str = "alerts/settings";
/// How long a run waits for endpoints of which none takes what is due, when it has nothing else to do.
const PATIENCE: Duration = Duration::from_secs(30);

/// A variable of the environment.
#[must_use]
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Who is told in this run, by `part` of the program; nobody where no endpoint is named. Settings other than the last run's are noted in the audit log.
///
/// # Errors
///
/// An endpoint that cannot be used, or a state that fails.
pub fn posting(flags: &AlertFlags, settings: &Settings, ledger: &Ledger, part: Option<&str>) -> anyhow::Result<Option<Posting>> {
    if flags.alert.is_empty() {
        return Ok(None);
    }
    let mut named = flags.alert.clone();
    if settings.revocation.mode != Mode::Off {
        named.extend(settings.revocation.endpoints.iter().cloned());
    }
    let endpoints = endpoints(&named, &settings.endpoint, &variable)?;
    note_settings(settings, ledger, part)?;
    let manner = if flags.dry_run { Manner::Show } else { Manner::Send };
    Ok(Some(Posting::new(endpoints, settings.revocation.clone(), (manner, who(part)))))
}

/// Takes down in the audit log that settings of alerts are other ones than those of the last run.
fn note_settings(settings: &Settings, ledger: &Ledger, part: Option<&str>) -> Result<(), StoreError> {
    let text = format!("{:?} {:?}", settings.endpoint, settings.revocation);
    let value = NewValue { name: SETTINGS.to_owned(), bytes: Some(Fingerprint::of(text.as_bytes()).digest().to_vec()) };
    if ledger.store().value(SETTINGS)? == value.bytes {
        return Ok(());
    }
    let record = AuditRecord::new(AuditKind::Configured, &who(part), "alerts are sent with other settings than before");
    ledger.store().commit(&Step { values: &[value], notes: &[Note::new(now(), &record)], ..Step::default() }).map(drop)
}

/// A place for the tokens that endpoints need, where any does.
#[must_use]
pub fn vault(posting: Option<&Posting>, ledger: &Arc<Ledger>) -> Arc<Vault> {
    let needing = posting.iter().flat_map(|posting| posting.endpoints.iter().map(|endpoint| (*posting, endpoint)));
    let needing: Vec<_> = needing.filter(|(_, endpoint)| endpoint.payload.needs_token()).collect();
    let revokes_only = needing.iter().all(|(posting, endpoint)| posting.revocation.endpoints.contains(&endpoint.name));
    let wants = match (needing.is_empty(), revokes_only) {
        (true, _) => Wants::Nothing,
        (false, true) => Wants::Issued(Arc::clone(ledger) as Arc<_>),
        (false, false) => Wants::Everything,
    };
    Arc::new(Vault::new(wants, now))
}

/// Who holds tokens for a scan, where somebody does.
#[must_use]
pub fn keep(vault: &Arc<Vault>) -> Option<Arc<dyn Keep>> {
    vault.wants_any().then(|| Arc::clone(vault) as Arc<dyn Keep>)
}

/// Commits places and alerts together.
///
/// # Errors
///
/// [`StoreError`]; then nothing was written.
pub fn commit(ledger: &Ledger, seen: &[Seen], posted: &Posted) -> Result<(), StoreError> {
    if seen.is_empty() && posted.is_empty() {
        return Ok(());
    }
    let step = Step { seen, alerts: &posted.alerts, values: &posted.values, notes: &posted.notes, ..Step::default() };
    ledger.store().commit(&step).map(drop)
}

/// Shows what would have been sent, one JSON object a line, on standard error; a payload that holds the token is not shown.
pub fn show(posting: &mut Posting) {
    let at = now();
    for (endpoint, alert) in posting.take_shown() {
        let id = endpoint.delivery_id(&alert);
        say(format_args!("{}", would_send(endpoint, &alert, &id, at)));
    }
}

fn would_send(endpoint: &Endpoint, alert: &Alert, id: &str, at: Instant) -> serde_json::Value {
    let letter = Letter { id, alert, at, to: &endpoint.to };
    let message = endpoint.payload.write(&letter, None).ok();
    let body = message.as_ref().map(|message| String::from_utf8_lossy(&message.body).into_owned());
    json!({
        "type": "would_send", "endpoint": endpoint.name, "to": endpoint.place(), "format": endpoint.payload.name, "id": id,
        "event": alert.event, "body": body, "withheld": if body.is_none() { Some("the body would hold the token") } else { None },
    })
}

/// The ledger's store lends itself.
pub struct LedgerDesk<'a>(pub &'a Ledger);

impl Desk for LedgerDesk<'_> {
    fn store(&self) -> MutexGuard<'_, Box<dyn Store>> {
        self.0.store()
    }
}

/// Counts what came of attempts, and says what failed.
pub struct Tally {
    aftermath: Aftermath,
    counts: Mutex<Counts>,
}

struct Counts {
    delivered: u64,
    dead: u64,
    /// Ids of what is tried again later.
    waiting: HashSet<String>,
    /// When something arrived last.
    arrived: Clock,
    /// How many were left behind when patience ended.
    left: u64,
}

impl Tally {
    /// Nothing yet, of what a part of the program delivers to these.
    #[must_use]
    pub fn new(endpoints: &Arc<[Endpoint]>, part: Option<&str>) -> Self {
        let aftermath = Aftermath::new(who(part), Arc::clone(endpoints), now);
        Self { aftermath, counts: Mutex::new(Counts { delivered: 0, dead: 0, waiting: HashSet::new(), arrived: Clock::now(), left: 0 }) }
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many arrived, wait, and never will arrive.
    #[must_use]
    pub fn counts(&self) -> [u64; 3] {
        let counts = self.lock();
        [counts.delivered, counts.left.max(counts.waiting.len() as u64), counts.dead]
    }
}

impl Hear for Tally {
    fn beginning(&self, endpoint: &Endpoint, claimed: &Claimed, alert: &Alert, token: &Secret) {
        self.aftermath.before(endpoint, claimed, alert, token);
    }

    fn attempted(&self, attempt: &Attempt) -> Consequences {
        let what = self.lock().count(attempt);
        if let Some(what) = what {
            let (name, id) = (&attempt.endpoint.name, &attempt.claimed.id);
            say(format_args!("endpoint `{name}`: {what}: {} ({id})", visible(&attempt.settled.answer)));
        }
        self.aftermath.of(attempt)
    }

    fn failed(&self, error: &StoreError) {
        say(format_args!("outbox: {error}"));
    }
}

impl Counts {
    /// Counts what came of an attempt; where it did not arrive, in words.
    fn count(&mut self, attempt: &Attempt) -> Option<&'static str> {
        let id = &attempt.claimed.id;
        if let Outcome::Again { .. } = attempt.settled.outcome {
            self.waiting.insert(id.clone());
            return Some("not delivered, tried again later");
        }
        self.waiting.remove(id);
        if attempt.settled.outcome == Outcome::Delivered {
            (self.delivered, self.arrived) = (self.delivered + 1, Clock::now());
            return None;
        }
        self.dead += 1;
        Some(if attempt.settled.outcome == Outcome::Dead { "not delivered" } else { "not sent" })
    }
}

/// Delivers what is due and waits for it, but not for ever; what came of it.
///
/// # Errors
///
/// An endpoint to which there is no way.
pub fn deliver(endpoints: &Arc<[Endpoint]>, ledger: &Ledger, vault: &Vault, progress: &Progress) -> anyhow::Result<Tally> {
    let (bell, tally) = (Bell::default(), Tally::new(endpoints, None));
    let is_stopped = || progress.is_cancelled() || tally.lock().arrived.elapsed() > PATIENCE;
    let office = Office { desk: &LedgerDesk(ledger), vault, clock: &now, is_stopped: &is_stopped, hear: &tally, bell: &bell };
    office.run(endpoints, Until::Empty).map_err(|(name, error)| anyhow::anyhow!("endpoint `{name}`: {error}"))?;
    let gone = say_gone(endpoints, ledger)?;
    if is_stopped() || !gone.is_empty() {
        let is_ours = |name: &str| if is_stopped() { endpoints.iter().any(|endpoint| endpoint.name == name) } else { gone.contains(&name) };
        let is_left = |queue: &Queue| queue.state == State::Waiting && is_ours(&queue.endpoint);
        tally.lock().left = ledger.store().queues()?.iter().filter(|queue| is_left(queue)).map(|queue| queue.count).sum();
    }
    Ok(tally)
}

/// Says which of these endpoints said that they are gone for good; their names.
fn say_gone<'e>(endpoints: &'e [Endpoint], ledger: &Ledger) -> Result<Vec<&'e str>, StoreError> {
    let mut names = Vec::new();
    for Endpoint { name, .. } in endpoints {
        if ledger.store().value(&gone(name))?.is_some() {
            say(format_args!(
                "endpoint `{name}` said that it is gone (410): nothing is sent there\nhint: `beartrap outbox retry all` has it tried again"
            ));
            names.push(name.as_str());
        }
    }
    Ok(names)
}

/// Delivers at the end of a run, and says what became of it; whether everything arrived.
///
/// # Errors
///
/// An endpoint to which there is no way.
pub fn finish(posting: &mut Posting, (ledger, is_kept): (&Ledger, bool), vault: &Vault, quiet: bool) -> anyhow::Result<bool> {
    show(posting);
    let tally = deliver(&posting.endpoints, ledger, vault, &Progress::default())?;
    let [delivered, waiting, dead] = tally.counts();
    if !quiet && delivered + waiting + dead > 0 {
        let of = |count, what: &str| if count > 0 { format!(", {count} {what}") } else { String::new() };
        let later = if is_kept { "wait in the outbox" } else { "did not arrive" };
        say(format_args!("{} delivered{}{}", counted(delivered, "alert"), of(waiting, later), of(dead, "not delivered")));
    }
    if waiting > 0 {
        let how = if is_kept { "`beartrap outbox run` tries again" } else { "with `--state DIR` they wait there and are tried again" };
        say(format_args!("hint: {how}"));
    }
    std::io::stderr().flush()?;
    Ok(waiting + dead == 0)
}
