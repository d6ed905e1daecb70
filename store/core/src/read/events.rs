//! History as watchers want it: the changes from a revision on, with values looked up in `cur` or `hist`.

use bytes::Bytes;

use super::LeaseRecord;
use super::state::{State, Stored};
use crate::error::{RangeError, RevisionError};
use crate::ids::{LeaseId, Revision};
use crate::layout::event::{self, ChangeKind};
use crate::layout::record::VersionId;
use crate::layout::{damaged, history, lease};
use crate::limits::EVENT_SCAN_ROWS_MAX;
use crate::response::{Event, EventKind, KeyValue, RevisionEvents};
use crate::rows::{Direction, RowsFault, Table};
use crate::v2::V2Mark;

impl State<'_> {
    /// The events of the revisions `from..`; see `ReadView::events`.
    pub fn events(
        &self,
        from: Revision,
        budget: usize,
        wanted: &mut dyn FnMut(&[u8]) -> bool,
    ) -> Result<(Vec<RevisionEvents>, Revision), RangeError> {
        if from < self.compacted {
            return Err(RevisionError::Compacted { compacted: self.compacted }.into());
        }
        let until = self.revision.next();
        if from >= until {
            return Ok((Vec::new(), from));
        }
        let mut collected: Vec<RevisionEvents> = Vec::new();
        let mut count = 0;
        let mut rows = 0;
        let mut last = None;
        let lower = event::seek_key(from);
        let upper = event::seek_key(until);
        let mut cursor = self.rows.scan(Table::Events, &lower, Some(&upper), Direction::Forward)?;
        while let Some((row_key, value)) = cursor.current() {
            let id = event::decode_key(row_key)?;
            if last != Some(id.main) {
                if count >= budget || rows >= EVENT_SCAN_ROWS_MAX {
                    return Ok((collected, id.main));
                }
                self.expect_no_gap(from, last, id.main)?;
                last = Some(id.main);
            }
            rows += 1;
            let (kind, mark, key) = event::decode_value(value)?;
            if wanted(key)
                && let Some(event) = self.event(id, (kind, mark), Bytes::copy_from_slice(key))?
            {
                count += 1;
                match collected.last_mut() {
                    Some(newest) if newest.revision == id.main => newest.events.push(event),
                    _ => collected.push(RevisionEvents { revision: id.main, events: vec![event] }),
                }
            }
            cursor.advance()?;
        }
        self.expect_no_gap(from, last, until)?;
        Ok((collected, until))
    }

    /// Every revision above the compacted one wrote at least one row, so a hole means that rows were dropped below
    /// this view, and going on would lose events.
    fn expect_no_gap(&self, from: Revision, last: Option<Revision>, next: Revision) -> Result<(), RowsFault> {
        let first_expected = from.max(self.compacted.next()).max(Revision::FRESH.next());
        let expected = last.map_or(first_expected, |last| last.next().max(first_expected));
        if next > expected {
            return Err(damaged(Table::Events, &format!("no events between {expected} and {next}")));
        }
        Ok(())
    }

    /// The event of one change; none for a write at the compacted revision that the same revision took back.
    fn event(
        &self,
        id: VersionId,
        (kind, v2): (ChangeKind, Option<V2Mark>),
        key: Bytes,
    ) -> Result<Option<Event>, RowsFault> {
        let stored = self.version(&key, id)?;
        let prev_kv = match (kind, stored.as_ref().and_then(|stored| stored.record.previous)) {
            (ChangeKind::Create, _) | (_, None) => None,
            (_, Some(previous)) => self.previous(&key, previous, id.main)?,
        };
        let (kind, kv) = match (kind, stored) {
            (ChangeKind::Delete, _) => (EventKind::Delete, deleted(key, id.main)),
            (_, Some(stored)) => (EventKind::Put, stored.to_key_value(key)),
            (_, None) if id.main <= self.compacted => return Ok(None),
            (_, None) => return Err(damaged(Table::History, &format!("no version of revision {}", id.main))),
        };
        Ok(Some(Event { kind, kv, prev_kv, v2 }))
    }

    /// One version of a key, unless it ended at or before the compacted revision, whether or not its row was dropped
    /// already.
    fn version(&self, key: &[u8], id: VersionId) -> Result<Option<Stored>, RowsFault> {
        if let Some(row) = self.rows.get(Table::Current, key)? {
            let stored = Stored::decode(row, Table::Current)?;
            if stored.record.id == id {
                return Ok(Some(stored));
            }
        }
        let Some(value) = self.rows.get(Table::History, &history::key(key, id))? else { return Ok(None) };
        let (superseded, row) = history::decode_value(&value)?;
        if superseded <= self.compacted {
            return Ok(None);
        }
        Stored::decode(value.slice_ref(row), Table::History).map(Some)
    }

    /// The version before the change of `revision`; none when it ended at the compacted revision.
    fn previous(
        &self,
        key: &Bytes,
        id: VersionId,
        revision: Revision,
    ) -> Result<Option<KeyValue>, RowsFault> {
        match self.version(key, id)? {
            Some(stored) => Ok(stored.record.live.then(|| stored.to_key_value(key.clone()))),
            None if revision <= self.compacted => Ok(None),
            None => Err(damaged(Table::History, &format!("no version before revision {revision}"))),
        }
    }

    /// One lease.
    pub fn lease(&self, id: LeaseId) -> Result<Option<LeaseRecord>, RowsFault> {
        let row = self.rows.get(Table::Leases, &lease::key(id))?;
        row.map(|row| lease::decode_value(id, &row)).transpose()
    }

    /// The keys attached to a lease, in key order.
    pub fn lease_keys(&self, id: LeaseId) -> Result<Vec<Bytes>, RowsFault> {
        let (lower, upper) = lease::attachment_bounds(id);
        let upper = upper.as_ref().map(<[u8; 8]>::as_slice);
        let mut keys = Vec::new();
        let mut cursor = self.rows.scan(Table::LeaseKeys, &lower, upper, Direction::Forward)?;
        while let Some((row_key, _)) = cursor.current() {
            let (_, key) = lease::decode_attachment_key(row_key)?;
            keys.push(Bytes::copy_from_slice(key));
            cursor.advance()?;
        }
        Ok(keys)
    }
}

/// What a deletion's event tells of the key: its name and the revision only.
pub(crate) fn deleted(key: Bytes, revision: Revision) -> KeyValue {
    KeyValue { key, mod_revision: revision, ..KeyValue::default() }
}
