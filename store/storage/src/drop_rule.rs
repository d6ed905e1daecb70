//! Decides from one row alone whether history up to a floor may be dropped; RocksDB's compaction filters and the
//! memory engine share it. Must keep every row that a read at or above the floor can ask for.

use holdfast_core::ids::Revision;
use holdfast_core::layout::record::Record;
use holdfast_core::layout::{event, history};
use holdfast_core::rows::{RowChange, Table};

/// Whether no reader at or above `floor` needs the row.
///
/// - `History`: versions that were superseded at or below the floor.
/// - `Current`: tombstones written at or below the floor.
/// - `Events`: events below the floor. Those at the floor stay: a watch may begin at the compacted revision itself
///   and etcd keeps even a tombstone there (etcd #19179).
///
/// Damaged rows are kept; whoever reads them reports the damage.
pub fn is_droppable(table: Table, key: &[u8], value: &[u8], floor: Revision) -> bool {
    if floor.0 <= 0 {
        return false;
    }
    match table {
        Table::History => history::decode_value(value).is_ok_and(|(superseded, _)| superseded <= floor),
        Table::Current => {
            Record::decode(value, table).is_ok_and(|(record, _)| !record.live && record.id.main <= floor)
        }
        Table::Events => event::decode_key(key).is_ok_and(|id| id.main < floor),
        _ => false,
    }
}

/// The lowest key of `Events` that `is_droppable` keeps at this floor.
pub fn first_kept_event(floor: Revision) -> [u8; 12] {
    event::seek_key(floor)
}

/// Whether the change writes a tombstone that a higher floor will let go.
pub fn adds_tombstone(change: &RowChange) -> bool {
    change.table == Table::Current
        && change
            .value
            .as_ref()
            .is_some_and(|value| Record::decode(value, Table::Current).is_ok_and(|(record, _)| !record.live))
}

#[cfg(test)]
mod tests;
