//! The rule on rows as the store lays them out.

use bytes::Bytes;
use holdfast_core::ids::LeaseId;
use holdfast_core::layout::record::VersionId;

use super::*;

fn id(main: i64) -> VersionId {
    VersionId { main: Revision(main), sub: 0 }
}

fn live(main: i64) -> Bytes {
    Record::live(b"k", b"v", id(main), (Revision(main), 1), LeaseId::NONE, None).encode(b"v")
}

fn tombstone(main: i64, previous: Option<i64>) -> Bytes {
    Record::tombstone(b"k", id(main), previous.map(id)).encode(b"")
}

#[test]
fn history_goes_when_superseded_at_or_below_the_floor() {
    let row = |superseded| history::encode_value(Revision(superseded), &live(superseded - 1));
    assert!(is_droppable(Table::History, b"k", &row(5), Revision(5)));
    assert!(!is_droppable(Table::History, b"k", &row(6), Revision(5)));
}

#[test]
fn only_tombstones_leave_current() {
    assert!(is_droppable(Table::Current, b"k", &tombstone(5, None), Revision(5)));
    assert!(is_droppable(Table::Current, b"k", &tombstone(5, Some(3)), Revision(5)));
    assert!(!is_droppable(Table::Current, b"k", &tombstone(6, Some(3)), Revision(5)));
    assert!(!is_droppable(Table::Current, b"k", &live(1), Revision(5)));
}

#[test]
fn only_tombstones_in_current_count_as_such() {
    let change = |table, value| RowChange { table, key: Bytes::from("k"), value };
    assert!(adds_tombstone(&change(Table::Current, Some(tombstone(5, None)))));
    assert!(!adds_tombstone(&change(Table::Current, Some(live(5)))));
    assert!(!adds_tombstone(&change(Table::History, Some(tombstone(5, None)))));
    assert!(!adds_tombstone(&change(Table::Current, None)));
}

#[test]
fn events_at_the_floor_stay_for_watches_that_begin_there() {
    assert!(is_droppable(Table::Events, &event::key(id(4)), b"", Revision(5)));
    assert!(!is_droppable(Table::Events, &event::key(id(5)), b"", Revision(5)));
    assert!(event::key(id(4)) < first_kept_event(Revision(5)));
    assert!(event::key(id(5)) >= first_kept_event(Revision(5)));
}

#[test]
fn other_tables_damaged_rows_and_fresh_stores_keep_everything() {
    for table in Table::ALL {
        assert!(!is_droppable(table, b"", b"", Revision(i64::MAX)), "{}", table.name());
        assert!(
            !is_droppable(table, &event::key(id(-7)), &tombstone(-7, None), Revision(0)),
            "{}",
            table.name()
        );
    }
    for table in [Table::Leases, Table::LeaseKeys, Table::Auth, Table::Rank, Table::System] {
        assert!(
            !is_droppable(table, &event::key(id(1)), &tombstone(1, None), Revision(9)),
            "{}",
            table.name()
        );
    }
}
