//! Reads against a published view: ranges, counts, history, leases, hashes. Never changes anything.

use crate::error::{RangeError, RevisionError};
use crate::head::Head;
use crate::ids::{LeaseId, LogPosition, MemberId, Revision};
use crate::key_range::KeyRange;
use crate::request::RangeRequest;
use crate::response::{KeyValue, RangeResponse, RevisionEvents};
use crate::rows::{Rows, RowsFault};
use bytes::Bytes;
use std::sync::Arc;

/// The state right after some applied entry: rows, head and rank index that belong together. Cheap to clone.
#[derive(Clone)]
pub struct ReadView {
    rows: Arc<dyn Rows>,
    head: Arc<Head>,
}

/// One key of a range as it lies in storage, lent for as long as the sink looks at it.
#[derive(Debug, Clone, Copy)]
pub struct KeyValueRef<'a> {
    /// The key.
    pub key: &'a [u8],
    /// The value, empty when only keys were asked for.
    pub value: &'a [u8],
    /// Create revision.
    pub create_revision: Revision,
    /// Modification revision.
    pub mod_revision: Revision,
    /// Version.
    pub version: i64,
    /// Lease or none.
    pub lease: LeaseId,
}

/// How many keys a range has and whether it was cut; the keys went to the sink.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RangeSummary {
    /// Whether the limit cut something off.
    pub more: bool,
    /// Keys in the range, whatever limit and filters.
    pub count: u64,
}

/// What is known of a lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeaseRecord {
    /// The lease.
    pub id: LeaseId,
    /// Granted time to live.
    pub granted_ttl_seconds: i64,
    /// What remained at the last checkpoint; equal to the granted time when there was none.
    pub remaining_ttl_seconds: i64,
}

/// The state's fingerprint at a revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StateHash {
    /// The revision the hash is of.
    pub revision: Revision,
    /// The compacted revision it was taken under.
    pub compacted: Revision,
    /// Folded to 32 bits for etcd's HashKV answer.
    pub hash: u32,
}

impl ReadView {
    /// The head this view belongs to.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// The raw rows.
    pub fn rows(&self) -> &dyn Rows {
        self.rows.as_ref()
    }

    /// Reads a range, handing each key to `sink` in order. Constant memory when the order is by ascending or
    /// descending key and no sort by another property is asked for.
    pub fn range_into(
        &self,
        request: &RangeRequest,
        sink: &mut dyn FnMut(KeyValueRef<'_>),
    ) -> Result<RangeSummary, RangeError> {
        let _ = (request, sink);
        todo!()
    }

    /// Reads a range into memory.
    pub fn range(&self, request: &RangeRequest) -> Result<RangeResponse, RangeError> {
        let _ = request;
        todo!()
    }

    /// The newest version of one key.
    pub fn get(&self, key: &[u8]) -> Result<Option<KeyValue>, RowsFault> {
        let _ = key;
        todo!()
    }

    /// Number of live keys in `range` at `revision` (newest when `None`), in time that grows with the logarithm of
    /// the number of keys, plus the number of changes since `revision`.
    pub fn count(&self, range: &KeyRange, revision: Option<Revision>) -> Result<u64, RangeError> {
        let _ = (range, revision);
        todo!()
    }

    /// The events of the revisions `from..`, oldest first, until `budget` events were collected (a revision is never
    /// split) or this view's revision is reached. Only events whose key `wanted` accepts are returned; revisions
    /// without one are left out. Also returns the first revision that was not looked at.
    pub fn events(
        &self,
        from: Revision,
        budget: usize,
        wanted: &mut dyn FnMut(&[u8]) -> bool,
    ) -> Result<(Vec<RevisionEvents>, Revision), RangeError> {
        let _ = (from, budget, wanted);
        todo!()
    }

    /// One lease.
    pub fn lease(&self, id: LeaseId) -> Result<Option<LeaseRecord>, RowsFault> {
        let _ = id;
        todo!()
    }

    /// All leases, by id.
    pub fn leases(&self) -> Result<Vec<LeaseRecord>, RowsFault> {
        todo!()
    }

    /// The keys attached to a lease, in key order.
    pub fn lease_keys(&self, id: LeaseId) -> Result<Vec<Bytes>, RowsFault> {
        let _ = id;
        todo!()
    }

    /// The state's hash at `revision` (newest when `None`): from the recent pairs when they reach back, else by a scan.
    pub fn hash(&self, revision: Option<Revision>) -> Result<StateHash, RangeError> {
        let _ = revision;
        todo!()
    }

    /// Consensus' encoding of the membership and the log position it is in effect since.
    pub fn membership(&self) -> Result<Option<(LogPosition, Bytes)>, RowsFault> {
        todo!()
    }

    /// What members published about themselves (`Operation::MemberPublish`), by member id.
    pub fn published_members(&self) -> Result<Vec<(MemberId, Bytes)>, RowsFault> {
        todo!()
    }

    /// The cluster version, once set.
    pub fn cluster_version(&self) -> Result<Option<String>, RowsFault> {
        todo!()
    }

    /// Whether `revision` can be read here.
    pub fn check_revision(&self, revision: Revision) -> Result<(), RevisionError> {
        let _ = revision;
        todo!()
    }
}
