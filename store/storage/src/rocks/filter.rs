//! Drops history while RocksDB compacts. Each compaction asks for the floor once, when it begins: a view taken while it
//! runs can only have been taken at that floor or above. Must judge a row by itself, without lookups.

use std::ffi::CStr;
use std::sync::Arc;

use holdfast_core::ids::Revision;
use holdfast_core::rows::Table;
use rocksdb::CompactionDecision;
use rocksdb::compaction_filter::CompactionFilter;
use rocksdb::compaction_filter_factory::{CompactionFilterContext, CompactionFilterFactory};

use crate::drop_rule::is_droppable;
use crate::history_floor::HistoryFloor;

const NAME: &CStr = c"holdfast.history";

/// Makes a filter for each compaction of one table.
pub(super) struct HistoryFilterFactory {
    table: Table,
    floor: Arc<HistoryFloor>,
}

impl HistoryFilterFactory {
    /// A factory for one table.
    pub(super) fn new(table: Table, floor: Arc<HistoryFloor>) -> HistoryFilterFactory {
        HistoryFilterFactory { table, floor }
    }
}

impl CompactionFilterFactory for HistoryFilterFactory {
    type Filter = HistoryFilter;

    fn create(&mut self, _context: CompactionFilterContext) -> HistoryFilter {
        HistoryFilter { table: self.table, floor: self.floor.droppable() }
    }

    fn name(&self) -> &CStr {
        NAME
    }
}

/// Filters one compaction.
pub(super) struct HistoryFilter {
    table: Table,
    floor: Revision,
}

impl CompactionFilter for HistoryFilter {
    fn filter(&mut self, _level: u32, key: &[u8], value: &[u8]) -> CompactionDecision {
        if is_droppable(self.table, key, value, self.floor) {
            CompactionDecision::Remove
        } else {
            CompactionDecision::Keep
        }
    }

    fn name(&self) -> &CStr {
        NAME
    }
}
