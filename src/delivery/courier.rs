//! Takes deliveries out of the outbox and brings them to their endpoints, each endpoint on its own, so that none delays another.
//!
//! **Invariant:** what was not settled is given out again: an alert is delivered at least once, and every attempt has the same id.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant as Clock};

use crate::delivery::breaker::{Breaker, Passage};
use crate::delivery::endpoint::{Endpoint, gone};
use crate::delivery::letter::{Answer, Letter, LetterError, Meaning};
use crate::delivery::post::{Post, PostError};
use crate::delivery::schedule::later;
use crate::delivery::vault::Vault;
use crate::model::alert::Alert;
use crate::model::instant::Instant;
use crate::model::lifecycle::LifecycleEvent;
use crate::model::secret::Secret;
use crate::store::audit::Note;
use crate::store::error::StoreError;
use crate::store::outbox::{Claimed, Counts, NewAlert, Outcome, Settled};
use crate::store::step::{NewValue, Step};
use crate::store::store::Store;

/// The most deliveries that are taken out at once.
const MOST: usize = 256;
/// A delivery that takes no longer lets more be taken out at once.
const QUICK: Duration = Duration::from_millis(50);
/// How often the outbox is looked at for what other programs queue, and for what is due.
const LOOK: Duration = Duration::from_millis(500);
/// How long after its time an attempt counts as lost.
const GRACE: Duration = Duration::from_secs(10);

/// Who lends the store.
pub trait Desk: Sync {
    /// The store, until it is given back.
    fn store(&self) -> MutexGuard<'_, Box<dyn Store>>;
}

impl Desk for Mutex<Box<dyn Store>> {
    fn store(&self) -> MutexGuard<'_, Box<dyn Store>> {
        self.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Who hears what came of attempts.
pub trait Hear: Sync {
    /// An attempt is about to be made, of something about a token that is in memory.
    fn beginning(&self, endpoint: &Endpoint, claimed: &Claimed, alert: &Alert, token: &Secret);

    /// An attempt was made, or could not be; what follows from it.
    fn attempted(&self, attempt: &Attempt) -> Consequences;

    /// The outbox failed; it is tried again.
    fn failed(&self, error: &StoreError);
}

/// What follows from an attempt, and is committed behind it.
#[derive(Default, Debug)]
pub struct Consequences {
    /// What the audit log says of it, together with what came of the attempt.
    pub notes: Vec<Note>,
    /// Facts about tokens.
    pub events: Vec<LifecycleEvent>,
    /// Values.
    pub values: Vec<NewValue>,
    /// Who is told of it.
    pub alerts: Vec<NewAlert>,
}

impl Consequences {
    fn add(&mut self, other: Self) {
        self.notes.extend(other.notes);
        self.events.extend(other.events);
        self.values.extend(other.values);
        self.alerts.extend(other.alerts);
    }

    fn commit(&mut self, store: &mut dyn Store) -> Result<(), StoreError> {
        if !(self.events.is_empty() && self.values.is_empty() && self.alerts.is_empty()) {
            store.commit(&Step { events: &self.events, values: &self.values, alerts: &self.alerts, ..Step::default() })?;
        }
        *self = Self::default();
        Ok(())
    }
}

/// What came of an attempt.
pub struct Attempt<'a> {
    /// The endpoint.
    pub endpoint: &'a Endpoint,
    /// What was delivered.
    pub claimed: &'a Claimed,
    /// The same, read; none where it cannot be.
    pub alert: Option<&'a Alert>,
    /// What it came to.
    pub settled: &'a Settled,
    /// What the answer meant, where there was one.
    pub meaning: Option<&'a Meaning>,
    /// The token, where it is in memory.
    pub token: Option<&'a Secret>,
    /// How long it took.
    pub took: Duration,
}

/// When couriers stop.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Until {
    /// When nothing is due any more.
    Empty,
    /// When somebody says so.
    Stopped,
}

/// What couriers cannot do without.
pub struct Office<'a> {
    /// The outbox.
    pub desk: &'a dyn Desk,
    /// Tokens that are in memory.
    pub vault: &'a Vault,
    /// The time.
    pub clock: &'a (dyn Fn() -> Instant + Sync),
    /// Whether somebody says stop.
    pub is_stopped: &'a (dyn Fn() -> bool + Sync),
    /// Who hears of attempts.
    pub hear: &'a dyn Hear,
    /// Rung when something was queued.
    pub bell: &'a Bell,
}

/// Wakes couriers.
#[derive(Default)]
pub struct Bell {
    rung: Mutex<u64>,
    rings: Condvar,
}

impl Bell {
    /// Something was queued.
    pub fn ring(&self) {
        *self.rung.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.rings.notify_all();
    }

    /// How often it rang.
    fn count(&self) -> u64 {
        *self.rung.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until it has rung since, but not longer than this.
    fn wait(&self, since: u64, longest: Duration) {
        let rung = self.rung.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.rings.wait_timeout_while(rung, longest, |rung| *rung == since).unwrap_or_else(PoisonError::into_inner));
    }
}

