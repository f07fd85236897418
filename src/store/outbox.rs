//! Alerts on their way: each delivery of one alert to one endpoint, until it has arrived, is dead, or was dropped.
//!
//! **Invariant:** an alert and its deliveries are committed with what they tell of; an id that is known adds nothing. Of the deliveries of one token
//! to one endpoint, only the oldest that has not ended is given out.

use serde::Serialize;

use crate::model::alert::Event;
use crate::model::instant::Instant;
use crate::store::audit::Note;
use crate::store::error::StoreError;

/// An alert to be told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewAlert {
    /// What it is known by.
    pub id: String,
    /// What it says happened.
    pub event: Event,
    /// The alert as one line of JSON.
    pub json: String,
    /// The number that stands for its token; 0 for none, whose alerts have no order.
    pub token: u64,
    /// When it was made.
    pub at: Instant,
    /// To whom it goes.
    pub deliveries: Vec<NewDelivery>,
}

/// A delivery that begins.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewDelivery {
    /// The id that every attempt has.
    pub id: String,
    /// The endpoint's name.
    pub endpoint: String,
    /// How it begins.
    pub begins: Begins,
}

/// How a delivery begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Begins {
    /// It is due at once. One that waited for its token has it now.
    Due,
    /// A person must release it.
    Held,
}

/// How it stands with a delivery.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It is given out when it is due.
    Waiting,
    /// An older delivery of its token to its endpoint comes first.
    Behind,
    /// It has arrived.
    Delivered,
    /// It was refused, or tried for the last time.
    Dead,
    /// Somebody gave it up.
    Dropped,
    /// It can be sent only when a run meets the token again.
    NeedsToken,
    /// A person must release it.
    Held,
}

impl State {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 7] = [Self::Waiting, Self::Behind, Self::Delivered, Self::Dead, Self::Dropped, Self::NeedsToken, Self::Held];

    /// As it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Behind => "behind",
            Self::Delivered => "delivered",
            Self::Dead => "dead",
            Self::Dropped => "dropped",
            Self::NeedsToken => "needs_token",
            Self::Held => "held",
        }
    }

    /// Its number in stores.
    #[must_use]
    pub fn number(self) -> i16 {
        match self {
            Self::Waiting => 0,
            Self::Behind => 1,
            Self::Delivered => 2,
            Self::Dead => 3,
            Self::Dropped => 4,
            Self::NeedsToken => 5,
            Self::Held => 6,
        }
    }

    /// The state with this number; what a newer program wrote counts as held.
    #[must_use]
    pub fn of_number(number: i16) -> Self {
        Self::ALL.into_iter().find(|state| state.number() == number).unwrap_or(Self::Held)
    }
}

/// A delivery as it is kept.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Delivery {
    /// Its number: grows with each one.
    #[serde(skip)]
    pub number: i64,
    /// The id that every attempt has.
    pub id: String,
    /// The alert's id.
    pub alert: String,
    /// The endpoint's name.
    pub endpoint: String,
    /// How it stands.
    pub state: State,
    /// When it was queued.
    pub queued: Instant,
    /// When it is tried next, where it waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due: Option<Instant>,
    /// How often it was given out.
    pub attempts: u32,
    /// When that was the last time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tried: Option<Instant>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<Instant>,
    /// What the last attempt came to, or why it was dropped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
}

/// A delivery that was given out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Claimed {
    /// The id that every attempt has.
    pub id: String,
    /// The alert's id.
    pub alert: String,
    /// The alert as one line of JSON.
    pub json: String,
    /// When it was queued.
    pub queued: Instant,
    /// How often it was given out, this time included.
    pub attempts: u32,
}

/// What came of a delivery that was given out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Settled {
    /// Its id.
    pub id: String,
    /// What came of it.
    pub outcome: Outcome,
    /// The same in words, without a byte of what was sent.
    pub answer: String,
}

/// What came of a delivery.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// It has arrived.
    Delivered,
    /// It is tried again.
    Again {
        /// When.
        due: Instant,
        /// Whether the attempt counts: one that was not made does not.
        counts: Counts,
    },
    /// It ends without having arrived.
    Dead,
    /// It can be sent only when a run meets the token again.
    NeedsToken,
}

