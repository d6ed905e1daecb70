//! Writing and ending versions of keys: the one place where `cur`, `hist`, `evt`, `lkey`, the accumulator and the rank
//! index change together. Must not check anything: callers did.

use bytes::Bytes;

use super::ApplyBatch;
use crate::fingerprint;
use crate::ids::{LeaseId, Revision};
use crate::layout::event::{self, ChangeKind};
use crate::layout::record::{Record, VersionId};
use crate::layout::{history, lease};
use crate::read::deleted;
use crate::read::state::Stored;
use crate::response::{Event, EventKind, KeyValue};
use crate::rows::{RowsFault, Table};
use crate::v2::V2Mark;

/// Whether a new version of a key that is there goes on with its life (create revision and version) or begins anew.
#[derive(Debug, Clone, Copy)]
pub(super) enum Life {
    /// It goes on.
    Goes,
    /// It goes on, by a change of the v2 API.
    GoesMarked(V2Mark),
    /// It begins anew, by a change of the v2 API.
    BeginsMarked(V2Mark),
}

impl ApplyBatch<'_> {
    /// Which version a change that follows `pending` makes.
    fn next_version(&self, pending: &[Event]) -> VersionId {
        let sub =
            u32::try_from(pending.len()).expect("a revision has fewer changes than a command has bytes");
        VersionId { main: self.head.revision.next(), sub }
    }

    /// Writes a new version of `key`, whose newest version is `old`.
    pub(super) fn write_key(
        &mut self,
        pending: &mut Vec<Event>,
        key: &Bytes,
        value: Bytes,
        lease: LeaseId,
        old: Option<&Stored>,
    ) -> Result<(), RowsFault> {
        self.write_version(pending, key, (value, lease), old, Life::Goes)
    }

    /// Writes a new version of `key` with value and lease.
    pub(super) fn write_version(
        &mut self,
        pending: &mut Vec<Event>,
        key: &Bytes,
        (value, lease): (Bytes, LeaseId),
        old: Option<&Stored>,
        life: Life,
    ) -> Result<(), RowsFault> {
        let id = self.next_version(pending);
        let old_live = old.filter(|old| old.record.live);
        let kind = if old_live.is_some() { ChangeKind::Update } else { ChangeKind::Create };
        let (v2, age) = match (life, old_live) {
            (Life::Goes, Some(old)) => (None, (old.record.create_revision, old.record.version + 1)),
            (Life::GoesMarked(mark), Some(old)) => {
                (Some(mark), (old.record.create_revision, old.record.version + 1))
            }
            (Life::Goes, None) => (None, (id.main, 1)),
            (Life::GoesMarked(mark), None) | (Life::BeginsMarked(mark), _) => (Some(mark), (id.main, 1)),
        };
        let record = Record::live(key, &value, id, age, lease, old.map(|old| old.record.id));
        self.overlay.put(Table::Current, key.clone(), record.encode(&value));
        self.overlay.put(Table::Events, event_key(id), event::encode_value(kind, v2.as_ref(), key));
        self.supersede(key, old, id.main);
        self.head.accumulator = self.head.accumulator.wrapping_add(fingerprint::contribution(&record));
        self.move_lease(key, old_live.map_or(LeaseId::NONE, |old| old.record.lease), lease);
        if old_live.is_none() {
            self.ranks.created(key, &self.overlay)?;
        }
        let kv = KeyValue {
            key: key.clone(),
            value,
            create_revision: record.create_revision,
            mod_revision: id.main,
            version: record.version,
            lease,
        };
        let prev_kv = old_live.map(|old| old.to_key_value(key.clone()));
        pending.push(Event { kind: EventKind::Put, kv, prev_kv, v2 });
        Ok(())
    }

    /// Ends `key`, whose newest version is the live `old`.
    pub(super) fn erase_key(
        &mut self,
        pending: &mut Vec<Event>,
        key: Bytes,
        old: &Stored,
        v2: Option<V2Mark>,
    ) -> Result<(), RowsFault> {
        let id = self.next_version(pending);
        let record = Record::tombstone(&key, id, Some(old.record.id));
        self.overlay.put(Table::Current, key.clone(), record.encode(&[]));
        let row = event::encode_value(ChangeKind::Delete, v2.as_ref(), &key);
        self.overlay.put(Table::Events, event_key(id), row);
        self.supersede(&key, Some(old), id.main);
        self.move_lease(&key, old.record.lease, LeaseId::NONE);
        self.ranks.deleted(&key)?;
        let prev_kv = Some(old.to_key_value(key.clone()));
        pending.push(Event { kind: EventKind::Delete, kv: deleted(key, id.main), prev_kv, v2 });
        Ok(())
    }

    /// Moves the replaced version to history and takes it out of the accumulator.
    fn supersede(&mut self, key: &[u8], old: Option<&Stored>, main: Revision) {
        let Some(old) = old else { return };
        let row = history::encode_value(main, &old.row);
        self.overlay.put(Table::History, history::key(key, old.record.id).into(), row);
        if old.record.live {
            let contribution = fingerprint::contribution(&old.record);
            self.head.accumulator = self.head.accumulator.wrapping_sub(contribution);
        }
    }

    fn move_lease(&mut self, key: &[u8], from: LeaseId, to: LeaseId) {
        if from == to {
            return;
        }
        if !from.is_none() {
            self.overlay.delete(Table::LeaseKeys, lease::attachment_key(from, key));
        }
        if !to.is_none() {
            self.overlay.put(Table::LeaseKeys, lease::attachment_key(to, key), Bytes::new());
        }
    }
}

fn event_key(id: VersionId) -> Bytes {
    Bytes::copy_from_slice(&event::key(id))
}
