//! Changes of a run of commands that are not written yet, laid over the view they were made from. Reads see both as
//! one set of tables. Must not interpret keys or values.

use std::collections::BTreeMap;
use std::collections::btree_map;
use std::ops::Bound;

use bytes::Bytes;

use crate::rows::{Cursor, Direction, RowChange, Rows, RowsFault, Table};

mod merge_cursor;

use merge_cursor::MergeCursor;

/// One table's pending changes; `None` deletes the row below.
type Pending = BTreeMap<Bytes, Option<Bytes>>;

/// Pending changes over a base view.
pub struct Overlay<'a> {
    base: &'a dyn Rows,
    tables: [Pending; Table::ALL.len()],
}

impl<'a> Overlay<'a> {
    /// No changes over `base`.
    pub fn new(base: &'a dyn Rows) -> Overlay<'a> {
        Overlay { base, tables: Default::default() }
    }

    /// Sets a row.
    pub fn put(&mut self, table: Table, key: Bytes, value: Bytes) {
        self.tables[table as usize].insert(key, Some(value));
    }

    /// Deletes a row, there or not.
    pub fn delete(&mut self, table: Table, key: Bytes) {
        self.tables[table as usize].insert(key, None);
    }

    /// The changes, at most one for a row, sorted by table and key.
    pub fn into_changes(self) -> Vec<RowChange> {
        let mut changes = Vec::with_capacity(self.tables.iter().map(BTreeMap::len).sum());
        for (table, pending) in Table::ALL.into_iter().zip(self.tables) {
            changes.extend(pending.into_iter().map(|(key, value)| RowChange { table, key, value }));
        }
        changes
    }
}

impl Rows for Overlay<'_> {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Bytes>, RowsFault> {
        match self.tables[table as usize].get(key) {
            Some(pending) => Ok(pending.clone()),
            None => self.base.get(table, key),
        }
    }

    fn scan<'b>(
        &'b self,
        table: Table,
        lower: &[u8],
        upper: Option<&[u8]>,
        direction: Direction,
    ) -> Result<Box<dyn Cursor + 'b>, RowsFault> {
        let base = self.base.scan(table, lower, upper, direction)?;
        let pending = &self.tables[table as usize];
        if pending_range(pending, lower, upper).next().is_none() {
            return Ok(base);
        }
        Ok(Box::new(MergeCursor::new(base, pending, lower, upper, direction)?))
    }
}

/// The pending changes at keys `>= lower` and `< upper`.
fn pending_range<'b>(
    pending: &'b Pending,
    lower: &[u8],
    upper: Option<&[u8]>,
) -> btree_map::Range<'b, Bytes, Option<Bytes>> {
    // The map refuses reversed bounds; an empty range of the same shape stands for them.
    let upper = upper.map(|upper| upper.max(lower));
    pending.range::<[u8], _>((Bound::Included(lower), upper.map_or(Bound::Unbounded, Bound::Excluded)))
}

#[cfg(test)]
mod tests;
