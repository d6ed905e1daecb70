//! Reads against a published view: ranges, counts, history, leases, hashes. Never changes anything.

use std::sync::Arc;

use bytes::Bytes;

use crate::auth::{AuthState, Caller, Guard};
use crate::error::{RangeError, RevisionError};
use crate::hash_history::HashHistory;
use crate::head::Head;
use crate::ids::{AuthRevision, LeaseId, LogPosition, MemberId, Revision};
use crate::key_range::KeyRange;
use crate::layout::{lease as lease_row, system};
use crate::rank::tree::ChunkTree;
use crate::request::{Compare, RangeRequest};
use crate::response::{KeyValue, RangeResponse, RevisionEvents};
use crate::rows::{Direction, Rows, RowsFault, Table};

mod compare;
mod count;
mod events;
mod hash;
mod range;
pub(crate) mod state;

pub(crate) use events::deleted;
use state::State;

/// The state right after some applied entry: rows, head and rank index that belong together. Cheap to clone.
#[derive(Clone)]
pub struct ReadView {
    rows: Arc<dyn Rows>,
    head: Arc<Head>,
    auth: Arc<AuthState>,
    ranks: ChunkTree,
    hashes: HashHistory,
}

/// One key of a range as it lies in storage, lent for as long as the sink looks at it.
#[derive(Debug, Clone, Copy, Default)]
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
    /// When the node of the v2 API ends that this lease was made for, in nanoseconds since 1970; none for a lease of
    /// the v3 API.
    pub expiration_unix_nanos: Option<i64>,
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
    /// Puts the parts of one moment together; only `Machine::read_view` knows which belong together.
    pub(crate) fn new(
        rows: Arc<dyn Rows>,
        head: Arc<Head>,
        auth: Arc<AuthState>,
        ranks: ChunkTree,
        hashes: HashHistory,
    ) -> ReadView {
        ReadView { rows, head, auth, ranks, hashes }
    }

    /// Users, roles and what follows from them.
    pub fn auth(&self) -> &AuthState {
        &self.auth
    }

    /// Checks of what a caller may see of this view.
    pub fn guard<'a>(&'a self, caller: &'a Caller) -> Guard<'a> {
        Guard::new(&self.auth, self.state(), caller)
    }

    /// The head this view belongs to.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// The raw rows.
    pub fn rows(&self) -> &dyn Rows {
        self.rows.as_ref()
    }

    pub(crate) fn state(&self) -> State<'_> {
        State {
            rows: self.rows.as_ref(),
            revision: self.head.revision,
            compacted: self.head.compacted,
            ranks: &self.ranks,
        }
    }

    /// Reads a range, handing each key to `sink` in order. Constant memory when the order is by ascending or
    /// descending key and no sort by another property is asked for.
    pub fn range_into(
        &self,
        request: &RangeRequest,
        sink: &mut dyn FnMut(KeyValueRef<'_>),
    ) -> Result<RangeSummary, RangeError> {
        self.state().range_into(request, sink)
    }

    /// Reads a range into memory.
    pub fn range(&self, request: &RangeRequest) -> Result<RangeResponse, RangeError> {
        self.state().range(request)
    }

    /// The newest version of one key.
    pub fn get(&self, key: &[u8]) -> Result<Option<KeyValue>, RowsFault> {
        let stored = self.state().newest(key)?.filter(|stored| stored.record.live);
        Ok(stored.map(|stored| stored.to_key_value(Bytes::copy_from_slice(key))))
    }

    /// Number of live keys in `range` at `revision` (newest when `None`), in time that grows with the logarithm of
    /// the number of keys, plus the smaller of the number of changes since `revision` and the number of keys.
    pub fn count(&self, range: &KeyRange, revision: Option<Revision>) -> Result<u64, RangeError> {
        let state = self.state();
        let revision = state.resolve(revision)?;
        Ok(state.count_at(range, revision)?)
    }

    /// Whether all compares of a transaction hold, so that one that only reads can be answered without the log.
    pub fn all_hold(&self, compares: &[Compare]) -> Result<bool, RowsFault> {
        self.state().all_hold(compares)
    }

    /// The events of the revisions `from..`, oldest first, until `budget` events were collected (a revision is never
    /// split), `EVENT_SCAN_ROWS_MAX` changes were looked at, or this view's revision is reached. Only events whose key
    /// `wanted` accepts are returned; revisions without one are left out. Also returns the first revision that was not
    /// looked at.
    pub fn events(
        &self,
        from: Revision,
        budget: usize,
        wanted: &mut dyn FnMut(&[u8]) -> bool,
    ) -> Result<(Vec<RevisionEvents>, Revision), RangeError> {
        self.state().events(from, budget, wanted)
    }

    /// One lease.
    pub fn lease(&self, id: LeaseId) -> Result<Option<LeaseRecord>, RowsFault> {
        self.state().lease(id)
    }

    /// All leases, by id.
    pub fn leases(&self) -> Result<Vec<LeaseRecord>, RowsFault> {
        let mut leases = Vec::new();
        let mut cursor = self.rows.scan(Table::Leases, &[], None, Direction::Forward)?;
        while let Some((key, value)) = cursor.current() {
            leases.push(lease_row::decode_value(lease_row::decode_key(key)?, value)?);
            cursor.advance()?;
        }
        Ok(leases)
    }

    /// The keys attached to a lease, in key order.
    pub fn lease_keys(&self, id: LeaseId) -> Result<Vec<Bytes>, RowsFault> {
        self.state().lease_keys(id)
    }

    /// The state's hash at `revision` (newest when `None`): from the recent pairs when they reach back, else by a scan.
    pub fn hash(&self, revision: Option<Revision>) -> Result<StateHash, RangeError> {
        let state = self.state();
        let revision = state.resolve(revision)?;
        let known = if revision == self.head.revision {
            Some(self.head.accumulator)
        } else {
            self.hashes.get(revision)
        };
        let accumulator = match known {
            Some(accumulator) => accumulator,
            None => state.accumulate(revision)?,
        };
        let hash = crate::fingerprint::fold(accumulator);
        Ok(StateHash { revision, compacted: self.head.compacted, hash })
    }

    /// The newest state's hash as one number, over keys, users and roles.
    pub fn hash_all(&self) -> Result<u32, RowsFault> {
        let auth = u128::from(self.state().hash_auth()?);
        Ok(crate::fingerprint::fold(self.head.accumulator ^ auth))
    }

    /// The revision of users and roles with a hash over all their rows as they lie in storage: equal on members that stand
    /// at the same one.
    pub fn auth_hash(&self) -> Result<(AuthRevision, u64), RowsFault> {
        Ok((self.auth.revision(), self.state().hash_auth()?))
    }

    /// The accumulator at this view's revision, computed anew from keys and values as they lie in storage. Differs
    /// from `head().accumulator` only when storage is damaged.
    pub fn recompute_accumulator(&self) -> Result<u128, RowsFault> {
        self.state().accumulate(self.head.revision)
    }

    /// Consensus' encoding of the membership and the log position it is in effect since.
    pub fn membership(&self) -> Result<Option<(LogPosition, Bytes)>, RowsFault> {
        let Some(row) = self.rows.get(Table::System, system::MEMBERSHIP)? else { return Ok(None) };
        let (position, encoded) = system::decode_membership(&row)?;
        Ok(Some((position, row.slice_ref(encoded))))
    }

    /// What members published about themselves (`Operation::MemberPublish`), by member id.
    pub fn published_members(&self) -> Result<Vec<(MemberId, Bytes)>, RowsFault> {
        let (lower, upper) = system::member_bounds();
        let mut members = Vec::new();
        let mut cursor = self.rows.scan(Table::System, lower, Some(upper), Direction::Forward)?;
        while let Some((key, value)) = cursor.current() {
            members.push((system::decode_member_key(key)?, Bytes::copy_from_slice(value)));
            cursor.advance()?;
        }
        Ok(members)
    }

    /// The ids of members that were removed.
    pub fn removed_members(&self) -> Result<Vec<MemberId>, RowsFault> {
        let (lower, upper) = system::removed_bounds();
        let mut members = Vec::new();
        let mut cursor = self.rows.scan(Table::System, lower, Some(upper), Direction::Forward)?;
        while let Some((key, _)) = cursor.current() {
            members.push(system::decode_removed_key(key)?);
            cursor.advance()?;
        }
        Ok(members)
    }

    /// The cluster version, once set.
    pub fn cluster_version(&self) -> Result<Option<String>, RowsFault> {
        let row = self.rows.get(Table::System, system::CLUSTER_VERSION)?;
        row.map(|row| system::decode_cluster_version(&row)).transpose()
    }

    /// Whether `revision` can be read here.
    pub fn check_revision(&self, revision: Revision) -> Result<(), RevisionError> {
        self.state().check_revision(revision)
    }
}
