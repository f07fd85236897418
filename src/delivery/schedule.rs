//! When a delivery that failed is tried again, and when it is given up.

use std::time::Duration;

use jiff::SignedDuration;
use sha2::{Digest as _, Sha256};

use crate::model::instant::Instant;

/// How long after each failed attempt the next one is made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Schedule(pub Vec<Duration>);

/// The least share of a wait, in thousandths; the most is twice its distance from one above.
const LEAST: u64 = 900;

impl Default for Schedule {
    /// The one that Standard Webhooks 1.0.0 recommends: ten attempts in 75 hours.
    fn default() -> Self {
        let (minute, hour) = (60, 3600);
        let waits = [5, 5 * minute, 30 * minute, 2 * hour, 5 * hour, 10 * hour, 14 * hour, 20 * hour, 24 * hour];
        Self(waits.map(Duration::from_secs).into())
    }
}

impl Schedule {
    /// When the attempt after so many failed ones is made, not earlier than the receiver wants; none where it was the last. Times differ by a tenth
    /// from one delivery to the next, so that those which failed together do not come back together.
    #[must_use]
    pub fn next(&self, attempts: u32, id: &str, now: Instant, after: Option<Duration>) -> Option<Instant> {
        let wait = self.0.get(usize::try_from(attempts.max(1)).ok()? - 1)?;
        let digest = Sha256::digest(format!("{attempts} {id}").as_bytes());
        let number = u64::from(u16::from_le_bytes([digest[0], digest[1]]));
        let share = LEAST + number % (2 * (1000 - LEAST) + 1);
        let wait = Duration::from_millis(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).saturating_mul(share) / 1000);
        Some(later(now, wait.max(after.unwrap_or_default())))
    }
}

/// So much later; the end of time where that is beyond it.
#[must_use]
pub fn later(at: Instant, wait: Duration) -> Instant {
    let wait = SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX);
    Instant(at.0.checked_add(wait).unwrap_or(jiff::Timestamp::MAX))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::delivery::schedule::Schedule;
    use crate::model::instant::Instant;

    #[test]
    fn ten_attempts_are_made_in_three_days() {
        let now = Instant::from_number(1_772_445_600).expect("because it is a time");
        let schedule = Schedule::default();
        let wait = |attempts, id: &str, after| Some(schedule.next(attempts, id, now, after)?.0.duration_since(now.0).as_secs_f64());
        let mut sum = 0.0;
        for (attempts, seconds) in (1..).zip([5.0, 300.0, 1800.0, 7200.0, 18_000.0, 36_000.0, 50_400.0, 72_000.0, 86_400.0]) {
            let waits = ["a", "b", "c"].map(|id| wait(attempts, id, None).expect("because it is not the last"));
            assert!(waits.iter().all(|wait| (0.9..=1.1).contains(&(wait / seconds))), "{waits:?}");
            assert!((waits[0] - waits[1]).abs() > 0.0 || (waits[1] - waits[2]).abs() > 0.0);
            sum += seconds;
        }
        assert!(wait(10, "a", None).is_none() && (sum - 272_105.0_f64).abs() < 1e-6);
        // The receiver's wish counts where it is longer.
        assert!(wait(1, "a", Some(Duration::from_mins(1))).is_some_and(|wait| (wait - 60.0).abs() < 1e-6));
        assert!(wait(2, "a", Some(Duration::from_mins(1))) > Some(200.0));
    }
}
