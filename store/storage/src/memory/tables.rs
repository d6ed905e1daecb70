//! Sorted maps that can be shared as views: a change copies a map only while an older view of it lives.
//! Must not know what survives a crash.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use bytes::Bytes;
use holdfast_core::rows::{Cursor, Direction, RowChange, Rows, RowsFault, Table};

type Map = BTreeMap<Bytes, Bytes>;

/// Every table.
#[derive(Debug, Clone, Default)]
pub(super) struct Tables([Arc<Map>; Table::ALL.len()]);

impl Tables {
    /// Makes the changes.
    pub(super) fn apply(&mut self, changes: &[RowChange]) {
        for change in changes {
            let map = Arc::make_mut(&mut self.0[change.table as usize]);
            match &change.value {
                Some(value) => map.insert(change.key.clone(), value.clone()),
                None => map.remove(&change.key),
            };
        }
    }

    /// The rows of one table.
    pub(super) fn rows(&self, table: Table) -> &BTreeMap<Bytes, Bytes> {
        &self.0[table as usize]
    }
}

impl Rows for Tables {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Bytes>, RowsFault> {
        Ok(self.rows(table).get(key).cloned())
    }

    fn scan<'a>(
        &'a self,
        table: Table,
        lower: &[u8],
        upper: Option<&[u8]>,
        direction: Direction,
    ) -> Result<Box<dyn Cursor + 'a>, RowsFault> {
        let mut cursor = TablesCursor {
            rows: self.rows(table),
            lower: lower.to_vec(),
            upper: upper.map(<[u8]>::to_vec),
            direction,
            current: None,
        };
        cursor.current = match direction {
            Direction::Forward => cursor.first(Bound::Included(lower)),
            Direction::Backward => cursor.last(upper.map_or(Bound::Unbounded, Bound::Excluded)),
        };
        Ok(Box::new(cursor))
    }
}

/// A walk over one map.
struct TablesCursor<'a> {
    rows: &'a Map,
    lower: Vec<u8>,
    upper: Option<Vec<u8>>,
    direction: Direction,
    current: Option<(&'a Bytes, &'a Bytes)>,
}

impl<'a> TablesCursor<'a> {
    fn first(&self, from: Bound<&[u8]>) -> Option<(&'a Bytes, &'a Bytes)> {
        let found = self.rows.range::<[u8], _>((from, Bound::Unbounded)).next()?;
        self.upper.as_ref().is_none_or(|upper| found.0.as_ref() < upper.as_slice()).then_some(found)
    }

    fn last(&self, upto: Bound<&[u8]>) -> Option<(&'a Bytes, &'a Bytes)> {
        let found = self.rows.range::<[u8], _>((Bound::Unbounded, upto)).next_back()?;
        (found.0.as_ref() >= self.lower.as_slice()).then_some(found)
    }
}

impl Cursor for TablesCursor<'_> {
    fn current(&self) -> Option<(&[u8], &[u8])> {
        self.current.map(|(key, value)| (key.as_ref(), value.as_ref()))
    }

    fn advance(&mut self) -> Result<(), RowsFault> {
        if let Some((key, _)) = self.current {
            self.current = match self.direction {
                Direction::Forward => self.first(Bound::Excluded(key)),
                Direction::Backward => self.last(Bound::Excluded(key)),
            };
        }
        Ok(())
    }

    fn seek(&mut self, key: &[u8]) -> Result<(), RowsFault> {
        self.current = match self.direction {
            Direction::Forward => self.first(Bound::Included(key.max(&self.lower))),
            Direction::Backward => match &self.upper {
                Some(upper) if key >= upper.as_slice() => self.last(Bound::Excluded(upper)),
                _ => self.last(Bound::Included(key)),
            },
        };
        Ok(())
    }
}
