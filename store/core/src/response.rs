//! What the core answers, and the events it tells watchers about. Free of wire types and of headers, which the
//! server adds.

use bytes::Bytes;

use crate::auth::{Role, User};
use crate::error::ApplyError;
use crate::ids::{LeaseId, MemberId, Revision};
use crate::v2::{V2Event, V2Mark};

/// One version of a key, as clients see it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeyValue {
    /// The key.
    pub key: Bytes,
    /// The value; empty when only keys were asked for.
    pub value: Bytes,
    /// Revision of the key's creation.
    pub create_revision: Revision,
    /// Revision of this version.
    pub mod_revision: Revision,
    /// 1 for a creation, one more for each change since.
    pub version: i64,
    /// The attached lease, or none.
    pub lease: LeaseId,
}

/// Answer of a range.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RangeResponse {
    /// The keys, cut to the limit.
    pub kvs: Vec<KeyValue>,
    /// Whether the limit cut something off.
    pub more: bool,
    /// Number of keys in the range, whatever the limit and the filters.
    pub count: u64,
}

/// Answer of a put.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PutResponse {
    /// The replaced version, when it was asked for and there was one.
    pub prev_kv: Option<KeyValue>,
}

/// Answer of a deletion.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeleteRangeResponse {
    /// Number of keys deleted.
    pub deleted: u64,
    /// The deleted versions, when asked for.
    pub prev_kvs: Vec<KeyValue>,
}

/// Answer of one operation of a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TxnOperationResponse {
    /// Of a range.
    Range(RangeResponse),
    /// Of a put.
    Put(PutResponse),
    /// Of a deletion.
    DeleteRange(DeleteRangeResponse),
    /// Of a nested transaction.
    Txn(TxnResponse),
}

/// Answer of a transaction.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TxnResponse {
    /// Whether all compares held.
    pub succeeded: bool,
    /// The answers of the branch that ran, in its order.
    pub responses: Vec<TxnOperationResponse>,
    /// The revision of the transaction's own writes when it wrote, else the revision it read at. Headers inside
    /// the answer carry this number (etcd fills only `revision` there).
    pub revision: Revision,
}

/// What an alarm is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AlarmKind {
    /// The space quota is used up.
    NoSpace,
    /// A member's data differs from the others'.
    Corrupt,
}

/// One raised alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Alarm {
    /// Which member raised it.
    pub member: MemberId,
    /// What about.
    pub kind: AlarmKind,
}

/// Answer of a command that was applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Response {
    /// Of a put.
    Put(PutResponse),
    /// Of a deletion.
    DeleteRange(DeleteRangeResponse),
    /// Of a transaction.
    Txn(TxnResponse),
    /// Of a compaction.
    Compact,
    /// Of a lease grant.
    LeaseGrant {
        /// The lease.
        id: LeaseId,
        /// The time to live that was granted.
        ttl_seconds: i64,
    },
    /// Of a lease's revocation.
    LeaseRevoke,
    /// Of an expiry entry, a checkpoint, or another command that nobody waits for.
    Done,
    /// Of an alarm call: the alarms that it concerned.
    Alarm(Vec<Alarm>),
    /// Of a change through the v2 API.
    V2(Box<V2Event>),
    /// Of a PUT to a user through the v2 API: the user as it is now, and whether it is new.
    V2User(Box<User>, bool),
    /// Of a PUT to a role through the v2 API: the role as it is now.
    V2Role(Box<Role>),
}

/// An applied command's outcome with the store revision right after it, which becomes the header's revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// Store revision after the command.
    pub revision: Revision,
    /// The answer, or the refusal. A refusal is a normal outcome of an applied entry.
    pub result: Result<Response, ApplyError>,
}

/// Whether an event is a write or a deletion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    /// A key was written.
    Put,
    /// A key was deleted, revoked or expired.
    Delete,
}

/// One change of one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Write or deletion.
    pub kind: EventKind,
    /// The new version; for a deletion only `key` and `mod_revision` are set.
    pub kv: KeyValue,
    /// The version before, if there was one and it is not compacted.
    pub prev_kv: Option<KeyValue>,
    /// What the v2 API made of it; none for a change through the v3 API.
    pub v2: Option<V2Mark>,
}

/// All events of one revision, in the order of their sub-revisions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevisionEvents {
    /// The revision.
    pub revision: Revision,
    /// Its events; never empty.
    pub events: Vec<Event>,
}
