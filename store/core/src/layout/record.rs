//! The record: one version of one key, as it stands in `cur` and, behind its end, in `hist`. A tombstone is a version
//! too. Must not know which of the two tables it lies in.

use bytes::Bytes;
use prost::encoding::{encode_varint, encoded_len_varint};

use crate::fingerprint;
use crate::ids::{LeaseId, Revision};
use crate::layout::{damaged, take, take_varint};
use crate::rows::{RowsFault, Table};

const LIVE: u8 = 1;
const HAS_LEASE: u8 = 1 << 1;
const HAS_PREVIOUS: u8 = 1 << 2;
const KNOWN_FLAGS: u8 = LIVE | HAS_LEASE | HAS_PREVIOUS;

/// Flags, main revision, sub-revision, content hash.
const FIXED_LEN: usize = 1 + 8 + 4 + 8;

/// Which version of a key: the revision that wrote it and the position within that revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VersionId {
    /// The revision.
    pub main: Revision,
    /// The position among the revision's changes, from 0.
    pub sub: u32,
}

/// Everything about one version but its key and its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record {
    /// False for a tombstone.
    pub live: bool,
    /// Which version this is.
    pub id: VersionId,
    /// Hash over the whole version, see `fingerprint::content_hash`.
    pub content_hash: u64,
    /// Revision of the key's creation; `Revision(0)` in a tombstone.
    pub create_revision: Revision,
    /// 1 for a creation; 0 in a tombstone.
    pub version: i64,
    /// The attached lease, or none.
    pub lease: LeaseId,
    /// The version that this one replaced, unless that was compacted away.
    pub previous: Option<VersionId>,
}

impl Record {
    /// A live version of `key` with `value`.
    pub fn live(
        key: &[u8],
        value: &[u8],
        id: VersionId,
        (create_revision, version): (Revision, i64),
        lease: LeaseId,
        previous: Option<VersionId>,
    ) -> Record {
        let mut record =
            Record { live: true, id, content_hash: 0, create_revision, version, lease, previous };
        record.content_hash = fingerprint::content_hash(key, value, &record);
        record
    }

    /// The end of `key`.
    pub fn tombstone(key: &[u8], id: VersionId, previous: Option<VersionId>) -> Record {
        let mut record = Record {
            live: false,
            id,
            content_hash: 0,
            create_revision: Revision(0),
            version: 0,
            lease: LeaseId::NONE,
            previous,
        };
        record.content_hash = fingerprint::content_hash(key, &[], &record);
        record
    }

    /// The row's bytes; `value` is stored verbatim at their end.
    pub fn encode(&self, value: &[u8]) -> Bytes {
        let age = self.id.main.0.abs_diff(self.create_revision.0);
        let version = self.version.unsigned_abs();
        let mut len = FIXED_LEN + value.len();
        let mut flags = 0;
        if self.live {
            flags |= LIVE;
            len += encoded_len_varint(age) + encoded_len_varint(version);
        }
        if !self.lease.is_none() {
            flags |= HAS_LEASE;
            len += 8;
        }
        let previous = self.previous.map(|id| (self.id.main.0.abs_diff(id.main.0), u64::from(id.sub)));
        if let Some((distance, sub)) = previous {
            flags |= HAS_PREVIOUS;
            len += encoded_len_varint(distance) + encoded_len_varint(sub);
        }
        let mut row = Vec::with_capacity(len);
        row.push(flags);
        row.extend_from_slice(&self.id.main.0.to_le_bytes());
        row.extend_from_slice(&self.id.sub.to_le_bytes());
        row.extend_from_slice(&self.content_hash.to_le_bytes());
        if self.live {
            encode_varint(age, &mut row);
            encode_varint(version, &mut row);
        }
        if !self.lease.is_none() {
            row.extend_from_slice(&self.lease.0.to_le_bytes());
        }
        if let Some((distance, sub)) = previous {
            encode_varint(distance, &mut row);
            encode_varint(sub, &mut row);
        }
        row.extend_from_slice(value);
        row.into()
    }

    /// Splits a row into record and value. `table` names the row's table if it is damaged.
    pub fn decode(row: &[u8], table: Table) -> Result<(Record, &[u8]), RowsFault> {
        let mut input = row;
        let [flags] = take(&mut input, table)?;
        if flags & !KNOWN_FLAGS != 0 {
            return Err(damaged(table, "record has unknown flags"));
        }
        let main = i64::from_le_bytes(take(&mut input, table)?);
        let sub = u32::from_le_bytes(take(&mut input, table)?);
        let content_hash = u64::from_le_bytes(take(&mut input, table)?);
        let live = flags & LIVE != 0;
        let (create_revision, version) = if live {
            let create = earlier(main, take_varint(&mut input, table)?, table)?;
            let version = i64::try_from(take_varint(&mut input, table)?)
                .map_err(|_| damaged(table, "version is out of range"))?;
            (create, version)
        } else {
            (Revision(0), 0)
        };
        let lease = if flags & HAS_LEASE != 0 {
            LeaseId(i64::from_le_bytes(take(&mut input, table)?))
        } else {
            LeaseId::NONE
        };
        let previous = if flags & HAS_PREVIOUS != 0 {
            let main = earlier(main, take_varint(&mut input, table)?, table)?;
            let sub = u32::try_from(take_varint(&mut input, table)?)
                .map_err(|_| damaged(table, "sub-revision is out of range"))?;
            Some(VersionId { main, sub })
        } else {
            None
        };
        let id = VersionId { main: Revision(main), sub };
        Ok((Record { live, id, content_hash, create_revision, version, lease, previous }, input))
    }
}

/// The revision `distance` before `main`.
fn earlier(main: i64, distance: u64, table: Table) -> Result<Revision, RowsFault> {
    i64::try_from(distance)
        .ok()
        .and_then(|distance| main.checked_sub(distance))
        .map(Revision)
        .ok_or_else(|| damaged(table, "revision is out of range"))
}

#[cfg(test)]
mod tests;
