//! Keeps a member from voting whose log came back shorter than what it had committed or applied: entries that it once
//! acknowledged may be missing, and its vote could elect a leader without them. Ends once a leader has brought it up
//! to what the leader had committed.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::types::{LogId, Vote};

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

    /// A leader's append was taken, durably, and this log agrees with the leader's up to `matched`. The hold ends once
    /// that covers what the leader has committed, in a term of its own: only then does the leader know of everything
    /// that was ever committed. Returns whether the hold ended by it.
    pub fn appended(&self, leader: &Vote, committed: Option<LogId>, matched: Option<LogId>) -> bool {
        let is_complete = committed.is_some_and(|committed| {
            committed.leader_id.term == leader.leader_id.term
                && matched.is_some_and(|matched| matched.index >= committed.index)
        });
        is_complete && self.is_held.swap(false, Ordering::AcqRel)
    }
}

#[cfg(test)]
mod tests {
    use super::VoteHold;
    use crate::types::{Vote, log_id};

    #[test]
    fn only_a_leader_that_committed_in_its_own_term_ends_a_hold() {
        let hold = VoteHold::new(true);
        let leader = Vote::new_committed(5, 2);
        assert!(!hold.appended(&leader, None, Some(log_id(5, 9))));
        assert!(
            !hold.appended(&leader, Some(log_id(4, 7)), Some(log_id(5, 9))),
            "committed in an older term"
        );
        assert!(!hold.appended(&leader, Some(log_id(5, 9)), Some(log_id(5, 8))), "not caught up");
        assert!(hold.is_held());
        assert!(hold.appended(&leader, Some(log_id(5, 9)), Some(log_id(5, 9))));
        assert!(!hold.is_held());
        assert!(!hold.appended(&leader, Some(log_id(5, 9)), Some(log_id(5, 9))), "it ends once");
    }

    #[test]
    fn a_complete_log_is_not_held() {
        assert!(!VoteHold::new(false).is_held());
    }
}
