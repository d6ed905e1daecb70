//! Requests as the core understands them: already checked at the border, free of wire types. Field meanings are
//! etcd's (`RangeRequest`, `PutRequest`, `DeleteRangeRequest`, `TxnRequest` of etcdserverpb).

use bytes::Bytes;

use crate::ids::{LeaseId, Revision};
use crate::key_range::KeyRange;

/// What a range is ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SortTarget {
    /// The key.
    #[default]
    Key,
    /// The version.
    Version,
    /// The create revision.
    Create,
    /// The modification revision.
    Mod,
    /// The value.
    Value,
}

/// In which direction a range is ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SortOrder {
    /// As stored, that is by ascending key; a target other than the key counts as `Ascend` (etcd's rule).
    #[default]
    None,
    /// Ascending.
    Ascend,
    /// Descending.
    Descend,
}

/// Reads the keys of a range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RangeRequest {
    /// Which keys.
    pub range: KeyRange,
    /// At most this many; 0 is no limit.
    pub limit: u64,
    /// At which revision; `None` is the newest.
    pub revision: Option<Revision>,
    /// Direction of the order.
    pub order: SortOrder,
    /// What is ordered by.
    pub target: SortTarget,
    /// Leave the values out.
    pub keys_only: bool,
    /// Answer only the count.
    pub count_only: bool,
    /// Lowest modification revision, 0 for none.
    pub min_mod_revision: i64,
    /// Highest modification revision, 0 for none.
    pub max_mod_revision: i64,
    /// Lowest create revision, 0 for none.
    pub min_create_revision: i64,
    /// Highest create revision, 0 for none.
    pub max_create_revision: i64,
}

impl RangeRequest {
    /// Everything in `range` at the newest revision, in key order.
    pub fn all(range: KeyRange) -> RangeRequest {
        RangeRequest {
            range,
            limit: 0,
            revision: None,
            order: SortOrder::None,
            target: SortTarget::Key,
            keys_only: false,
            count_only: false,
            min_mod_revision: 0,
            max_mod_revision: 0,
            min_create_revision: 0,
            max_create_revision: 0,
        }
    }
}

/// Writes one key.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PutRequest {
    /// The key, not empty.
    pub key: Bytes,
    /// The value.
    pub value: Bytes,
    /// The lease to attach; none detaches.
    pub lease: LeaseId,
    /// Answer the version that was replaced.
    pub prev_kv: bool,
    /// Keep the stored value.
    pub ignore_value: bool,
    /// Keep the stored lease.
    pub ignore_lease: bool,
}

/// Deletes the keys of a range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteRangeRequest {
    /// Which keys.
    pub range: KeyRange,
    /// Answer the versions that were deleted.
    pub prev_kv: bool,
}

/// How a compare relates the stored to the given value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CompareResult {
    /// Stored = given.
    Equal,
    /// Stored > given.
    Greater,
    /// Stored < given.
    Less,
    /// Stored != given.
    NotEqual,
}

/// What a compare looks at, with the given value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CompareTarget {
    /// The key's version.
    Version(i64),
    /// The create revision.
    Create(i64),
    /// The modification revision.
    Mod(i64),
    /// The value; false on a key that is not there, whatever the relation.
    Value(Bytes),
    /// The lease.
    Lease(i64),
}

/// One condition of a transaction; every key of the range must satisfy it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compare {
    /// Which keys.
    pub range: KeyRange,
    /// The relation.
    pub result: CompareResult,
    /// The property and the value to relate it to.
    pub target: CompareTarget,
}

/// One operation of a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TxnOperation {
    /// A read; sees the transaction's earlier writes.
    Range(RangeRequest),
    /// A write.
    Put(PutRequest),
    /// A deletion.
    DeleteRange(DeleteRangeRequest),
    /// A nested transaction.
    Txn(TxnRequest),
}

/// If all compares hold, `success` runs, else `failure`; all at one revision.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TxnRequest {
    /// The conditions.
    pub compares: Vec<Compare>,
    /// What runs when all hold.
    pub success: Vec<TxnOperation>,
    /// What runs when one fails.
    pub failure: Vec<TxnOperation>,
}
