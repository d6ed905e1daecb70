//! The accumulators of recent revisions, so that members can compare a revision of the near past without a scan.
//! Clones share their parts. Must not be trusted to reach back: after a start it holds one pair.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::ids::Revision;
use crate::limits::{HASH_HISTORY_LEN, HASH_HISTORY_PART_LEN};

type Pair = (Revision, u128);

/// Pairs of revision and accumulator, ascending.
#[derive(Debug, Clone, Default)]
pub struct HashHistory {
    full_parts: Arc<VecDeque<Arc<[Pair]>>>,
    last_part: Arc<Vec<Pair>>,
}

impl HashHistory {
    /// Adds a revision above all others; the oldest are forgotten.
    pub fn push(&mut self, revision: Revision, accumulator: u128) {
        let last_part = Arc::make_mut(&mut self.last_part);
        last_part.push((revision, accumulator));
        if last_part.len() == HASH_HISTORY_PART_LEN {
            let full = Arc::from(last_part.as_slice());
            last_part.clear();
            let full_parts = Arc::make_mut(&mut self.full_parts);
            full_parts.push_back(full);
            if full_parts.len() > HASH_HISTORY_LEN / HASH_HISTORY_PART_LEN {
                full_parts.pop_front();
            }
        }
    }

    /// The accumulator at `revision`, if it is remembered.
    pub fn get(&self, revision: Revision) -> Option<u128> {
        let behind = self.full_parts.partition_point(|part| part[0].0 <= revision);
        let in_full = behind.checked_sub(1).and_then(|at| find(&self.full_parts[at], revision));
        in_full.or_else(|| find(&self.last_part, revision))
    }
}

fn find(part: &[Pair], revision: Revision) -> Option<u128> {
    part.binary_search_by_key(&revision, |(revision, _)| *revision).ok().map(|at| part[at].1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_least_the_promised_number_is_remembered_and_older_ones_are_forgotten() {
        let mut history = HashHistory::default();
        let newest = 3 * i64::try_from(HASH_HISTORY_LEN).unwrap();
        for revision in 1..=newest {
            history.push(Revision(revision), u128::from(revision.cast_unsigned()) << 70);
        }
        let oldest_promised = newest - i64::try_from(HASH_HISTORY_LEN).unwrap() + 1;
        for revision in oldest_promised..=newest {
            assert_eq!(history.get(Revision(revision)), Some(u128::from(revision.cast_unsigned()) << 70));
        }
        assert_eq!(history.get(Revision(1)), None);
        assert_eq!(history.get(Revision(newest + 1)), None);
    }

    #[test]
    fn a_clone_keeps_its_own_moment() {
        let mut history = HashHistory::default();
        history.push(Revision(2), 7);
        let before = history.clone();
        history.push(Revision(3), 8);
        assert_eq!((before.get(Revision(3)), history.get(Revision(3))), (None, Some(8)));
    }
}
