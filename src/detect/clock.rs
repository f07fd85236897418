//! How far the clocks of logs are off, learned from requests that stand in two of them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher as _};

use jiff::SignedDuration;

use crate::detect::case::between;
use crate::model::instant::Instant;
use crate::model::token_use::TimeQuality;

/// From how many requests on two clocks are compared.
const LEAST: usize = 3;
/// In more logs than this stands no request, but a name that comes again and again.
const MOST_LOGS: usize = 8;
/// Clocks that differ by less agree: a request takes its time from one server to the next.
const NEAR: SignedDuration = SignedDuration::from_secs(2);
/// Clocks do not differ by more: such requests were logged late, or their names came again.
const FAR: SignedDuration = SignedDuration::from_mins(15);

/// A request's times: how sure each is, and when it was, by the log's number.
pub type Times = BTreeMap<u64, (TimeQuality, Instant)>;

/// By how much the clocks of some logs are off, by the log's number.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Clocks(HashMap<u64, SignedDuration>);

/// The number that stands for the name of a log or request, the same in every run.
#[must_use]
pub fn number(name: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    hasher.finish()
}

impl Clocks {
    /// Learns from requests. Where two clocks differ, the less trusted one is off: that of log lines, or that which fewer others agree with; where
    /// nobody can tell, both may be.
    #[must_use]
    pub fn learn<'r>(requests: impl IntoIterator<Item = &'r Times>) -> Self {
        let mut differences: BTreeMap<(u64, u64), Vec<SignedDuration>> = BTreeMap::new();
        let mut qualities: BTreeMap<u64, TimeQuality> = BTreeMap::new();
        for times in requests.into_iter().filter(|times| (2..=MOST_LOGS).contains(&times.len())) {
            for (at, (log, (quality, time))) in times.iter().enumerate() {
                qualities.entry(*log).and_modify(|worst| *worst = (*worst).max(*quality)).or_insert(*quality);
                for (other, (_, then)) in times.iter().skip(at + 1) {
                    differences.entry((*log, *other)).or_default().push(between(*time, *then));
                }
            }
        }
        let typical: Vec<((u64, u64), SignedDuration)> = differences.into_iter().filter_map(|(logs, own)| Some((logs, typical(own)?))).collect();
        let mut company: BTreeMap<u64, usize> = BTreeMap::new();
        for ((one, other), _) in typical.iter().filter(|(_, by)| by.abs() < NEAR) {
            *company.entry(*one).or_default() += 1;
            *company.entry(*other).or_default() += 1;
        }
        let trust = |log: &u64| (Reverse(qualities[log]), company.get(log).copied().unwrap_or_default());
        let mut off: HashMap<u64, SignedDuration> = HashMap::new();
        for ((one, other), by) in typical.iter().filter(|(_, by)| (NEAR..=FAR).contains(&by.abs())) {
            for (own, _) in [(one, other), (other, one)].into_iter().filter(|(own, its)| trust(own) <= trust(its)) {
                off.entry(*own).and_modify(|most| *most = (*most).max(by.abs())).or_insert(by.abs());
            }
        }
        Self(off)
    }

    /// By how much the clock of this log is off; zero where nothing was learned.
    #[must_use]
    pub fn off(&self, uri: &str) -> SignedDuration {
        if self.0.is_empty() { SignedDuration::ZERO } else { self.0.get(&number(uri)).copied().unwrap_or_default() }
    }
}

/// The median of enough differences that are alike: they lie closer together than they are far from zero, but for one in eight at either end.
fn typical(mut differences: Vec<SignedDuration>) -> Option<SignedDuration> {
    differences.sort_unstable();
    let count = differences.len();
    if count < LEAST {
        return None;
    }
    // Of two in the middle the mean, so that it does not matter which log comes first.
    let median = (differences[(count - 1) / 2] + differences[count / 2]) / 2;
    let (first, last) = (differences[count / 8], differences[count - 1 - count / 8]);
    (median.abs() < NEAR || median.abs() > last - first).then_some(median)
}

#[cfg(test)]
mod tests {
    use crate::detect::clock::{Clocks, Times, number};
    use crate::model::instant::Instant;
    use crate::model::token_use::TimeQuality;
    use crate::model::token_use::TimeQuality::{Exact, Log};

    /// Requests that stand in logs, each with its time in seconds.
    fn requests(logs: &[(&str, TimeQuality, &[i64])]) -> Vec<Times> {
        let count = logs.iter().map(|(.., times)| times.len()).max().unwrap_or_default();
        let time = |second: i64| Instant::from_number(1_772_445_600 + second).expect("because it is a time");
        let times = |at: usize| logs.iter().filter_map(move |(log, quality, times)| Some((number(log), (*quality, time(*times.get(at)?)))));
        (0..count).map(|at| times(at).collect()).collect()
    }

    #[test]
    fn the_clock_that_is_off_is_told() {
        let on: &[i64] = &[0, 100, 200, 300];
        let check = |logs: &[(&str, TimeQuality, &[i64])], expected: &[i64]| {
            let clocks = Clocks::learn(&requests(logs));
            let told: Vec<i64> = logs.iter().map(|(log, ..)| clocks.off(log).as_secs()).collect();
            assert_eq!(told, expected, "{logs:?}");
        };
        check(&[("a", Exact, on), ("b", Exact, on), ("c", Exact, &[180, 281, 379, 480])], &[0, 0, 180]);
        check(&[("a", Exact, on), ("b", Log, &[-180, -79, 22, 120])], &[0, 179]);
        // Nobody can tell which of two is off.
        check(&[("a", Exact, on), ("b", Exact, &[180, 280, 380, 480])], &[180, 180]);
        // Too few, too near, too far, too different.
        check(&[("a", Exact, on), ("b", Log, &[180, 280])], &[0, 0]);
        check(&[("a", Exact, on), ("b", Log, &[1, 101, 201, 301])], &[0, 0]);
        check(&[("a", Exact, on), ("b", Log, &[3600, 3700, 3800, 3900])], &[0, 0]);
        check(&[("a", Exact, on), ("b", Log, &[180, 280, 380, 700])], &[0, 0]);
        // One in eight may be another request.
        let eight: Vec<i64> = (0..8).map(|at| at * 100).collect();
        let off: Vec<i64> = eight.iter().map(|at| if *at == 300 { 9000 } else { at + 180 }).collect();
        check(&[("a", Exact, &eight), ("b", Log, &off)], &[0, 180]);
    }
}
