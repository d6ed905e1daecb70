//! Pins the offsets that the filters read to the layouts of the store's rows.

use super::*;

/// flags, mod_main LE64, mod_sub LE32, hash LE64.
fn record(flags: u8, mod_main: i64) -> Vec<u8> {
    let mut bytes = vec![flags];
    bytes.extend(mod_main.to_le_bytes());
    bytes.extend(0u32.to_le_bytes());
    bytes.extend(7u64.to_le_bytes());
    bytes
}

fn history(superseded: i64) -> Vec<u8> {
    let mut bytes = superseded.to_le_bytes().to_vec();
    bytes.extend(record(1, superseded - 1));
    bytes
}

fn event(main: i64) -> Vec<u8> {
    let mut key = main.to_be_bytes().to_vec();
    key.extend(0u32.to_be_bytes());
    key
}

#[test]
fn history_goes_when_superseded_at_or_below_the_floor() {
    assert!(is_droppable(Table::History, b"k", &history(5), Revision(5)));
    assert!(!is_droppable(Table::History, b"k", &history(6), Revision(5)));
}

#[test]
fn only_tombstones_leave_current() {
    assert!(is_droppable(Table::Current, b"k", &record(0, 5), Revision(5)));
    assert!(is_droppable(Table::Current, b"k", &record(4, 5), Revision(5)));
    assert!(!is_droppable(Table::Current, b"k", &record(0, 6), Revision(5)));
    assert!(!is_droppable(Table::Current, b"k", &record(1, 1), Revision(5)));
}

#[test]
fn events_at_the_floor_stay_for_watches_that_begin_there() {
    assert!(is_droppable(Table::Events, &event(4), b"", Revision(5)));
    assert!(!is_droppable(Table::Events, &event(5), b"", Revision(5)));
    assert!(event(4).as_slice() < first_kept_event(Revision(5)).as_slice());
    assert!(event(5).as_slice() >= first_kept_event(Revision(5)).as_slice());
}

#[test]
fn other_tables_and_damaged_rows_are_kept() {
    for table in Table::ALL {
        assert!(!is_droppable(table, b"", b"", Revision(i64::MAX)), "{}", table.name());
    }
    for table in [Table::Leases, Table::LeaseKeys, Table::Auth, Table::Rank, Table::System] {
        assert!(!is_droppable(table, &event(0), &record(0, 0), Revision(i64::MAX)), "{}", table.name());
    }
}

#[test]
fn the_applied_index_follows_the_term() {
    let mut value = 3u64.to_le_bytes().to_vec();
    value.extend(41u64.to_le_bytes());
    assert_eq!(applied_index(&value), Some(41));
    assert_eq!(applied_index(&value[..15]), None);
}
