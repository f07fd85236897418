//! Whether a run is alive: it turns to its files again and again, or is reading one that is long.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::pipeline::progress::Progress;
use crate::pipeline::watch::meters::Meters;

/// Feels whether a run is alive.
pub struct Pulse {
    meters: Arc<Meters>,
    progress: Arc<Progress>,
    /// How many bytes were read when it was last asked, and since when it is so many.
    read: Mutex<(u64, Duration)>,
}

impl Pulse {
    /// Of a run that begins.
    #[must_use]
    pub fn new(meters: Arc<Meters>, progress: Arc<Progress>) -> Self {
        Self { meters, progress, read: Mutex::default() }
    }

    /// For how long the run has given no sign of life, by its clock.
    #[must_use]
    pub fn still(&self, clock: Duration) -> Duration {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = self.progress.bytes();
        if read.0 != bytes {
            *read = (bytes, clock);
        }
        let mut turned_at = Duration::ZERO;
        self.meters.update(|meters| turned_at = meters.turned_at);
        clock.saturating_sub(turned_at.max(read.1))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use crate::pipeline::progress::Progress;
    use crate::pipeline::watch::meters::Meters;
    use crate::pipeline::watch::pulse::Pulse;

    #[test]
    fn turns_and_bytes_are_signs_of_life() {
        let (meters, progress) = (Arc::<Meters>::default(), Arc::<Progress>::default());
        let pulse = Pulse::new(Arc::clone(&meters), Arc::clone(&progress));
        let at = Duration::from_secs;
        assert_eq!(pulse.still(at(10)), at(10));
        meters.update(|meters| meters.turned_at = at(11));
        assert_eq!(pulse.still(at(12)), at(1));
        progress.add_bytes(1);
        assert_eq!((pulse.still(at(20)), pulse.still(at(30))), (at(0), at(10)));
    }
}
