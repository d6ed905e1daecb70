//! What a member counts while it works, for metrics alone: nothing may decide by these numbers.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use parking_lot::Mutex;

use crate::histogram::DurationHistogram;

/// Counts of one member since its start.
#[derive(Debug)]
pub struct Counters {
    /// How long synced writes of the log took.
    pub log_syncs: DurationHistogram,
    /// How long batches took to be written to the state.
    pub state_writes: DurationHistogram,
    /// Proposals of this member that ended without an outcome.
    pub failed_proposals: AtomicU64,
    peers: Mutex<BTreeMap<u64, Arc<PeerCounters>>>,
}

/// Counts of what goes between this member and another one.
#[derive(Debug)]
pub struct PeerCounters {
    /// Bytes of messages that the other one took.
    pub sent_bytes: AtomicU64,
    /// Bytes of messages that the other one sent.
    pub received_bytes: AtomicU64,
    /// Messages that the other one did not take.
    pub send_failures: AtomicU64,
    /// How long heartbeats took until they were answered.
    pub round_trips: DurationHistogram,
}

/// etcd's bounds for fsyncs and commits.
impl Default for Counters {
    fn default() -> Counters {
        Counters {
            log_syncs: DurationHistogram::doubling(Duration::from_millis(1), 14),
            state_writes: DurationHistogram::doubling(Duration::from_millis(1), 14),
            failed_proposals: AtomicU64::new(0),
            peers: Mutex::default(),
        }
    }
}

/// etcd's bounds for round trips.
impl Default for PeerCounters {
    fn default() -> PeerCounters {
        PeerCounters {
            sent_bytes: AtomicU64::new(0),
            received_bytes: AtomicU64::new(0),
            send_failures: AtomicU64::new(0),
            round_trips: DurationHistogram::doubling(Duration::from_micros(100), 16),
        }
    }
}

impl Counters {
    /// The counts for one other member.
    pub fn peer(&self, member: u64) -> Arc<PeerCounters> {
        Arc::clone(self.peers.lock().entry(member).or_default())
    }
}
