//! A set of keys made of ranges: overlapping and touching ones are merged, so that a question about a range finds one
//! interval. Must not know what the set is for.

use bytes::Bytes;

use crate::key_range::KeyRange;

/// Keys from `start` on, up to `end` without it; no end at all when `None`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Interval {
    start: Bytes,
    end: Option<Bytes>,
}

/// Disjoint intervals that do not touch, ascending.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct RangeSet(Vec<Interval>);

impl RangeSet {
    /// The union of `ranges`.
    pub fn union(ranges: impl Iterator<Item = KeyRange>) -> RangeSet {
        let mut intervals: Vec<Interval> = ranges
            .filter(|range| !range.is_empty())
            .map(|range| Interval { end: range.end(), start: range.start().clone() })
            .collect();
        intervals.sort_by(|one, other| one.start.cmp(&other.start));
        let mut merged: Vec<Interval> = Vec::with_capacity(intervals.len());
        for interval in intervals {
            match merged.last_mut() {
                Some(last) if last.end.as_ref().is_none_or(|end| interval.start <= *end) => {
                    last.end = match (last.end.take(), interval.end) {
                        (Some(one), Some(other)) => Some(one.max(other)),
                        _ => None,
                    };
                }
                _ => merged.push(interval),
            }
        }
        RangeSet(merged)
    }

    /// Whether every key of `range` is in the set. A range that ends before it begins is asked about by its two ends
    /// (etcd's way), so that who may not read there learns nothing either.
    pub fn covers(&self, range: &KeyRange) -> bool {
        let start = range.start();
        let behind = self.0.partition_point(|interval| interval.start <= *start);
        let Some(interval) = behind.checked_sub(1).and_then(|at| self.0.get(at)) else { return false };
        let Some(end) = &interval.end else {
            return match range {
                KeyRange::Bounded { end, .. } => *end > interval.start,
                KeyRange::Single(_) | KeyRange::From(_) => true,
            };
        };
        match range {
            KeyRange::Single(key) => key < end,
            KeyRange::Bounded { end: wanted, .. } => start < end && *wanted > interval.start && wanted <= end,
            KeyRange::From(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn bounded(start: &'static str, end: &'static str) -> KeyRange {
        KeyRange::Bounded { start: start.into(), end: end.into() }
    }

    #[test]
    fn touching_ranges_are_one_and_gaps_stay() {
        let set = RangeSet::union([bounded("b", "c"), bounded("a", "b"), bounded("d", "e")].into_iter());
        assert!(set.covers(&bounded("a", "c")));
        assert!(!set.covers(&bounded("a", "d")));
        assert!(!set.covers(&bounded("c", "d")));
        assert!(set.covers(&KeyRange::Single("b".into())));
        assert!(!set.covers(&KeyRange::Single("c".into())));
        assert!(!set.covers(&KeyRange::From("d".into())));
    }

    #[test]
    fn a_key_followed_by_its_successor_makes_a_range() {
        let keys = [KeyRange::Single("a".into()), KeyRange::Single("a\0".into())];
        assert!(RangeSet::union(keys.into_iter()).covers(&bounded("a", "a\0\0")));
    }

    #[test]
    fn an_open_range_covers_all_behind_its_start() {
        let set = RangeSet::union([KeyRange::From("m".into()), bounded("a", "c")].into_iter());
        assert!(set.covers(&KeyRange::From("n".into())));
        assert!(set.covers(&bounded("m", "\u{7f}")));
        assert!(!set.covers(&KeyRange::From("b".into())));
        assert!(!set.covers(&bounded("b", "n")));
        assert!(!RangeSet::default().covers(&KeyRange::Single("a".into())));
    }

    #[test]
    fn a_reversed_range_is_covered_only_where_both_ends_are() {
        let set = RangeSet::union([bounded("c", "f")].into_iter());
        assert!(set.covers(&bounded("e", "d")));
        assert!(!set.covers(&bounded("e", "a")));
        assert!(!set.covers(&bounded("z", "a")));
    }

    fn any_range() -> impl Strategy<Value = KeyRange> {
        let key = || vec(prop::sample::select(vec![b'a', b'b', 0]), 1..3).prop_map(Bytes::from);
        prop_oneof![
            key().prop_map(KeyRange::Single),
            key().prop_map(KeyRange::From),
            (key(), key()).prop_map(|(start, end)| KeyRange::Bounded { start, end }),
        ]
    }

    proptest! {
        /// Against the obvious way: try the keys near every bound.
        #[test]
        fn a_covered_range_holds_no_key_that_is_not_granted(granted in vec(any_range(), 0..5), asked in any_range()) {
            prop_assume!(!asked.is_empty());
            let letters = [b'a', b'b', 0, 0xff];
            let mut keys = vec![vec![]];
            for _ in 0..3 {
                let longer = keys.iter().flat_map(|key| letters.map(|letter| [key.as_slice(), &[letter]].concat()));
                keys = keys.iter().cloned().chain(longer.collect::<Vec<_>>()).collect();
            }
            let is_granted = |key: &Vec<u8>| granted.iter().any(|range| range.contains(key));
            let expected = keys.iter().filter(|key| asked.contains(key)).all(is_granted);
            prop_assert_eq!(RangeSet::union(granted.iter().cloned()).covers(&asked), expected);
        }
    }
}
