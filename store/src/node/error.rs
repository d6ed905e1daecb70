//! Every way in which a call on the node can fail. The wire texts and codes are given in `api/error.rs` only.

use holdfast_consensus::handle::{BarrierError, ChangeError, ProposeError};
use holdfast_core::auth::{AccessError, PermissionError};
use holdfast_core::error::{ApplyError, RangeError};
use holdfast_core::rows::RowsFault;

use crate::auth::LoginError;

/// Why a call has no answer.
#[derive(Debug, Clone, thiserror::Error)]
pub enum NodeError {
    /// The command was refused by the state machine.
    #[error(transparent)]
    Apply(#[from] ApplyError),
    /// The proposal has no outcome.
    #[error(transparent)]
    Propose(#[from] ProposeError),
    /// The linearizable read could not be confirmed.
    #[error(transparent)]
    Barrier(#[from] BarrierError),
    /// The range cannot be read.
    #[error(transparent)]
    Range(#[from] RangeError),
    /// Storage failed.
    #[error(transparent)]
    Fault(#[from] RowsFault),
    /// Nobody knows who asks.
    #[error(transparent)]
    Login(#[from] LoginError),
    /// The caller may not do this.
    #[error(transparent)]
    Permission(#[from] PermissionError),
    /// The time to live is above the maximum.
    #[error("lease TTL too large")]
    LeaseTtlTooLarge,
    /// The space quota is used up (admission, before the alarm is up everywhere).
    #[error("space quota exceeded")]
    NoSpace,
    /// The leader did not answer a lease call in time.
    #[error("leader did not answer the lease call in time")]
    LeaseForwardTimeout,
    /// The lease is not known.
    #[error("lease not found")]
    LeaseNotFound,
    /// Only the leader can do this.
    #[error("not leader")]
    NotLeader,
    /// The member to lead next is unknown or does not vote.
    #[error("bad leader transferee")]
    BadTransferee,
    /// The membership is not changed.
    #[error(transparent)]
    Change(#[from] ChangeError),
}

impl From<AccessError> for NodeError {
    fn from(error: AccessError) -> NodeError {
        match error {
            AccessError::Refused(refusal) => refusal.into(),
            AccessError::Fault(fault) => fault.into(),
        }
    }
}
