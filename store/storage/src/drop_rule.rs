//! Decides from one row alone whether history up to a floor may be dropped; RocksDB's compaction filters and the
//! memory engine share it. Must keep every row that a read at or above the floor can ask for.

use holdfast_core::ids::Revision;
use holdfast_core::rows::Table;

/// Bit of a record's flags that tells a live version from a tombstone.
const RECORD_LIVE: u8 = 1;

/// Whether no reader at or above `floor` needs the row.
///
/// - `History`: versions that were superseded at or below the floor.
/// - `Current`: tombstones written at or below the floor.
/// - `Events`: events below the floor. Those at the floor stay: a watch may begin at the compacted revision itself
///   and etcd keeps even a tombstone there (etcd #19179).
///
/// Rows too short to be understood are kept; whoever reads them reports the damage.
pub fn is_droppable(table: Table, key: &[u8], value: &[u8], floor: Revision) -> bool {
    if floor.0 <= 0 {
        return false;
    }
    match table {
        Table::History => read_le64(value).is_some_and(|superseded| superseded <= floor.0),
        Table::Current => match value.split_first() {
            Some((flags, rest)) => {
                flags & RECORD_LIVE == 0 && read_le64(rest).is_some_and(|mod_main| mod_main <= floor.0)
            }
            None => false,
        },
        Table::Events => read_be64(key).is_some_and(|main| main < floor.0),
        _ => false,
    }
}

/// Whether a row of `Current` is a tombstone.
pub fn is_tombstone(value: &[u8]) -> bool {
    value.first().is_some_and(|flags| flags & RECORD_LIVE == 0)
}

/// The lowest key of `Events` that `is_droppable` keeps at this floor.
pub fn first_kept_event(floor: Revision) -> [u8; 8] {
    floor.0.max(0).to_be_bytes()
}

/// The index inside a value of `sys/applied`: term LE64, index LE64.
pub fn applied_index(value: &[u8]) -> Option<u64> {
    value.get(8..16).and_then(|index| index.try_into().ok()).map(u64::from_le_bytes)
}

/// The key of the applied position in `System`.
pub const APPLIED_KEY: &[u8] = b"applied";

fn read_le64(bytes: &[u8]) -> Option<i64> {
    bytes.first_chunk().map(|chunk| i64::from_le_bytes(*chunk))
}

fn read_be64(bytes: &[u8]) -> Option<i64> {
    bytes.first_chunk().map(|chunk| i64::from_be_bytes(*chunk))
}

#[cfg(test)]
mod tests;
