//! Whether an endpoint is asked at all: one that failed again and again is left alone for a while, however much waits for it.

use std::time::Duration;

use crate::delivery::schedule::later;
use crate::model::instant::Instant;

/// So many failures one after the other open it.
const FAILURES: u32 = 5;
/// How long it stays open the first time; each time twice as long.
const FIRST: Duration = Duration::from_secs(5);
/// At most.
const LONGEST: Duration = Duration::from_mins(2);

/// What is known of an endpoint.
#[derive(Clone, Debug, Default)]
pub struct Breaker {
    failures: u32,
    /// Nothing is sent before this time.
    shut_until: Option<Instant>,
}

/// What may be sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Passage {
    /// As much as there is.
    All,
    /// One, to see whether it is taken.
    One,
    /// Nothing before this time.
    None(Instant),
}

impl Breaker {
    /// What may be sent now.
    #[must_use]
    pub fn passage(&self, now: Instant) -> Passage {
        match self.shut_until {
            Some(until) if until > now => Passage::None(until),
            _ if self.failures >= FAILURES => Passage::One,
            _ => Passage::All,
        }
    }

    /// Something was taken.
    pub fn succeed(&mut self) {
        *self = Self::default();
    }

    /// Something was not; the receiver may want to be left alone for a time.
    pub fn fail(&mut self, now: Instant, wish: Option<Duration>) {
        self.failures = self.failures.saturating_add(1);
        let times = self.failures.checked_sub(FAILURES);
        let pause = times.map(|times| FIRST.saturating_mul(1 << times.min(10)).min(LONGEST));
        if let Some(pause) = pause.max(wish) {
            self.shut_until = self.shut_until.max(Some(later(now, pause)));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::delivery::breaker::{Breaker, Passage};
    use crate::delivery::schedule::later;
    use crate::model::instant::Instant;

    #[test]
    fn who_fails_again_and_again_is_left_alone() {
        let start = Instant::from_number(1_772_445_600).expect("because it is a time");
        let at = |seconds| later(start, Duration::from_secs(seconds));
        let mut breaker = Breaker::default();
        for _ in 0..4 {
            breaker.fail(at(0), None);
            assert_eq!(breaker.passage(at(0)), Passage::All);
        }
        for (now, until) in [(0, 5), (5, 15), (15, 35), (35, 75), (75, 155), (155, 275), (275, 395)] {
            breaker.fail(at(now), None);
            assert_eq!((breaker.passage(at(now)), breaker.passage(at(until))), (Passage::None(at(until)), Passage::One));
        }
        breaker.succeed();
        assert_eq!(breaker.passage(at(0)), Passage::All);
        breaker.fail(at(0), Some(Duration::from_mins(1)));
        assert_eq!((breaker.passage(at(59)), breaker.passage(at(60))), (Passage::None(at(60)), Passage::All));
    }
}
