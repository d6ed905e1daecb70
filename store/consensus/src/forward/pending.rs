//! Commands that this member forwarded and that it recognises when it applies them itself: the answer never crosses the
//! wire, and the caller sees its own write at once.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

use holdfast_core::response::Applied;
use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::types::Origin;

/// Who waits for which of this member's own marks.
pub struct PendingForwards {
    member: u64,
    next_sequence: AtomicU64,
    waiting: Mutex<HashMap<u64, oneshot::Sender<Applied>>>,
}

impl PendingForwards {
    /// Nothing was forwarded yet. Numbers begin at random: an entry that an earlier process forwarded may still be
    /// applied after a restart and must not be taken for a new one.
    pub fn new(member: u64) -> PendingForwards {
        let beginning = RandomState::new().hash_one(member);
        PendingForwards {
            member,
            next_sequence: AtomicU64::new(beginning),
            waiting: Mutex::new(HashMap::new()),
        }
    }

    /// Registers a command about to be forwarded.
    pub fn register(&self) -> (u64, oneshot::Receiver<Applied>) {
        let sequence = self.next_sequence.fetch_add(1, Ordering::Relaxed);
        let (sender, receiver) = oneshot::channel();
        self.waiting.lock().insert(sequence, sender);
        (sequence, receiver)
    }

    /// Gives up on a command.
    pub fn forget(&self, sequence: u64) {
        self.waiting.lock().remove(&sequence);
    }

    /// Whether this member forwarded the entry.
    pub fn is_own(&self, origin: Origin) -> bool {
        origin.member == self.member
    }

    /// An entry that this member forwarded was applied here.
    pub fn complete(&self, origin: Origin, applied: Applied) {
        if let Some(sender) = self.waiting.lock().remove(&origin.sequence) {
            // The caller may have timed out.
            let _ = sender.send(applied);
        }
    }
}
