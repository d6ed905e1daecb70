//! What one log entry of the state machine carries. Encoded by `codec`; decoded on every member to the same value.

use bytes::Bytes;

use crate::auth::{AuthChange, Caller};
use crate::ids::{LeaseId, MemberId, Revision, Term};
use crate::request::{DeleteRangeRequest, PutRequest, TxnRequest};
use crate::response::AlarmKind;
use crate::v2::V2Request;

/// A command with the identity it was made under.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Command {
    /// On whose behalf.
    pub caller: Caller,
    /// What to do.
    pub operation: Operation,
}

impl From<Operation> for Command {
    fn from(operation: Operation) -> Command {
        Command { operation, ..Command::default() }
    }
}

impl Command {
    /// What a member proposes on its own behalf.
    pub fn of_member(operation: Operation) -> Command {
        Command { caller: Caller::Member, operation }
    }
}

/// What a command does.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Operation {
    /// Nothing; still advances the applied index.
    #[default]
    Noop,
    /// Writes one key.
    Put(PutRequest),
    /// Deletes a range.
    DeleteRange(DeleteRangeRequest),
    /// Runs a transaction.
    Txn(TxnRequest),
    /// Forgets history up to and including this revision.
    Compact {
        /// The revision.
        revision: Revision,
    },
    /// Makes a lease.
    LeaseGrant {
        /// Its id, already chosen, positive.
        id: LeaseId,
        /// Its time to live, already raised to the minimum and checked against the maximum.
        ttl_seconds: i64,
    },
    /// Ends a lease at a client's wish and deletes its keys in one revision.
    LeaseRevoke {
        /// The lease.
        id: LeaseId,
    },
    /// Ends leases whose time has run out. Ids that are gone are passed over. Proposed by the leader only; an entry
    /// whose `term` is older than the term in which the lease was last granted or checkpointed still applies, since
    /// the log orders it, but an entry proposed by a deposed leader carries a term below the entry's own log term
    /// and is refused as stale (etcd #15247).
    LeaseExpire {
        /// The leases, each ended in a revision of its own.
        ids: Vec<LeaseId>,
        /// The term in which the proposer led.
        term: Term,
    },
    /// Records what remains of leases, so that a new leader does not start them anew.
    LeaseCheckpoint {
        /// Pairs of lease and remaining seconds.
        remaining_seconds: Vec<(LeaseId, i64)>,
    },
    /// Raises an alarm.
    AlarmRaise {
        /// The member it is about.
        member: MemberId,
        /// What about.
        kind: AlarmKind,
    },
    /// Takes alarms back.
    AlarmClear {
        /// The member, or every member when 0.
        member: MemberId,
        /// What about; `None` clears every kind.
        kind: Option<AlarmKind>,
    },
    /// A member makes its name and client URLs known.
    MemberPublish {
        /// The member.
        member: MemberId,
        /// Its name and URLs, encoded by the server crate; opaque here.
        attributes: Bytes,
    },
    /// Sets the cluster version, such as `3.7.0`.
    ClusterVersionSet {
        /// The version.
        version: String,
    },
    /// Changes a node of the v2 API.
    V2(V2Request),
    /// Changes users, roles or whether they matter.
    Auth(AuthChange),
}
