//! The node as the API layers see it: reads, proposals, leases, members and status of this member. It knows core
//! types only; wire messages stop in `api`.

mod error;

use std::sync::Arc;

use holdfast_consensus::handle::{Consensus, ConsensusStatus, Peer};
use holdfast_core::command::Operation;
use holdfast_core::ids::{ClusterId, LeaseId, MemberId, Revision, Term};
use holdfast_core::read::ReadView;
use holdfast_core::response::{Alarm, AlarmKind, Response};

pub use error::NodeError;

/// What every answer says about where it came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Header {
    /// The cluster.
    pub cluster_id: ClusterId,
    /// The member that answered.
    pub member_id: MemberId,
    /// The store revision; 0 where etcd leaves it out.
    pub revision: Revision,
    /// The Raft term.
    pub raft_term: Term,
}

/// A member as clients list it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberInfo {
    /// Its id.
    pub id: MemberId,
    /// Its name; empty when it never started.
    pub name: String,
    /// Where its peers reach it.
    pub peer_urls: Vec<String>,
    /// Where its clients reach it; empty when it never started.
    pub client_urls: Vec<String>,
    /// Whether it is a learner.
    pub is_learner: bool,
}

/// What is left of a lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseTimeToLive {
    /// The lease.
    pub id: LeaseId,
    /// Whole seconds left; -1 when there is no such lease.
    pub ttl_seconds: i64,
    /// Seconds granted; 0 when there is no such lease.
    pub granted_ttl_seconds: i64,
    /// Its keys when asked for.
    pub keys: Vec<bytes::Bytes>,
}

/// What `Maintenance.Status` tells.
#[derive(Debug, Clone)]
pub struct NodeStatus {
    /// Where consensus stands.
    pub consensus: ConsensusStatus,
    /// Bytes of the store, on disk and in buffers.
    pub db_size_bytes: u64,
    /// Of these, bytes in use.
    pub db_size_in_use_bytes: u64,
    /// The quota in bytes; 0 for none.
    pub quota_bytes: u64,
    /// Raised alarms.
    pub alarms: Vec<Alarm>,
    /// Whether this member is a learner.
    pub is_learner: bool,
    /// The cluster version, once decided.
    pub cluster_version: Option<String>,
}

/// Settings of the node that do not belong to consensus.
#[derive(Debug, Clone)]
pub struct NodeSettings {
    /// This member's name.
    pub name: String,
    /// Client URLs to publish.
    pub advertise_client_urls: Vec<String>,
    /// Quota in bytes; 0 for none.
    pub quota_bytes: u64,
    /// The election timeout; the shortest lease follows from it.
    pub election_timeout: std::time::Duration,
    /// The heartbeat interval.
    pub heartbeat_interval: std::time::Duration,
    /// Largest client request in bytes (before gRPC's own overhead).
    pub request_bytes_max: usize,
    /// Most operations in a transaction.
    pub txn_operations_max: usize,
}

/// One running member. Cheap to share.
pub struct Node {
    consensus: Consensus,
    settings: NodeSettings,
}

impl Node {
    /// A header with the newest applied revision.
    pub fn header(&self) -> Header {
        todo!()
    }

    /// A header for an answer read from `view`.
    pub fn header_at(&self, revision: Revision) -> Header {
        let _ = revision;
        todo!()
    }

    /// The settings.
    pub fn settings(&self) -> &NodeSettings {
        &self.settings
    }

    /// The state to read from: after a barrier when `linearizable`, else as this member has it.
    pub async fn read(&self, linearizable: bool) -> Result<Arc<ReadView>, NodeError> {
        let _ = linearizable;
        todo!()
    }

    /// The newest state of this member, without a barrier.
    pub fn view(&self) -> Arc<ReadView> {
        self.consensus.view()
    }

    /// Proposes an operation after admission (quota, in-flight limit) and returns its answer and header.
    pub async fn propose(&self, operation: Operation) -> Result<(Header, Response), NodeError> {
        let _ = operation;
        todo!()
    }

    /// Grants a lease: chooses an id when `id` is none, raises the time to live to the minimum.
    pub async fn lease_grant(&self, id: LeaseId, ttl_seconds: i64) -> Result<(Header, LeaseId, i64), NodeError> {
        let _ = (id, ttl_seconds);
        todo!()
    }

    /// Revokes a lease and deletes its keys.
    pub async fn lease_revoke(&self, id: LeaseId) -> Result<Header, NodeError> {
        let _ = id;
        todo!()
    }

    /// Renews a lease at the leader; answers its time to live, 0 when there is no such lease.
    pub async fn lease_keep_alive(&self, id: LeaseId) -> Result<(Header, i64), NodeError> {
        let _ = id;
        todo!()
    }

    /// What is left of a lease.
    pub async fn lease_time_to_live(
        &self,
        id: LeaseId,
        keys: bool,
    ) -> Result<(Header, LeaseTimeToLive), NodeError> {
        let _ = (id, keys);
        todo!()
    }

    /// All leases, those that expire first first.
    pub async fn leases(&self) -> Result<(Header, Vec<LeaseId>), NodeError> {
        todo!()
    }

    /// All members; after a barrier when `linearizable`.
    pub async fn members(&self, linearizable: bool) -> Result<Vec<MemberInfo>, NodeError> {
        let _ = linearizable;
        todo!()
    }

    /// Where this member stands.
    pub fn status(&self) -> NodeStatus {
        todo!()
    }

    /// Whether a leader is known, for `hasleader` requests and health checks.
    pub fn has_leader(&self) -> bool {
        todo!()
    }

    /// Raised alarms.
    pub fn alarms(&self) -> Vec<Alarm> {
        todo!()
    }

    /// Raises or clears an alarm.
    pub async fn alarm(
        &self,
        raise: bool,
        member: MemberId,
        kind: Option<AlarmKind>,
    ) -> Result<(Header, Vec<Alarm>), NodeError> {
        let _ = (raise, member, kind);
        todo!()
    }

    /// Hands leadership to `target`, which must be a voter.
    pub async fn move_leader(&self, target: MemberId) -> Result<(), NodeError> {
        let _ = target;
        todo!()
    }

    /// The watch hub.
    pub fn watches(&self) -> &Arc<crate::watch::Hub> {
        todo!()
    }

    /// Members as consensus lists them.
    pub fn peers(&self) -> Vec<Peer> {
        self.consensus.status().members
    }
}
