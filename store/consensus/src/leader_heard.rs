//! When this member last heard a leader. Raft itself goes by leases and names the last leader until the next is
//! elected; whoever waits for a leader wants to know whether there is one.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The last sign of life.
pub struct LeaderHeard {
    began: Instant,
    leader: AtomicU64,
    /// Milliseconds after `began`.
    at_ms: AtomicU64,
}

impl Default for LeaderHeard {
    fn default() -> LeaderHeard {
        LeaderHeard { began: Instant::now(), leader: AtomicU64::new(0), at_ms: AtomicU64::new(0) }
    }
}

impl LeaderHeard {
    /// `leader` sent entries or a heartbeat just now.
    pub fn from(&self, leader: u64) {
        self.at_ms.store(self.now_ms(), Ordering::Relaxed);
        self.leader.store(leader, Ordering::Relaxed);
    }

    /// Whether `leader` was heard within `patience`, as the last one that was heard at all.
    pub fn is_recent(&self, leader: u64, patience: Duration) -> bool {
        let silence_ms = self.now_ms().saturating_sub(self.at_ms.load(Ordering::Relaxed));
        self.leader.load(Ordering::Relaxed) == leader && Duration::from_millis(silence_ms) <= patience
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_sign_of_life_counts() {
        let heard = LeaderHeard::default();
        assert!(!heard.is_recent(1, Duration::MAX));
        heard.from(1);
        assert!(heard.is_recent(1, Duration::from_secs(60)));
        assert!(!heard.is_recent(2, Duration::from_secs(60)));
        std::thread::sleep(Duration::from_millis(3));
        assert!(!heard.is_recent(1, Duration::from_millis(1)));
    }
}
