//! Rows in sorted maps: the simplest right implementation of `Rows`, for tests, tools and the memory engine. Must not
//! know what a row means, nor what survives a crash.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use bytes::Bytes;

use crate::rows::{Cursor, Direction, RowChange, Rows, RowsFault, Table};

type Map = BTreeMap<Bytes, Bytes>;

/// Every table as a sorted map. A clone is a view of the moment: it costs one counter for each table, and a later
/// change copies only the maps that it touches.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MemoryRows([Arc<Map>; Table::ALL.len()]);

impl MemoryRows {
    /// Makes the changes, in their order.
    pub fn apply(&mut self, changes: &[RowChange]) {
        for change in changes {
            let map = Arc::make_mut(&mut self.0[change.table as usize]);
            match &change.value {
                Some(value) => map.insert(change.key.clone(), value.clone()),
                None => map.remove(&change.key),
            };
        }
    }

    /// The rows of one table, sorted by key.
    pub fn table(&self, table: Table) -> &BTreeMap<Bytes, Bytes> {
        &self.0[table as usize]
    }
}

impl Rows for MemoryRows {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Bytes>, RowsFault> {
        Ok(self.table(table).get(key).cloned())
    }

    fn scan<'a>(
        &'a self,
        table: Table,
        lower: &[u8],
        upper: Option<&[u8]>,
        direction: Direction,
    ) -> Result<Box<dyn Cursor + 'a>, RowsFault> {
        let mut cursor = MapCursor {
            map: self.table(table),
            lower: lower.to_vec(),
            upper: upper.map(<[u8]>::to_vec),
            direction,
            current: None,
        };
        cursor.find(match direction {
            Direction::Forward => Bound::Included(lower),
            Direction::Backward => upper.map_or(Bound::Unbounded, Bound::Excluded),
        });
        Ok(Box::new(cursor))
    }
}

struct MapCursor<'a> {
    map: &'a Map,
    lower: Vec<u8>,
    upper: Option<Vec<u8>>,
    direction: Direction,
    current: Option<(&'a Bytes, &'a Bytes)>,
}

impl MapCursor<'_> {
    /// Stands on the first row from `from` on, in the cursor's direction, if it lies within the cursor's bounds.
    fn find(&mut self, from: Bound<&[u8]>) {
        let found = match self.direction {
            Direction::Forward => self.map.range::<[u8], _>((from, Bound::Unbounded)).next(),
            Direction::Backward => self.map.range::<[u8], _>((Bound::Unbounded, from)).next_back(),
        };
        self.current = found.filter(|(key, _)| {
            key.as_ref() >= self.lower.as_slice()
                && self.upper.as_ref().is_none_or(|upper| key.as_ref() < upper.as_slice())
        });
    }
}

impl Cursor for MapCursor<'_> {
    fn current(&self) -> Option<(&[u8], &[u8])> {
        self.current.map(|(key, value)| (key.as_ref(), value.as_ref()))
    }

    fn advance(&mut self) -> Result<(), RowsFault> {
        if let Some((key, _)) = self.current {
            self.find(Bound::Excluded(key));
        }
        Ok(())
    }

    fn seek(&mut self, key: &[u8]) -> Result<(), RowsFault> {
        let lower = self.lower.clone();
        let upper = self.upper.clone();
        self.find(match (self.direction, upper.as_deref()) {
            (Direction::Forward, _) => Bound::Included(key.max(&lower)),
            (Direction::Backward, Some(upper)) if upper <= key => Bound::Excluded(upper),
            (Direction::Backward, _) => Bound::Included(key),
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(keys: &[&'static str]) -> MemoryRows {
        let mut rows = MemoryRows::default();
        let put = |key: &&'static str| RowChange {
            table: Table::Current,
            key: Bytes::from_static(key.as_bytes()),
            value: Some(Bytes::from_static(key.as_bytes())),
        };
        rows.apply(&keys.iter().map(put).collect::<Vec<_>>());
        rows
    }

    fn walk(mut cursor: Box<dyn Cursor + '_>) -> String {
        let mut keys = String::new();
        while let Some((key, value)) = cursor.current() {
            assert_eq!(key, value);
            keys.push_str(std::str::from_utf8(key).unwrap());
            cursor.advance().unwrap();
        }
        keys
    }

    #[test]
    fn cursors_stay_within_their_bounds_in_both_directions() {
        let rows = rows(&["a", "b", "c", "d"]);
        let scan = |lower: &str, upper: Option<&str>, direction| {
            walk(rows.scan(Table::Current, lower.as_bytes(), upper.map(str::as_bytes), direction).unwrap())
        };
        assert_eq!(scan("b", Some("d"), Direction::Forward), "bc");
        assert_eq!(scan("b", Some("d"), Direction::Backward), "cb");
        assert_eq!(scan("bb", None, Direction::Forward), "cd");
        assert_eq!(scan("", None, Direction::Backward), "dcba");
        assert_eq!(scan("d", Some("b"), Direction::Forward), "");
        assert_eq!(scan("d", Some("b"), Direction::Backward), "");
    }

    #[test]
    fn a_seek_goes_both_ways_and_never_leaves_the_bounds() {
        let rows = rows(&["a", "b", "c", "d", "e"]);
        let mut forward = rows.scan(Table::Current, b"b", Some(b"e"), Direction::Forward).unwrap();
        let mut backward = rows.scan(Table::Current, b"b", Some(b"e"), Direction::Backward).unwrap();
        let cases = [("a", Some("b"), None), ("c", Some("c"), Some("c")), ("cc", Some("d"), Some("c"))];
        for (key, ahead, behind) in
            cases.into_iter().chain([("x", None, Some("d")), ("b", Some("b"), Some("b"))])
        {
            forward.seek(key.as_bytes()).unwrap();
            backward.seek(key.as_bytes()).unwrap();
            assert_eq!(forward.current().map(|(key, _)| key), ahead.map(str::as_bytes), "from {key}");
            assert_eq!(backward.current().map(|(key, _)| key), behind.map(str::as_bytes), "back from {key}");
        }
    }

    #[test]
    fn a_clone_keeps_its_moment() {
        let mut rows = rows(&["a"]);
        let view = rows.clone();
        rows.apply(&[RowChange { table: Table::Current, key: "a".into(), value: None }]);
        assert_eq!(rows.get(Table::Current, b"a").unwrap(), None);
        assert_eq!(view.get(Table::Current, b"a").unwrap(), Some("a".into()));
    }
}
