//! What the clients of a row saw. Must not know how they asked.

use std::time::Duration;

/// What the clients saw.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClientView {
    /// Requests answered per second.
    pub requests_per_second: f64,
    /// Half of the answers took at most this long.
    pub p50: Duration,
    /// 99 of 100 answers took at most this long.
    pub p99: Duration,
}

impl ClientView {
    /// The view of answers that took this long each, all of them within `elapsed`.
    #[must_use]
    pub fn of(mut latencies: Vec<Duration>, elapsed: Duration) -> Self {
        latencies.sort_unstable();
        let answers = f64::from(u32::try_from(latencies.len()).unwrap_or(u32::MAX));
        Self {
            requests_per_second: answers / elapsed.as_secs_f64(),
            p50: percentile(&latencies, 50),
            p99: percentile(&latencies, 99),
        }
    }
}

fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    let at = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    sorted.get(at).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_of_few_and_many() {
        let millis: Vec<_> = (1..=200).map(Duration::from_millis).collect();
        assert_eq!(percentile(&millis, 50), Duration::from_millis(101));
        assert_eq!(percentile(&millis, 99), Duration::from_millis(199));
        assert_eq!(percentile(&millis[..1], 99), Duration::from_millis(1));
        assert_eq!(percentile(&[], 99), Duration::ZERO);
    }

    #[test]
    fn answers_are_counted_over_the_whole_time() {
        let view = ClientView::of(
            vec![Duration::from_millis(3), Duration::from_millis(1)],
            Duration::from_millis(500),
        );
        assert!((view.requests_per_second - 4.0).abs() < 1e-9);
        assert_eq!(view.p50, Duration::from_millis(3));
    }
}
