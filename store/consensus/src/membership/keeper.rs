//! What a leader does about the membership by itself: ends a change that was left half done, and makes voters of those
//! that were to become voters and have caught up. Must not begin anything that nobody asked for.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::decide::promote_joining;
use crate::limits::{MEMBERSHIP_LOOK_PAUSE_MIN, MEMBERSHIP_LOOKS_PER_ELECTION};
use crate::member::Member;

/// Looks after the membership for as long as the member lives.
pub async fn run(member: Arc<Member>) {
    let pause = (member.election_timeout / MEMBERSHIP_LOOKS_PER_ELECTION).max(MEMBERSHIP_LOOK_PAUSE_MIN);
    let mut look = tokio::time::interval(pause);
    loop {
        look.tick().await;
        if member.is_leader() && !member.is_stopping.load(Ordering::Acquire) {
            member.keep_membership().await;
        }
    }
}

impl Member {
    async fn keep_membership(&self) {
        // A change under way comes first, and finishes what it finds itself.
        let Ok(_one_at_a_time) = Arc::clone(&self.changes).try_lock_owned() else { return };
        let Ok(effective) = self.effective_membership().await else { return };
        if !effective.is_committed {
            return;
        }
        if effective.is_joint() {
            return self.finish_joint(&effective).await;
        }
        if effective.stored.nodes().all(|(_, node)| !node.is_joining) {
            return;
        }
        if let Some(step) = promote_joining(&self.roster(&effective)) {
            self.promote(&effective, &step).await;
        }
    }
}
