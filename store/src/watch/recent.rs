//! The newest revisions, kept so that a watcher that comes, or comes back, need not read history for what has just
//! happened. Bounded in number and bytes.

use std::collections::VecDeque;

use holdfast_core::ids::Revision;

use super::revision::SharedRevision;
use crate::limits::{WATCH_RECENT_BYTES_MAX, WATCH_RECENT_REVISIONS_MAX};

/// Revisions without a hole, the last of them the newest of the store.
#[derive(Debug, Default)]
pub(super) struct Recent {
    revisions: VecDeque<SharedRevision>,
    size_bytes: usize,
}

impl Recent {
    /// Adds the revision behind the last.
    pub fn push(&mut self, revision: SharedRevision) {
        self.size_bytes += revision.size_bytes();
        self.revisions.push_back(revision);
        while self.revisions.len() > WATCH_RECENT_REVISIONS_MAX
            || (self.size_bytes > WATCH_RECENT_BYTES_MAX && self.revisions.len() > 1)
        {
            if let Some(oldest) = self.revisions.pop_front() {
                self.size_bytes -= oldest.size_bytes();
            }
        }
    }

    /// The revisions from `from` up to the store's, `newest`; `None` when some of them are not here.
    pub fn since(&self, from: Revision, newest: Revision) -> Option<Vec<SharedRevision>> {
        if from > newest {
            return Some(Vec::new());
        }
        let first = self.revisions.front()?.number();
        let skipped = usize::try_from(from.0.checked_sub(first.0)?).ok()?;
        Some(self.revisions.iter().skip(skipped).cloned().collect())
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.revisions.clear();
        self.size_bytes = 0;
    }
}

#[cfg(test)]
mod tests {
    use holdfast_core::response::RevisionEvents;

    use super::*;

    fn revision(number: i64) -> SharedRevision {
        SharedRevision::new(RevisionEvents { revision: Revision(number), events: Vec::new() })
    }

    fn numbers(found: Option<Vec<SharedRevision>>) -> Option<Vec<i64>> {
        found.map(|found| found.iter().map(|revision| revision.number().0).collect())
    }

    #[test]
    fn gives_all_or_nothing() {
        let mut recent = Recent::default();
        assert_eq!(numbers(recent.since(Revision(5), Revision(4))), Some(vec![]));
        assert_eq!(numbers(recent.since(Revision(4), Revision(4))), None);
        for number in 5..=7 {
            recent.push(revision(number));
        }
        assert_eq!(numbers(recent.since(Revision(4), Revision(7))), None);
        assert_eq!(numbers(recent.since(Revision(5), Revision(7))), Some(vec![5, 6, 7]));
        assert_eq!(numbers(recent.since(Revision(7), Revision(7))), Some(vec![7]));
        assert_eq!(numbers(recent.since(Revision(9), Revision(7))), Some(vec![]));
    }

    #[test]
    fn forgets_the_oldest_first() {
        let mut recent = Recent::default();
        let last = i64::try_from(WATCH_RECENT_REVISIONS_MAX).unwrap() + 10;
        for number in 1..=last {
            recent.push(revision(number));
        }
        assert_eq!(numbers(recent.since(Revision(10), Revision(last))), None);
        assert!(recent.since(Revision(11), Revision(last)).is_some());
    }
}
