//! Extents after appends, truncations and purges, and what they refuse.

use super::*;

fn entries(indexes: std::ops::Range<u64>) -> Vec<(u64, Bytes)> {
    indexes.map(|index| (index, Bytes::new())).collect()
}

#[test]
fn grows_shrinks_and_stays_contiguous() {
    let mut extent = LogExtent::default();
    assert_eq!(extent.bounds(), None);
    extent.append(&entries(1..6)).unwrap();
    assert_eq!(extent.bounds(), Some((1, 5)));
    assert_eq!(extent.truncate(4), Some((4, 5)));
    assert_eq!(extent.truncate(4), None);
    extent.purge(1);
    assert_eq!(extent.bounds(), Some((2, 3)));
    assert!(extent.append(&entries(5..6)).is_err(), "a hole");
    assert!(extent.append(&entries(3..4)).is_err(), "an overwrite");
    extent.append(&entries(4..5)).unwrap();
    assert_eq!(extent.bounds(), Some((2, 4)));
}

#[test]
fn a_purge_beyond_the_end_leaves_an_empty_log_that_continues_behind_it() {
    let mut extent = LogExtent::holding(1, 3);
    extent.purge(100);
    assert_eq!((extent.bounds(), extent.first()), (None, 101));
    assert!(extent.append(&entries(100..101)).is_err(), "a purged entry");
    extent.append(&entries(101..103)).unwrap();
    assert_eq!(extent.bounds(), Some((101, 102)));
    assert_eq!(extent.truncate(1), Some((101, 102)));
    assert_eq!(extent.bounds(), None);
}
