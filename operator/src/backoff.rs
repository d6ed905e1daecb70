//! How long to wait after the n-th failure in a row. Reads a random number, and nothing else.

use std::time::Duration;

use crate::limits::{FAILURE_WAIT_MAX, FAILURE_WAIT_MIN};

/// Failures in a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backoff {
    failures: u32,
}

impl Backoff {
    /// Counts a failure and says how long to wait: twice as long each time, up to a limit, and up to a quarter more or
    /// less, so that clusters that failed together do not come back together.
    pub fn failed(&mut self) -> Duration {
        let doubled = FAILURE_WAIT_MIN.saturating_mul(1 << self.failures.min(16));
        self.failures = self.failures.saturating_add(1);
        spread(doubled.min(FAILURE_WAIT_MAX))
    }
}

/// The time, up to a quarter longer or shorter.
#[must_use]
pub fn spread(time: Duration) -> Duration {
    time.mul_f64(0.75 + 0.5 * chance())
}

/// A number from 0 to 1; 0.5 where the system has no randomness to give, since waiting is all it is for.
fn chance() -> f64 {
    use ring::rand::{SecureRandom, SystemRandom};
    let mut bytes = [0_u8; 4];
    match SystemRandom::new().fill(&mut bytes) {
        Ok(()) => f64::from(u32::from_be_bytes(bytes)) / f64::from(u32::MAX),
        Err(_) => 0.5,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_limit() {
        let mut backoff = Backoff::default();
        let waits: Vec<Duration> = (0..20).map(|_| backoff.failed()).collect();
        assert!(waits[0] >= FAILURE_WAIT_MIN.mul_f64(0.7) && waits[0] <= FAILURE_WAIT_MIN.mul_f64(1.3));
        assert!(waits[3] > waits[0].mul_f64(3.0), "{waits:?}");
        assert!(waits[19] <= FAILURE_WAIT_MAX.mul_f64(1.3) && waits[19] >= FAILURE_WAIT_MAX.mul_f64(0.7));
    }
}