/// Whether an attempt counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Counts {
    /// It was made.
    Yes,
    /// It was not.
    No,
}

/// Which deliveries are meant.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Which {
    /// One, by its id.
    pub id: Option<String>,
    /// Those in one of these states; in any where there is none.
    pub states: Vec<State>,
    /// Those to an endpoint.
    pub endpoint: Option<String>,
    /// Those of an alert.
    pub alert: Option<String>,
}

/// How it stands with an endpoint's deliveries.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Queue {
    /// The endpoint's name.
    pub endpoint: String,
    /// How they stand.
    pub state: State,
    /// How many stand so.
    pub count: u64,
}

/// The part of a store that holds alerts on their way.
pub trait Outbox {
    /// Gives out deliveries to an endpoint that are due, the longest due first; who does not settle them by `until` leaves them to others.
    ///
    /// # Errors
    ///
    /// [`StoreError`]; then none was given out.
    fn claim(&mut self, endpoint: &str, now: Instant, until: Instant, limit: u32) -> Result<Vec<Claimed>, StoreError>;

    /// Takes down what came of deliveries, with what the audit log says of it, and lets those go on that stood behind them. One that has ended meanwhile stays as it is.
    ///
    /// # Errors
    ///
    /// [`StoreError`]; then nothing was written.
    fn settle(&mut self, settled: &[Settled], notes: &[Note], now: Instant) -> Result<(), StoreError>;

    /// When the next delivery to an endpoint is due; none where none waits.
    ///
    /// # Errors
    ///
    /// [`StoreError`]
    fn next_due(&self, endpoint: &str) -> Result<Option<Instant>, StoreError>;

    /// How many deliveries there are, by endpoint and state.
    ///
    /// # Errors
    ///
    /// [`StoreError`]
    fn queues(&self) -> Result<Vec<Queue>, StoreError>;

    /// Deliveries behind a number, in the order of their numbers, at most `limit`.
    ///
    /// # Errors
    ///
    /// [`StoreError`]
    fn deliveries(&self, which: &Which, behind: i64, limit: u32) -> Result<Vec<Delivery>, StoreError>;

    /// An alert's JSON.
    ///
    /// # Errors
    ///
    /// [`StoreError`]
    fn alert(&self, id: &str) -> Result<Option<String>, StoreError>;

    /// All alerts that say this happened, oldest first: id, when it was made, JSON. `tell` must not ask the store.
    ///
    /// # Errors
    ///
    /// [`StoreError`]; some may have been told by then.
    fn alerts(&self, event: Event, tell: &mut dyn FnMut(&str, Instant, &str)) -> Result<(), StoreError>;

    /// Lets deliveries that have not arrived be tried again at once, as if for the first time; how many.
    ///
    /// # Errors
    ///
    /// [`StoreError`]; then nothing was changed.
    fn retry(&mut self, which: &Which, now: Instant) -> Result<u64, StoreError>;

    /// Gives deliveries up that have not arrived, for a reason; how many.
    ///
    /// # Errors
    ///
    /// [`StoreError`]; then nothing was changed.
    fn drop_deliveries(&mut self, which: &Which, why: &str, now: Instant) -> Result<u64, StoreError>;

    /// Removes alerts that were made before a time and have no delivery that may still go out; how many.
    ///
    /// # Errors
    ///
    /// [`StoreError`]; then nothing was removed.
    fn forget_alerts(&mut self, before: Instant) -> Result<u64, StoreError>;

    /// Spares this connection the wait for the disk: what it writes may be lost with the power, which for a delivery means that it comes twice.
    ///
    /// # Errors
    ///
    /// [`StoreError`]
    fn relax(&mut self) -> Result<(), StoreError>;
}

/// Milliseconds since 1970-01-01T00:00:00Z, as stores keep times of deliveries.
#[must_use]
pub fn millis(at: Instant) -> i64 {
    at.0.as_millisecond()
}

/// The time of so many milliseconds; one that is out of all bounds is the beginning of time.
#[must_use]
pub fn of_millis(millis: i64) -> Instant {
    Instant(jiff::Timestamp::from_millisecond(millis).unwrap_or_default())
}
