//! What the node's calls take and give: headers, members, leases, status, settings. Plain data only.

use std::time::Duration;

use bytes::Bytes;
use holdfast_consensus::handle::ConsensusStatus;
use holdfast_core::ids::{ClusterId, LeaseId, MemberId, Revision, Term};
use holdfast_core::response::Alarm;

use crate::auth::AuthSettings;

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
    pub keys: Vec<Bytes>,
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
    /// This member's name, unless the cluster knows another.
    pub name: String,
    /// Whether `name` holds against the name that the cluster knows.
    pub has_own_name: bool,
    /// Client URLs to publish.
    pub advertise_client_urls: Vec<String>,
    /// Quota in bytes; 0 for none.
    pub quota_bytes: u64,
    /// The election timeout; the shortest lease follows from it.
    pub election_timeout: Duration,
    /// The heartbeat interval.
    pub heartbeat_interval: Duration,
    /// Largest client request in bytes (before gRPC's own overhead).
    pub request_bytes_max: usize,
    /// Most operations in a transaction.
    pub txn_operations_max: usize,
    /// Tokens and passwords.
    pub auth: AuthSettings,
    /// How often watchers that asked for it are told how far they have come.
    pub watch_progress_interval: Duration,
}
