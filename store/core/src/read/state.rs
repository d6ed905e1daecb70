//! What a read needs to know: rows, revisions and rank tree of one moment. Published views read through it, and so do
//! transactions in the middle of their own writes. Must not keep anything.

use std::ops::ControlFlow;

use bytes::Bytes;

use super::KeyValueRef;
use crate::error::RevisionError;
use crate::ids::Revision;
use crate::key_range::KeyRange;
use crate::layout::history;
use crate::layout::record::Record;
use crate::rank::tree::ChunkTree;
use crate::response::KeyValue;
use crate::rows::{Cursor, Direction, Rows, RowsFault, Table};

/// One moment, lent.
#[derive(Clone, Copy)]
pub(crate) struct State<'a> {
    pub rows: &'a dyn Rows,
    pub revision: Revision,
    pub compacted: Revision,
    pub ranks: &'a ChunkTree,
}

/// A version as it was read from its row.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub record: Record,
    pub row: Bytes,
    value_offset: usize,
}

impl Stored {
    pub fn decode(row: Bytes, table: Table) -> Result<Stored, RowsFault> {
        let (record, value) = Record::decode(&row, table)?;
        let value_offset = row.len() - value.len();
        Ok(Stored { record, row, value_offset })
    }

    /// The value, sharing the row's memory.
    pub fn value(&self) -> Bytes {
        self.row.slice(self.value_offset..)
    }

    pub fn to_key_value(&self, key: Bytes) -> KeyValue {
        KeyValue {
            key,
            value: self.value(),
            create_revision: self.record.create_revision,
            mod_revision: self.record.id.main,
            version: self.record.version,
            lease: self.record.lease,
        }
    }
}

/// Hands one visible version to the caller; `Break` ends the walk.
pub(crate) type Visit<'v> = dyn FnMut(&Record, KeyValueRef<'_>) -> ControlFlow<()> + 'v;

impl<'a> State<'a> {
    /// Whether `revision` can be read.
    pub fn check_revision(&self, revision: Revision) -> Result<(), RevisionError> {
        if revision > self.revision {
            return Err(RevisionError::Future { newest: self.revision });
        }
        if revision < self.compacted {
            return Err(RevisionError::Compacted { compacted: self.compacted });
        }
        Ok(())
    }

    /// The revision to read at; none, or one that is not positive, is the newest (etcd's rule).
    pub fn resolve(&self, revision: Option<Revision>) -> Result<Revision, RevisionError> {
        match revision {
            Some(revision) if revision.0 > 0 => self.check_revision(revision).map(|()| revision),
            _ => Ok(self.revision),
        }
    }

    /// The newest version of a key, tombstones included. A tombstone that is compacted counts as absent whether or
    /// not its row was dropped already, so that all members see the same.
    pub fn newest(&self, key: &[u8]) -> Result<Option<Stored>, RowsFault> {
        let Some(row) = self.rows.get(Table::Current, key)? else { return Ok(None) };
        let stored = Stored::decode(row, Table::Current)?;
        let gone = !stored.record.live && stored.record.id.main <= self.compacted;
        Ok((!gone).then_some(stored))
    }

    /// The live version of a key at a revision that was checked.
    pub fn get_at(&self, key: &[u8], revision: Revision) -> Result<Option<Stored>, RowsFault> {
        let Some(newest) = self.newest(key)? else { return Ok(None) };
        if newest.record.id.main <= revision {
            return Ok(newest.record.live.then_some(newest));
        }
        let seek_key = history::seek_key(key, revision);
        let end_key = history::end_key(&seek_key);
        let cursor = self.rows.scan(Table::History, &seek_key, Some(&end_key), Direction::Forward)?;
        let Some((_, value)) = cursor.current() else { return Ok(None) };
        let Some(record) = record_at(value, revision)? else { return Ok(None) };
        Stored::decode(Bytes::copy_from_slice(record), Table::History).map(Some)
    }

    /// Visits the live keys of `range` at a revision that was checked, in key order.
    pub fn walk(
        &self,
        range: &KeyRange,
        revision: Revision,
        direction: Direction,
        visit: &mut Visit<'_>,
    ) -> Result<(), RowsFault> {
        if range.is_empty() {
            return Ok(());
        }
        if let KeyRange::Single(key) = range {
            if let Some(stored) = self.get_at(key, revision)? {
                let value = &stored.row[stored.value_offset..];
                let _ = visit(&stored.record, key_value_ref(key, value, &stored.record));
            }
            return Ok(());
        }
        let end = range.end();
        let mut current = self.rows.scan(Table::Current, range.start(), end.as_deref(), direction)?;
        let mut history = None;
        while let Some((key, row)) = current.current() {
            let (record, value) = Record::decode(row, Table::Current)?;
            let flow = if record.id.main > revision {
                self.visit_older(&mut history, key, revision, visit)?
            } else if record.live {
                visit(&record, key_value_ref(key, value, &record))
            } else {
                ControlFlow::Continue(())
            };
            if flow.is_break() {
                return Ok(());
            }
            current.advance()?;
        }
        Ok(())
    }

    /// Visits the version of `key` at `revision`, with one history cursor for the whole walk.
    fn visit_older(
        &self,
        history: &mut Option<Box<dyn Cursor + 'a>>,
        key: &[u8],
        revision: Revision,
        visit: &mut Visit<'_>,
    ) -> Result<ControlFlow<()>, RowsFault> {
        let seek_key = history::seek_key(key, revision);
        let cursor = match history {
            Some(cursor) => cursor,
            None => history.insert(self.rows.scan(Table::History, &[], None, Direction::Forward)?),
        };
        cursor.seek(&seek_key)?;
        let Some((row_key, value)) = cursor.current() else { return Ok(ControlFlow::Continue(())) };
        if !history::is_same_key(row_key, &seek_key) {
            return Ok(ControlFlow::Continue(()));
        }
        let Some(row) = record_at(value, revision)? else { return Ok(ControlFlow::Continue(())) };
        let (record, value) = Record::decode(row, Table::History)?;
        Ok(visit(&record, key_value_ref(key, value, &record)))
    }
}

/// The record in a history row's value if it was the key's live version at `revision`. A row that ended at or before
/// `revision` was replaced by a tombstone whose own row may be dropped already.
fn record_at(value: &[u8], revision: Revision) -> Result<Option<&[u8]>, RowsFault> {
    let (superseded, row) = history::decode_value(value)?;
    if superseded <= revision {
        return Ok(None);
    }
    let (record, _) = Record::decode(row, Table::History)?;
    Ok(record.live.then_some(row))
}

fn key_value_ref<'k>(key: &'k [u8], value: &'k [u8], record: &Record) -> KeyValueRef<'k> {
    KeyValueRef {
        key,
        value,
        create_revision: record.create_revision,
        mod_revision: record.id.main,
        version: record.version,
        lease: record.lease,
    }
}
