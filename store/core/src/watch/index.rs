//! Finds the watchers that a changed key concerns, in time that grows with the logarithm of the number of different
//! ranges and with the number of watchers found. Must not know what a watcher is.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;

use super::interval_tree::IntervalTree;
use crate::key_range::KeyRange;

/// Watchers by the keys they watch. Watchers of the same key or range share one entry. `W` names a watcher.
#[derive(Debug, Clone)]
pub struct WatchIndex<W> {
    keys: BTreeMap<Bytes, BTreeSet<W>>,
    ranges: IntervalTree<BTreeSet<W>>,
}

impl<W> Default for WatchIndex<W> {
    fn default() -> WatchIndex<W> {
        WatchIndex { keys: BTreeMap::new(), ranges: IntervalTree::default() }
    }
}

impl<W: Ord + Copy> WatchIndex<W> {
    /// Adds a watcher; one that is there already stays as it is.
    pub fn insert(&mut self, range: &KeyRange, watcher: W) {
        match range {
            KeyRange::Single(key) => self.keys.entry(key.clone()).or_default().insert(watcher),
            _ => self.ranges.entry(range.start(), range.end().as_ref()).insert(watcher),
        };
    }

    /// Takes a watcher out; nothing happens when it is not there.
    pub fn remove(&mut self, range: &KeyRange, watcher: W) {
        if let KeyRange::Single(key) = range {
            if let Some(watchers) = self.keys.get_mut(key) {
                watchers.remove(&watcher);
                if watchers.is_empty() {
                    self.keys.remove(key);
                }
            }
            return;
        }
        let end = range.end();
        if let Some(watchers) = self.ranges.get_mut(range.start(), end.as_ref()) {
            watchers.remove(&watcher);
            if watchers.is_empty() {
                self.ranges.remove(range.start(), end.as_ref());
            }
        }
    }

    /// Calls `found` with every watcher of `key`. Watchers of one entry come in their order; entries in no order that
    /// a caller may rely on.
    pub fn for_each(&self, key: &[u8], mut found: impl FnMut(W)) {
        if let Some(watchers) = self.keys.get(key) {
            watchers.iter().copied().for_each(&mut found);
        }
        self.ranges.for_each_containing(key, &mut |watchers| watchers.iter().copied().for_each(&mut found));
    }

    /// Whether anybody watches `key`.
    pub fn is_watched(&self, key: &[u8]) -> bool {
        self.keys.contains_key(key) || self.ranges.contains(key)
    }

    /// Whether there is no watcher at all.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty() && self.ranges.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn any_range() -> impl Strategy<Value = KeyRange> {
        let key = || vec(0u8..4, 1..3).prop_map(Bytes::from);
        prop_oneof![
            key().prop_map(KeyRange::Single),
            key().prop_map(KeyRange::From),
            (key(), key()).prop_map(|(start, end)| KeyRange::Bounded { start, end }),
        ]
    }

    proptest! {
        #[test]
        fn finds_exactly_the_watchers_whose_range_contains_the_key(
            changes in vec((any_range(), 0u8..4, any::<bool>()), 0..120),
            key in vec(0u8..4, 1..3),
        ) {
            let mut index = WatchIndex::default();
            let mut expected = BTreeSet::new();
            for (range, watcher, is_added) in changes {
                if is_added {
                    index.insert(&range, watcher);
                    expected.insert((range, watcher));
                } else {
                    index.remove(&range, watcher);
                    expected.remove(&(range, watcher));
                }
            }
            let mut found = Vec::new();
            index.for_each(&key, |watcher| found.push(watcher));
            found.sort_unstable();
            let mut wanted: Vec<u8> =
                expected.iter().filter(|(range, _)| range.contains(&key)).map(|(_, watcher)| *watcher).collect();
            wanted.sort_unstable();
            prop_assert_eq!(index.is_watched(&key), !wanted.is_empty());
            prop_assert_eq!(found, wanted);
            prop_assert_eq!(index.is_empty(), expected.is_empty());
        }
    }
}
