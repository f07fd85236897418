//! When logs say that requests were, as far as clocks can be compared by it: a sample of bounded size.
//!
//! **Invariant:** the sample depends on the set of records, not on their order: it holds the requests with the least numbers, of which there are
//! more than half of what may be kept, or all.

use std::collections::BTreeMap;

use crate::detect::clock::{Clocks, Times, number};
use crate::model::fast_map::FastMap;
use crate::model::instant::Instant;
use crate::model::token_use::{Record, TimeQuality};
use crate::store::error::StoreError;
use crate::store::step::NewValue;
use crate::store::store::Store;

/// The name under which they are kept.
const NAME: &str = "watch/requests";
/// The form in which they are.
const VERSION: u8 = 1;
/// How many times are kept, of all requests together.
const MOST: usize = 1 << 14;

/// Requests by their numbers, and when each log says that they were: of several times the surest, then the earliest.
#[derive(Debug)]
pub struct Requests {
    times: FastMap<(u64, u64), (TimeQuality, Instant)>,
    /// The greatest number that is kept.
    greatest: u64,
    /// What was learned last.
    learned: Option<Clocks>,
    /// How many times have come since.
    news: usize,
}

/// What is learned anew when one in so many times is new: between two steps of a run that follows logs hardly any is.
const ENOUGH: usize = 16;

impl Default for Requests {
    fn default() -> Self {
        Self { times: FastMap::default(), greatest: u64::MAX, learned: None, news: 0 }
    }
}

impl Requests {
    /// Hears of a record in the log with this number.
    pub fn hear(&mut self, log: u64, record: &Record) {
        let Some(time) = record.time.filter(|_| record.time_quality <= TimeQuality::Log) else { return };
        let span = record.trace_id.as_ref().zip(record.span_id.as_ref()).map(number);
        let request = record.request_id.as_ref().map(number);
        for name in span.into_iter().chain(request) {
            self.note((name, log), (record.time_quality, time));
        }
    }

    /// Takes over what another has heard.
    pub fn add(&mut self, other: Self) {
        self.keep_to(other.greatest);
        for (place, said) in other.times {
            self.note(place, said);
        }
    }

    /// As they are kept.
    #[must_use]
    pub fn to_value(&self) -> NewValue {
        let bytes = borsh::to_vec(&(VERSION, &self.times, self.greatest)).expect("because it is written to memory");
        NewValue { name: NAME.to_owned(), bytes: Some(bytes) }
    }

    /// What was kept; nothing where another version wrote it.
    ///
    /// # Errors
    ///
    /// [`StoreError`]
    pub fn read(store: &dyn Store) -> Result<Self, StoreError> {
        let kept = store.value(NAME)?.and_then(|bytes| borsh::from_slice(&bytes).ok());
        let kept = kept.filter(|(version, ..): &(u8, _, _)| *version == VERSION);
        Ok(kept.map(|(_, times, greatest)| Self { times, greatest, ..Self::default() }).unwrap_or_default())
    }

    /// By how much clocks are off.
    #[must_use]
    pub fn clocks(&mut self) -> Clocks {
        if let Some(learned) = self.learned.as_ref().filter(|_| self.news * ENOUGH <= self.times.len()) {
            return learned.clone();
        }
        let mut requests: BTreeMap<u64, Times> = BTreeMap::new();
        for ((request, log), said) in &self.times {
            requests.entry(*request).or_default().insert(*log, *said);
        }
        let clocks = Clocks::learn(requests.values());
        (self.learned, self.news) = (Some(clocks.clone()), 0);
        clocks
    }

    fn note(&mut self, place: (u64, u64), said: (TimeQuality, Instant)) {
        if place.0 > self.greatest {
            return;
        }
        self.news += 1;
        self.times.entry(place).and_modify(|known| *known = said.min(*known)).or_insert(said);
        while self.times.len() > MOST {
            self.keep_to(self.greatest / 2);
        }
    }

    fn keep_to(&mut self, greatest: u64) {
        if greatest < self.greatest {
            self.greatest = greatest;
            self.times.retain(|(request, _), _| *request <= greatest);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::model::instant::Instant;
    use crate::model::token_use::{Record, TimeQuality};
    use crate::pipeline::replay::requests::{MOST, Requests};

    #[test]
    fn the_sample_is_bounded_and_does_not_depend_on_order() {
        let records: Vec<(u64, Record)> = (0..60_000_i64)
            .map(|at| {
                let time = Instant::from_number(1_772_445_600 + at);
                let record = Record { request_id: Some((at / 3).to_string().into()), time, time_quality: TimeQuality::Exact, ..Record::default() };
                (u64::from(at % 2 == 0), record)
            })
            .collect();
        let heard = |records: &mut dyn Iterator<Item = &(u64, Record)>| {
            let mut requests = Requests::default();
            records.for_each(|(log, record)| requests.hear(*log, record));
            requests
        };
        let forwards = heard(&mut records.iter());
        let backwards = heard(&mut records.iter().rev().chain(&records));
        let mut parts = heard(&mut records[..20_000].iter());
        parts.add(heard(&mut records[10_000..].iter()));
        for other in [backwards, parts] {
            assert_eq!((&other.times, other.greatest), (&forwards.times, forwards.greatest));
        }
        assert!((MOST / 3..=MOST).contains(&forwards.times.len()), "{}", forwards.times.len());
    }
}
