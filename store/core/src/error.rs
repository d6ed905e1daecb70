//! Why the core refuses a command or a read, one enum for each operation. The texts here are for people and logs;
//! the wire texts and codes stand in one table in the server (`api/error.rs`).

use crate::auth::{AuthChangeError, PermissionError, V2AuthError};
use crate::ids::Revision;
use crate::rows::RowsFault;
use crate::v2::V2Error;

/// Why a revision cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RevisionError {
    /// History up to `compacted` is gone.
    #[error("revision is compacted (history begins at {compacted})")]
    Compacted {
        /// The compacted revision, itself still readable.
        compacted: Revision,
    },
    /// The revision was not written yet.
    #[error("revision is in the future (newest is {newest})")]
    Future {
        /// The newest revision.
        newest: Revision,
    },
}

/// Why a range cannot be read.
#[derive(Debug, Clone, thiserror::Error)]
pub enum RangeError {
    /// The revision cannot be read.
    #[error(transparent)]
    Revision(#[from] RevisionError),
    /// Storage failed.
    #[error(transparent)]
    Fault(#[from] RowsFault),
}

/// Why a put is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PutError {
    /// The lease does not exist.
    #[error("lease not found")]
    LeaseNotFound,
    /// `ignore_value` or `ignore_lease` on a key that is not there.
    #[error("key not found")]
    KeyNotFound,
}

/// Why a compaction is refused.
pub type CompactError = RevisionError;

/// Why a transaction is refused; nothing of it was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TxnError {
    /// One of its puts is refused.
    #[error(transparent)]
    Put(#[from] PutError),
    /// One of its ranges names a revision that cannot be read.
    #[error(transparent)]
    Range(#[from] RevisionError),
}

/// Why a lease cannot be granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LeaseGrantError {
    /// The id is taken.
    #[error("lease already exists")]
    Exists,
}

/// Why a lease cannot be revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LeaseRevokeError {
    /// There is no such lease.
    #[error("lease not found")]
    NotFound,
}

/// A refusal of any command: the caller's fault, replicated like an answer. A fault of storage is not one of them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApplyError {
    /// Of a put.
    #[error(transparent)]
    Put(#[from] PutError),
    /// Of a transaction.
    #[error(transparent)]
    Txn(#[from] TxnError),
    /// Of a compaction.
    #[error(transparent)]
    Compact(#[from] CompactError),
    /// Of a lease grant.
    #[error(transparent)]
    LeaseGrant(#[from] LeaseGrantError),
    /// Of a lease's revocation.
    #[error(transparent)]
    LeaseRevoke(#[from] LeaseRevokeError),
    /// Of a change through the v2 API.
    #[error(transparent)]
    V2(#[from] V2Error),
    /// Of a change of users and roles.
    #[error(transparent)]
    Auth(#[from] AuthChangeError),
    /// Of a change of users and roles through the v2 API.
    #[error(transparent)]
    V2Auth(#[from] V2AuthError),
    /// The caller may not do this.
    #[error(transparent)]
    Permission(#[from] PermissionError),
    /// The space alarm is up and the command would add data.
    #[error("space quota exceeded")]
    NoSpace,
    /// The corruption alarm is up.
    #[error("cluster is corrupt")]
    Corrupt,
    /// An expiry that a deposed leader proposed.
    #[error("expiry by a leader of an older term")]
    StaleExpiry,
}
