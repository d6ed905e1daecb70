//! Bounds, eviction and the epochs of the tail.

use bytes::Bytes;
use openraft::EntryPayload;
use openraft::entry::RaftEntry;

use super::*;
use crate::types::{Proposal, log_id};

fn entry(term: u64, index: u64) -> Entry {
    let encoded = Bytes::from(vec![0; 100]);
    Entry::new(log_id(term, index), EntryPayload::Normal(Proposal { command: None, encoded, origin: None }))
}

fn tail_of(entries: u64, held_bytes_max: usize) -> LogTail {
    let mut tail = LogTail::new(None, None, None, None, held_bytes_max);
    tail.append((0..entries).map(|index| entry(1, index)));
    tail
}

fn indexes(entries: &[Entry]) -> Vec<u64> {
    entries.iter().map(|entry| entry.log_id.index).collect()
}

#[test]
fn entries_stay_in_memory_until_they_are_on_disk() {
    let mut tail = tail_of(10, 3 * (100 + ENTRY_OVERHEAD_BYTES));
    assert_eq!(tail.read(0, 10).in_memory.len(), 10);
    tail.set_persisted(tail.epoch(), 5);
    let found = tail.read(2, 8);
    assert_eq!((found.on_disk, indexes(&found.in_memory)), (Some((2, 5)), vec![5, 6, 7]));
    tail.set_persisted(tail.epoch(), 10);
    assert_eq!(tail.read(0, 10).on_disk, Some((0, 7)));
}

#[test]
fn a_write_from_before_a_truncation_does_not_count_for_what_came_after() {
    let mut tail = tail_of(10, 0);
    let epoch = tail.epoch();
    tail.truncate_after(Some(log_id(1, 4)));
    tail.append([entry(2, 5), entry(2, 6)]);
    tail.set_persisted(epoch, 10);
    let found = tail.read(5, 7);
    assert_eq!((found.on_disk, indexes(&found.in_memory)), (None, vec![5, 6]));
    assert_eq!(tail.last(), Some(log_id(2, 6)));
}

#[test]
fn truncating_behind_the_end_changes_nothing() {
    let mut tail = tail_of(3, 1 << 20);
    tail.truncate_after(Some(log_id(1, 7)));
    assert_eq!(tail.last(), Some(log_id(1, 2)));
    tail.truncate_after(None);
    assert_eq!(tail.last(), None);
    assert!(tail.read(0, 10).in_memory.is_empty());
}

#[test]
fn purging_beyond_the_end_moves_the_end() {
    let mut tail = tail_of(3, 1 << 20);
    tail.purge(log_id(4, 20));
    assert_eq!((tail.last(), tail.purged()), (Some(log_id(4, 20)), Some(log_id(4, 20))));
    tail.append([entry(4, 21)]);
    assert_eq!(indexes(&tail.read(0, 30).in_memory), vec![21]);
    tail.purge(log_id(1, 2));
    assert_eq!(tail.purged(), Some(log_id(4, 20)), "purging never goes back");
}

#[test]
fn a_byte_limit_keeps_at_least_one_entry() {
    let mut entries: Vec<Entry> = (0..5).map(|index| entry(1, index)).collect();
    limit_bytes(&mut entries, 2 * (100 + ENTRY_OVERHEAD_BYTES));
    assert_eq!(entries.len(), 2);
    limit_bytes(&mut entries, 1);
    assert_eq!(entries.len(), 1);
}