impl Office<'_> {
    /// Delivers to all endpoints until there is no more to do.
    ///
    /// # Errors
    ///
    /// An endpoint to which there is no way; nothing was delivered then.
    pub fn run(&self, endpoints: &[Endpoint], until: Until) -> Result<(), (String, PostError)> {
        let route = |endpoint: &Endpoint| Post::new(&endpoint.to.url, &endpoint.network).map_err(|error| (endpoint.name.clone(), error));
        let posts = endpoints.iter().map(route).collect::<Result<Vec<_>, _>>()?;
        let rounds: Vec<Round> = endpoints.iter().zip(posts).map(|(endpoint, post)| Round::new(endpoint, post)).collect();
        std::thread::scope(|scope| {
            for round in &rounds {
                for _ in 0..round.endpoint.concurrency.max(1) {
                    scope.spawn(|| round.walk(self, until));
                }
            }
        });
        Ok(())
    }
}

/// One endpoint's deliveries.
struct Round<'a> {
    endpoint: &'a Endpoint,
    post: Post,
    line: Mutex<Line>,
}

/// What was taken out and not put back.
struct Line {
    ready: VecDeque<Claimed>,
    settled: Vec<Settled>,
    follows: Consequences,
    breaker: Breaker,
    /// How many are on their way.
    away: usize,
    /// How many are taken out next time.
    many: usize,
    /// Whether the endpoint said that it is gone; none where nobody looked yet.
    is_gone: Option<bool>,
}

/// What a courier does next.
enum Next {
    Go(Claimed),
    Wait(Duration),
    End,
}

