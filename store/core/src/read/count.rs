//! Counts of live keys: whole chunks from the rank tree, the rest by a short scan; counts in the past by taking the
//! changes since back. Must give the same as a full scan.

use std::ops::ControlFlow;

use bytes::Bytes;

use super::state::State;
use crate::ids::Revision;
use crate::key_range::KeyRange;
use crate::layout::event::{self, ChangeKind};
use crate::layout::record::Record;
use crate::rows::{Direction, RowsFault, Table};

impl State<'_> {
    /// Live keys in `range` at a revision that was checked.
    pub fn count_at(&self, range: &KeyRange, revision: Revision) -> Result<u64, RowsFault> {
        if range.is_empty() {
            return Ok(0);
        }
        if let KeyRange::Single(key) = range {
            return Ok(u64::from(self.get_at(key, revision)?.is_some()));
        }
        let count = self.count_at_head(range)?;
        let changes_at_least = self.revision.0.abs_diff(revision.0);
        if changes_at_least == 0 {
            return Ok(count);
        }
        if changes_at_least > count {
            return self.count_by_walk(range, revision);
        }
        self.undo_changes(count, range, revision)
    }

    fn count_at_head(&self, range: &KeyRange) -> Result<u64, RowsFault> {
        let end = range.end();
        let first = self.ranks.locate(range.start());
        let Some(end) = &end else {
            return Ok(self.ranks.live_keys() - self.count_before(range.start())?);
        };
        // Within one chunk the range itself is the shortest scan.
        if first.end.as_ref().is_none_or(|chunk_end| end <= chunk_end) {
            return self.count_rows(range.start(), Some(end));
        }
        Ok(self.count_before(end)? - self.count_before(range.start())?)
    }

    /// Live keys below `key`.
    fn count_before(&self, key: &Bytes) -> Result<u64, RowsFault> {
        let chunk = self.ranks.locate(key);
        if chunk.first_key == *key {
            return Ok(chunk.live_keys_before);
        }
        Ok(chunk.live_keys_before + self.count_rows(&chunk.first_key, Some(key))?)
    }

    fn count_rows(&self, start: &[u8], end: Option<&[u8]>) -> Result<u64, RowsFault> {
        let mut count = 0;
        let mut cursor = self.rows.scan(Table::Current, start, end, Direction::Forward)?;
        while let Some((_, row)) = cursor.current() {
            count += u64::from(Record::decode(row, Table::Current)?.0.live);
            cursor.advance()?;
        }
        Ok(count)
    }

    fn count_by_walk(&self, range: &KeyRange, revision: Revision) -> Result<u64, RowsFault> {
        let mut count = 0;
        self.walk(range, revision, Direction::Forward, &mut |_, _| {
            count += 1;
            ControlFlow::Continue(())
        })?;
        Ok(count)
    }

    fn undo_changes(&self, mut count: u64, range: &KeyRange, revision: Revision) -> Result<u64, RowsFault> {
        let from = event::seek_key(revision.next());
        // A view may be read while later revisions are already being written.
        let until = event::seek_key(self.revision.next());
        let mut cursor = self.rows.scan(Table::Events, &from, Some(&until), Direction::Forward)?;
        while let Some((_, value)) = cursor.current() {
            let (kind, _, key) = event::decode_value(value)?;
            if range.contains(key) {
                match kind {
                    ChangeKind::Create => count = count.wrapping_sub(1),
                    ChangeKind::Update => {}
                    ChangeKind::Delete => count = count.wrapping_add(1),
                }
            }
            cursor.advance()?;
        }
        Ok(count)
    }
}
