//! A bounded walk over one table of a view. Must not outlive the view, whose snapshot it reads.

use holdfast_core::rows::{Cursor, Direction, RowsFault, Table};
use rocksdb::DBRawIterator;

use super::fault::rows_fault;

/// A cursor on RocksDB's iterator; RocksDB enforces the bounds.
pub(super) struct RocksCursor<'a> {
    iterator: DBRawIterator<'a>,
    table: Table,
    direction: Direction,
}

impl<'a> RocksCursor<'a> {
    /// Stands on the first row in the given direction.
    pub(super) fn start(
        mut iterator: DBRawIterator<'a>,
        table: Table,
        direction: Direction,
    ) -> Result<RocksCursor<'a>, RowsFault> {
        match direction {
            Direction::Forward => iterator.seek_to_first(),
            Direction::Backward => iterator.seek_to_last(),
        }
        let cursor = RocksCursor { iterator, table, direction };
        cursor.check()?;
        Ok(cursor)
    }

    /// Tells the end of the walk from a fault.
    fn check(&self) -> Result<(), RowsFault> {
        if self.iterator.valid() {
            return Ok(());
        }
        self.iterator.status().map_err(|error| rows_fault(self.table, error))
    }
}

impl Cursor for RocksCursor<'_> {
    fn current(&self) -> Option<(&[u8], &[u8])> {
        self.iterator.item()
    }

    fn advance(&mut self) -> Result<(), RowsFault> {
        match self.direction {
            Direction::Forward => self.iterator.next(),
            Direction::Backward => self.iterator.prev(),
        }
        self.check()
    }

    fn seek(&mut self, key: &[u8]) -> Result<(), RowsFault> {
        match self.direction {
            Direction::Forward => self.iterator.seek(key),
            Direction::Backward => self.iterator.seek_for_prev(key),
        }
        self.check()
    }
}