impl<'a> Round<'a> {
    fn new(endpoint: &'a Endpoint, post: Post) -> Self {
        let (ready, settled, follows, breaker) = (VecDeque::new(), Vec::new(), Consequences::default(), Breaker::default());
        let line = Line { ready, settled, follows, breaker, away: 0, many: endpoint.concurrency.max(1), is_gone: None };
        Self { endpoint, post, line: Mutex::new(line) }
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn walk(&self, office: &Office, until: Until) {
        loop {
            let rung = office.bell.count();
            match self.next(office, until) {
                Next::Go(claimed) => self.deliver(&claimed, office),
                Next::Wait(longest) => office.bell.wait(rung, longest),
                Next::End => return,
            }
        }
    }

    fn next(&self, office: &Office, until: Until) -> Next {
        let mut line = self.line();
        let is_stopped = (office.is_stopped)();
        if is_stopped {
            let now = (office.clock)();
            let back = std::mem::take(&mut line.ready);
            line.settled.extend(back.into_iter().map(|claimed| put_back(claimed.id, now)));
        }
        if line.ready.is_empty() {
            match self.exchange(&mut line, office, is_stopped) {
                Ok(due) if line.ready.is_empty() => return line.rest(due, is_stopped, until, (office.clock)()),
                Ok(_) => {}
                Err(error) => {
                    office.hear.failed(&error);
                    return if is_stopped || until == Until::Empty { Next::End } else { Next::Wait(LOOK * 4) };
                }
            }
        }
        let Some(claimed) = line.ready.pop_front() else { return Next::Wait(LOOK) };
        line.away += 1;
        Next::Go(claimed)
    }

    /// Brings back what was settled, and takes out what is due; when the next one is.
    fn exchange(&self, line: &mut Line, office: &Office, is_stopped: bool) -> Result<Option<Instant>, StoreError> {
        let now = (office.clock)();
        let mut store = office.desk.store();
        if !line.settled.is_empty() {
            store.settle(&line.settled, &line.follows.notes, now)?;
            line.settled.clear();
            line.follows.notes.clear();
            let is_news = !line.follows.alerts.is_empty();
            line.follows.commit(&mut **store)?;
            if is_news {
                office.bell.ring();
            }
        }
        if line.is_gone != Some(false) {
            // Somebody may want it to be tried again.
            line.is_gone = Some(store.value(&gone(&self.endpoint.name))?.is_some());
        }
        if line.is_gone == Some(true) {
            return Ok(None);
        }
        let many = match line.breaker.passage(now) {
            _ if is_stopped => 0,
            Passage::All => line.many,
            Passage::One => usize::from(line.away == 0),
            Passage::None(until) => return Ok(store.next_due(&self.endpoint.name)?.map(|due| due.max(until))),
        };
        if many > 0 {
            let turns = u32::try_from(many.div_ceil(self.endpoint.concurrency.max(1))).unwrap_or(u32::MAX);
            // Those that wait here for their turn go back when one before them is slow.
            let lost = later(now, QUICK.saturating_mul(turns) + self.endpoint.network.timeout + GRACE);
            line.ready.extend(store.claim(&self.endpoint.name, now, lost, u32::try_from(many).unwrap_or(u32::MAX))?);
        }
        if line.ready.is_empty() { store.next_due(&self.endpoint.name) } else { Ok(None) }
    }

    fn deliver(&self, claimed: &Claimed, office: &Office) {
        let (clock, now) = (Clock::now(), (office.clock)());
        let alert = serde_json::from_str::<Alert>(&claimed.json).ok();
        let token = alert.as_ref().and_then(|alert| office.vault.get(alert.data.token.fp.as_ref()?));
        if let (Some(alert), Some(token)) = (&alert, &token) {
            office.hear.beginning(self.endpoint, claimed, alert, token);
        }
        let (meaning, unsent) = match alert.as_ref().map(|alert| self.attempt(claimed, alert, token.as_deref(), now)) {
            Some(Ok(meaning)) => (Some(meaning), None),
            Some(Err(error)) => (None, Some(error)),
            None => (Some(Meaning::Refused { reason: "the alert cannot be read by this version".to_owned() }), None),
        };
        let took = clock.elapsed();
        let settled = match (&meaning, unsent) {
            (Some(meaning), _) => self.settled(claimed, meaning, (office.clock)()),
            (_, Some(LetterError::NeedsToken)) => {
                Settled { id: claimed.id.clone(), outcome: Outcome::NeedsToken, answer: LetterError::NeedsToken.to_string() }
            }
            (_, error) => {
                let answer = error.map(|error| error.to_string()).unwrap_or_default();
                Settled { id: claimed.id.clone(), outcome: Outcome::Dead, answer }
            }
        };
        let (alert, token) = (alert.as_ref(), token.as_deref());
        let attempt = Attempt { endpoint: self.endpoint, claimed, alert, settled: &settled, meaning: meaning.as_ref(), token, took };
        let follows = office.hear.attempted(&attempt);
        let mut line = self.line();
        line.follows.add(follows);
        if meaning == Some(Meaning::Gone) {
            let bytes = Some((office.clock)().to_string().into_bytes());
            line.follows.values.push(NewValue { name: gone(&self.endpoint.name), bytes });
            line.is_gone = Some(true);
        }
        line.came_back(settled, meaning.as_ref(), took, (office.clock)());
    }

    fn attempt(&self, claimed: &Claimed, alert: &Alert, token: Option<&Secret>, now: Instant) -> Result<Meaning, LetterError> {
        let letter = Letter { id: &claimed.id, alert, at: now, to: &self.endpoint.to };
        let message = self.endpoint.payload.write(&letter, token)?;
        Ok(match self.post.send(&message) {
            Ok(reply) => (self.endpoint.payload.read)(&Answer { status: reply.status, body: &reply.body, retry_after: reply.retry_after }),
            Err(reason) => Meaning::Again { reason, after: None },
        })
    }

    fn settled(&self, claimed: &Claimed, meaning: &Meaning, now: Instant) -> Settled {
        let (outcome, answer) = match meaning {
            Meaning::Delivered { .. } => (Outcome::Delivered, "delivered".to_owned()),
            Meaning::Refused { reason } => (Outcome::Dead, reason.clone()),
            Meaning::Gone => (Outcome::Dead, "the endpoint is gone (410)".to_owned()),
            Meaning::Again { reason, after } => match self.endpoint.schedule.next(claimed.attempts, &claimed.id, now, *after) {
                Some(due) => (Outcome::Again { due, counts: Counts::Yes }, reason.clone()),
                None => (Outcome::Dead, format!("given up after {} attempts: {reason}", claimed.attempts)),
            },
        };
        Settled { id: claimed.id.clone(), outcome, answer }
    }
}

impl Line {
    /// What to do when nothing is ready.
    fn rest(&self, due: Option<Instant>, is_stopped: bool, until: Until, now: Instant) -> Next {
        // Whoever is away settles what he brings back.
        if is_stopped && self.away == 0 {
            return Next::End;
        }
        if self.away > 0 {
            return Next::Wait(Duration::from_millis(5));
        }
        let wait = due.map(|due| due.0.duration_since(now.0).unsigned_abs()).filter(|_| due > Some(now));
        match until {
            Until::Empty if due.is_none_or(|due| due > now) => Next::End,
            Until::Empty => Next::Wait(Duration::from_millis(5)),
            Until::Stopped => Next::Wait(wait.unwrap_or(LOOK).min(LOOK)),
        }
    }

    fn came_back(&mut self, settled: Settled, meaning: Option<&Meaning>, took: Duration, now: Instant) {
        self.away -= 1;
        match meaning {
            Some(Meaning::Again { after, .. }) => self.breaker.fail(now, *after),
            Some(Meaning::Delivered { .. } | Meaning::Refused { .. }) => self.breaker.succeed(),
            Some(Meaning::Gone) | None => {}
        }
        let is_quick = self.breaker.passage(now) == Passage::All && took <= QUICK && self.is_gone != Some(true);
        self.many = if is_quick { (self.many * 2).min(MOST) } else { 1.max(self.many / 2) };
        if !is_quick {
            let back = std::mem::take(&mut self.ready);
            self.settled.extend(back.into_iter().map(|claimed| put_back(claimed.id, now)));
        }
        self.settled.push(settled);
    }
}

/// A delivery that was taken out and not tried.
fn put_back(id: String, now: Instant) -> Settled {
    Settled { id, outcome: Outcome::Again { due: now, counts: Counts::No }, answer: "not tried yet".to_owned() }
}
