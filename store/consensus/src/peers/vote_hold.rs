//! Keeps a member from voting whose log came back shorter than what it had committed or applied: entries that it once
//! acknowledged may be missing, and its vote could elect a leader without them. Ends once a leader has brought it up
//! to what the leader had committed.

use std::sync::atomic::{AtomicBool, Ordering};

/// Whether votes are withheld.
#[derive(Debug)]
pub struct VoteHold {
    is_held: AtomicBool,
}

impl VoteHold {
    /// Withholds votes when `is_held`.
    pub fn new(is_held: bool) -> VoteHold {
        if is_held {
            tracing::warn!(
                "the log is shorter than what was committed: no vote until a leader has caught it up"
            );
        }
        VoteHold { is_held: AtomicBool::new(is_held) }
    }

    /// Whether votes are withheld now.
    pub fn is_held(&self) -> bool {
        self.is_held.load(Ordering::Acquire)
    }

    /// A leader's append was taken; `last_index` is where the log stands now and `leader_committed` what the leader
    /// had committed, both counted from 1. Returns whether the hold ended by it.
    pub fn appended(&self, last_index: u64, leader_committed: u64) -> bool {
        leader_committed > 0 && last_index >= leader_committed && self.is_held.swap(false, Ordering::AcqRel)
    }
}
