//! How long things took, counted in buckets as monitoring systems do.

/// Upper ends of the buckets, in seconds; what took longer is in one more.
pub const BUCKETS: [f64; 15] = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0];

/// How often something took how long.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Histogram {
    counts: [u64; BUCKETS.len() + 1],
    sum: f64,
}

impl Histogram {
    /// Counts one thing that took so many seconds.
    pub fn observe(&mut self, seconds: f64) {
        self.counts[BUCKETS.partition_point(|end| *end < seconds)] += 1;
        self.sum += seconds;
    }

    /// All seconds.
    #[must_use]
    pub fn sum(&self) -> f64 {
        self.sum
    }

    /// How many things were counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// The buckets by their upper ends, each with what lies in it and in no lower one.
    pub fn buckets(&self) -> impl Iterator<Item = (f64, u64)> {
        BUCKETS.into_iter().chain([f64::INFINITY]).zip(self.counts)
    }

    /// The upper end of the bucket up to which such a share of all things lies; none where there are none, or they took longer than all buckets.
    #[must_use]
    pub fn within(&self, share: f64) -> Option<f64> {
        let wanted = (self.count() as f64 * share).max(1.0);
        let mut seen = 0;
        BUCKETS.into_iter().zip(self.counts).find_map(|(end, count)| {
            seen += count;
            (seen as f64 >= wanted).then_some(end)
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::pipeline::watch::histogram::Histogram;

    #[test]
    fn each_time_has_one_bucket() {
        let mut histogram = Histogram::default();
        assert_eq!(histogram.within(0.5), None);
        for seconds in [0.0, 0.001, 0.0011, 59.0, 1e6] {
            histogram.observe(seconds);
        }
        let filled: Vec<_> = histogram.buckets().filter(|(_, count)| *count > 0).collect();
        assert_eq!(filled, [(0.001, 2), (0.002, 1), (60.0, 1), (f64::INFINITY, 1)]);
        assert_eq!((histogram.count(), histogram.within(0.5), histogram.within(0.8), histogram.within(1.0)), (5, Some(0.002), Some(60.0), None));
    }
}
