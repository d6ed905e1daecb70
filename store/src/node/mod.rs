//! The node as the API layers see it: reads, proposals, leases, members and status of this member. It knows core
//! types only; wire messages stop in `api`.

mod access;
mod background;
mod compactor;
mod disk_guard;
mod error;
mod lease_asks;
mod lease_clock;
mod lease_deadlines;
mod lease_id;
mod leases;
mod members;
mod observer;
mod propose;
mod published;
mod start;
mod types;
mod users;
mod v2;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use holdfast_consensus::handle::{Consensus, Peer};
use holdfast_core::ids::{ClusterId, MemberId, Revision, Term};
use holdfast_core::read::ReadView;
use holdfast_core::response::Alarm;

use crate::auth::Authenticator;
use crate::watch::Hub;
use disk_guard::DiskGuard;
use lease_clock::LeaseClock;
use lease_id::LeaseIds;

pub use error::NodeError;
pub use types::{Header, LeaseTimeToLive, MemberInfo, NodeSettings, NodeStatus};
pub use v2::unix_nanos;

/// One running member. Cheap to share.
pub struct Node {
    consensus: Consensus,
    settings: NodeSettings,
    cluster_id: ClusterId,
    member_id: MemberId,
    leadership: tokio::sync::watch::Receiver<(Term, Option<MemberId>)>,
    hub: Arc<Hub>,
    lease_clock: Arc<LeaseClock>,
    expired_nodes: Arc<AtomicU64>,
    leader_since_unix_nanos: AtomicI64,
    lease_ids: LeaseIds,
    disk_guard: DiskGuard,
    authenticator: Arc<Authenticator>,
}

impl Node {
    /// A header with the newest applied revision.
    pub fn header(&self) -> Header {
        self.header_at(self.view().head().revision)
    }

    /// A header for an answer read at `revision`.
    pub fn header_at(&self, revision: Revision) -> Header {
        Header {
            cluster_id: self.cluster_id,
            member_id: self.member_id,
            revision,
            raft_term: self.leadership.borrow().0,
        }
    }

    /// The settings.
    pub fn settings(&self) -> &NodeSettings {
        &self.settings
    }

    /// The consensus behind the node, for peer routes, metrics and the order of stopping.
    pub fn consensus(&self) -> &Consensus {
        &self.consensus
    }

    /// The state to read from: after a barrier when `linearizable`, else as this member has it.
    pub async fn read(&self, linearizable: bool) -> Result<Arc<ReadView>, NodeError> {
        if linearizable {
            self.consensus.read_barrier().await?;
        }
        Ok(self.consensus.view())
    }

    /// The newest state of this member, without a barrier.
    pub fn view(&self) -> Arc<ReadView> {
        self.consensus.view()
    }

    /// Where this member stands.
    pub fn status(&self) -> NodeStatus {
        let consensus = self.consensus.status();
        let size = self.consensus.size();
        let view = self.view();
        NodeStatus {
            consensus,
            db_size_bytes: size.total_bytes,
            db_size_in_use_bytes: size.in_use_bytes,
            quota_bytes: self.settings.quota_bytes,
            alarms: view.head().alarms.clone(),
            is_learner: self.is_learner(),
            cluster_version: view.cluster_version().ok().flatten(),
        }
    }

    /// Whether a leader is known, for `hasleader` requests and health checks.
    pub fn has_leader(&self) -> bool {
        self.leadership.borrow().1.is_some()
    }

    /// Changes of term and leader.
    pub fn leadership(&self) -> tokio::sync::watch::Receiver<(Term, Option<MemberId>)> {
        self.leadership.clone()
    }

    /// When the present leader was first seen to lead, in nanoseconds since 1970.
    pub fn leader_since_unix_nanos(&self) -> i64 {
        self.leader_since_unix_nanos.load(Ordering::Relaxed)
    }

    /// Nodes of the v2 API whose time ran out since this member started.
    pub fn expired_nodes(&self) -> u64 {
        self.expired_nodes.load(Ordering::Relaxed)
    }

    /// Raised alarms.
    pub fn alarms(&self) -> Vec<Alarm> {
        self.view().head().alarms.clone()
    }

    /// The watch hub.
    pub fn watches(&self) -> &Arc<Hub> {
        &self.hub
    }

    /// Members as consensus lists them.
    pub fn peers(&self) -> Vec<Peer> {
        self.consensus.status().members
    }
}
