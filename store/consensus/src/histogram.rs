//! Durations counted in buckets with fixed bounds, as Prometheus wants them. Plain atomics: recording costs a few
//! nanoseconds and never waits.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Counts durations.
#[derive(Debug)]
pub struct DurationHistogram {
    /// Upper bounds, ascending.
    bounds: Box<[Duration]>,
    /// Durations within each bound and above the one before it, and at the end those above all.
    buckets: Box<[AtomicU64]>,
    sum_nanos: AtomicU64,
}

/// What a histogram held at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DurationCounts {
    /// For each bound, how many durations were not above it.
    pub buckets: Vec<(Duration, u64)>,
    /// All durations.
    pub count: u64,
    /// Their sum.
    pub sum: Duration,
}

impl DurationHistogram {
    /// Counts within these bounds, which must ascend.
    pub fn new(bounds: impl IntoIterator<Item = Duration>) -> DurationHistogram {
        let bounds: Box<[Duration]> = bounds.into_iter().collect();
        assert!(bounds.is_sorted(), "bounds of a histogram ascend");
        let buckets = (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect();
        DurationHistogram { bounds, buckets, sum_nanos: AtomicU64::new(0) }
    }

    /// Counts within `count` bounds, the first one given and each twice the one before.
    pub fn doubling(first: Duration, count: u32) -> DurationHistogram {
        DurationHistogram::new((0..count).map(|power| first * 2_u32.pow(power)))
    }

    /// Counts a duration.
    pub fn record(&self, duration: Duration) {
        let bucket = self.bounds.partition_point(|bound| *bound < duration);
        self.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        self.sum_nanos.fetch_add(nanos, Ordering::Relaxed);
    }

    /// What it holds. While others record, the sum may be of a moment later than the counts.
    pub fn read(&self) -> DurationCounts {
        let mut count = 0;
        let mut cumulative = self.buckets.iter().map(|bucket| {
            count += bucket.load(Ordering::Relaxed);
            count
        });
        let buckets = self.bounds.iter().copied().zip(&mut cumulative).collect();
        // The bucket above all bounds is left.
        cumulative.for_each(drop);
        DurationCounts { buckets, count, sum: Duration::from_nanos(self.sum_nanos.load(Ordering::Relaxed)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_count_in_every_bucket_that_they_fit_in() {
        let milliseconds = Duration::from_millis;
        let histogram = DurationHistogram::doubling(milliseconds(1), 3);
        for duration in [milliseconds(0), milliseconds(1), milliseconds(2), milliseconds(3), milliseconds(5)]
        {
            histogram.record(duration);
        }
        let expected = DurationCounts {
            buckets: vec![(milliseconds(1), 2), (milliseconds(2), 3), (milliseconds(4), 4)],
            count: 5,
            sum: milliseconds(11),
        };
        assert_eq!(histogram.read(), expected);
    }
}
