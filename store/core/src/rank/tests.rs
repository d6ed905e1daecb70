//! Counts over chunks while keys come and go.

use crate::key_range::KeyRange;
use crate::limits::{RANK_CHUNK_KEYS_JOINED_MAX, RANK_CHUNK_KEYS_MAX};
use crate::rows::Table;
use crate::test_store::TestStore;

fn key(number: u32) -> String {
    format!("k{number:06}")
}

#[test]
fn chunks_split_while_keys_come_and_join_while_they_go() {
    let mut store = TestStore::new();
    let keys = RANK_CHUNK_KEYS_MAX * 6;
    for number in 0..keys {
        store.put(&key(number), "v");
    }
    store.check_invariants();
    assert!(store.table(Table::Rank).len() >= 6, "no chunk is longer than the limit");
    for number in (0..keys).filter(|number| number % 9 != 0) {
        store.delete(&key(number));
    }
    store.check_invariants();
    let chunks = store.table(Table::Rank);
    let longest = chunks.values().map(|row| u32::from_le_bytes(row.as_slice().try_into().unwrap())).max();
    assert!(chunks.len() <= 3, "sparse chunks were joined: {}", chunks.len());
    assert!(longest.unwrap() <= RANK_CHUNK_KEYS_JOINED_MAX);
    store.delete_range(KeyRange::From("".into()));
    store.check_invariants();
    assert_eq!(store.table(Table::Rank).len(), 1, "only the first chunk stays");
}

#[test]
fn a_split_counts_live_keys_only_so_that_dropped_tombstones_change_nothing() {
    let build = |filtered: bool| {
        let mut store = TestStore::new();
        for number in 0..RANK_CHUNK_KEYS_MAX {
            store.put(&key(number), "v");
        }
        for number in 0..RANK_CHUNK_KEYS_MAX / 2 {
            store.delete(&key(number * 2));
        }
        store.compact(store.revision().0).unwrap();
        if filtered {
            store.filter(|| true);
        }
        for number in RANK_CHUNK_KEYS_MAX..2 * RANK_CHUNK_KEYS_MAX {
            store.put(&key(number), "v");
        }
        store.check_invariants();
        store.table(Table::Rank)
    };
    assert_eq!(build(false), build(true));
}
