//! How fast files are read where somebody sets a limit: bytes are saved up with time, one second's worth at most, and spent by reading.

use std::time::Duration;

/// A limit of bytes a second, or none.
#[derive(Clone, Debug)]
pub struct Pace {
    /// Bytes a second.
    rate: Option<f64>,
    /// Bytes that may be read; below zero where the last read took more.
    saved: f64,
    /// When it was last looked at, by the clock of the run.
    at: Duration,
}

impl Pace {
    /// At most so many bytes a second, from this time on.
    #[must_use]
    pub fn new(rate: Option<u64>, at: Duration) -> Self {
        let rate = rate.map(|rate| rate.max(1) as f64);
        Self { rate, saved: rate.unwrap_or_default(), at }
    }

    /// How long nothing is read yet.
    pub fn pause(&mut self, now: Duration) -> Duration {
        let Some(rate) = self.rate else { return Duration::ZERO };
        let since = now.saturating_sub(self.at).as_secs_f64();
        self.saved = (self.saved + since * rate).min(rate);
        self.at = now;
        if self.saved >= 1.0 { Duration::ZERO } else { Duration::from_secs_f64(((1.0 - self.saved) / rate).max(1e-3)) }
    }

    /// How many bytes may be read at once.
    #[must_use]
    #[expect(clippy::cast_sign_loss, reason = "it is never below zero")]
    pub fn most(&self) -> u64 {
        self.rate.map_or(u64::MAX, |_| self.saved.max(0.0) as u64)
    }

    /// So many bytes were read.
    pub fn spend(&mut self, bytes: u64) {
        self.saved -= if self.rate.is_some() { bytes as f64 } else { 0.0 };
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::pipeline::watch::pace::Pace;

    #[test]
    fn what_was_read_too_fast_is_waited_for() {
        let at = Duration::from_secs;
        let mut pace = Pace::new(Some(1000), at(0));
        assert_eq!((pace.pause(at(0)), pace.most()), (Duration::ZERO, 1000));
        pace.spend(4000);
        assert_eq!(pace.pause(at(0)), Duration::from_secs_f64(3.001));
        assert!(!pace.pause(at(3)).is_zero());
        assert_eq!((pace.pause(at(4)), pace.most()), (Duration::ZERO, 1000));
        // Nothing is saved for later than the next second.
        assert_eq!((pace.pause(at(100)), pace.most()), (Duration::ZERO, 1000));
        let mut free = Pace::new(None, at(0));
        free.spend(1 << 40);
        assert_eq!((free.pause(at(0)), free.most()), (Duration::ZERO, u64::MAX));
    }
}
