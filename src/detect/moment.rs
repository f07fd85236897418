//! Uses in time: when each was, how far clocks may differ, and what comes together within a window.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use crate::detect::case::between;
use crate::detect::period::Period;
use crate::detect::used::{Source, Use, Used};
use crate::model::instant::Instant;
use crate::model::token_use::{Outcome, TimeQuality};

/// A use whose time is known.
#[derive(Clone, Copy, Debug)]
pub struct Moment<'a> {
    /// Its place in `Used::uses`.
    pub at: usize,
    /// The use.
    pub one: &'a Use,
    /// When.
    pub time: Instant,
}

impl Moment<'_> {
    /// How long after a time it was.
    #[must_use]
    pub fn after(&self, time: Instant) -> SignedDuration {
        between(time, self.time)
    }

    /// Whether the time is the called system's own, with a zone.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.one.what.record.time_quality == TimeQuality::Exact
    }

    /// What came of it.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.one.what.record.outcome
    }
}

impl<'a> Used<'a> {
    /// The uses whose time is known, the earliest first.
    pub fn moments(&self) -> impl Iterator<Item = Moment<'a>> + use<'a> {
        let timed = self.uses.iter().enumerate();
        timed.filter_map(|(at, one)| one.what.record.time.map(|time| Moment { at, one, time }))
    }

    /// Those that a record dates itself; the time of a file says nothing of what stands in it.
    pub fn dated(&self) -> impl Iterator<Item = Moment<'a>> + use<'a> {
        self.moments().filter(|moment| moment.one.what.record.time_quality <= TimeQuality::Log)
    }

    /// Those that came from a place which can be compared with others.
    pub fn placed(&self) -> impl Iterator<Item = Moment<'a>> + use<'a> {
        self.moments().filter(|moment| !matches!(moment.one.source, Source::Cloud | Source::Unknown))
    }

    /// How far the time of a use may be off: what is allowed to any clock, and what was learned of the log's.
    #[must_use]
    pub fn skew(&self, moment: &Moment) -> SignedDuration {
        let allowed = if moment.is_exact() { self.options.skew.0 } else { self.options.log_skew.0.max(self.options.skew.0) };
        allowed.saturating_add(self.off(moment))
    }

    /// By how much the clock of the log is off that dates a use.
    #[must_use]
    pub fn off(&self, moment: &Moment) -> SignedDuration {
        self.clocks.off(&moment.one.what.origin.uri)
    }
}

/// The first so many that lie within a window; `moments` are in the order of time.
#[must_use]
pub fn first_burst<'m, 'a>(moments: &'m [Moment<'a>], count: usize, window: Period) -> Option<&'m [Moment<'a>]> {
    moments.windows(count.max(1)).find(|burst| {
        let [first, .., last] = burst else { return true };
        last.after(first.time) <= window.0
    })
}

/// The first moments of a window that holds so many different things, one for each, the latest last.
#[must_use]
pub fn first_group<'a, K: Ord>(moments: &[(Moment<'a>, K)], count: usize, window: Period) -> Option<Vec<Moment<'a>>> {
    let mut latest: BTreeMap<&K, Moment<'a>> = BTreeMap::new();
    for (moment, thing) in moments {
        latest.insert(thing, *moment);
        latest.retain(|_, seen| moment.after(seen.time) <= window.0);
        if latest.len() >= count.max(2) {
            let mut group: Vec<Moment<'a>> = latest.into_values().collect();
            group.sort_by_key(|moment| moment.at);
            return Some(group);
        }
    }
    None
}

/// Places of moments, the last one, which decides, first.
#[must_use]
pub fn last_first(moments: &[Moment]) -> Vec<usize> {
    moments.iter().rev().map(|moment| moment.at).collect()
}
