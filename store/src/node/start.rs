//! Puts a node together: consensus, hub and lease clock, wired in the order in which news flow.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64};

use holdfast_consensus::handle::{ConsensusConfig, MemberIdentity, Prepared, StartError};

use super::disk_guard::DiskGuard;
use super::lease_asks::LeaseAsks;
use super::lease_clock::LeaseClock;
use super::lease_id::LeaseIds;
use super::observer::NodeObserver;
use super::{Node, NodeSettings, unix_nanos};
use crate::auth::Authenticator;
use crate::watch::Hub;

impl Node {
    /// Opens the data folder, starts consensus and the node's own loops.
    pub async fn start(
        settings: NodeSettings,
        config: ConsensusConfig,
        authenticator: Arc<Authenticator>,
    ) -> Result<Arc<Node>, StartError> {
        let data_dir = config.data_dir.clone();
        let prepared = Prepared::open(config).await?;
        let MemberIdentity { cluster_id, member_id } = prepared.identity();
        let hub = Hub::new(cluster_id, member_id, &settings);
        let lease_clock = Arc::new(LeaseClock::default());
        let expired_nodes = Arc::new(AtomicU64::new(0));
        let observer = Arc::new(NodeObserver {
            hub: hub.clone(),
            lease_clock: lease_clock.clone(),
            expired_nodes: expired_nodes.clone(),
        });
        let consensus = prepared.start(observer).await?;
        hub.begin(&consensus.view());
        consensus.serve_asks(Arc::new(LeaseAsks { clock: lease_clock.clone() }));
        let node = Arc::new(Node {
            leadership: consensus.leader_changes(),
            consensus,
            settings,
            cluster_id,
            member_id,
            hub,
            lease_clock,
            expired_nodes,
            leader_since_unix_nanos: AtomicI64::new(unix_nanos()),
            lease_ids: LeaseIds::new(member_id),
            disk_guard: DiskGuard::new(&data_dir),
            authenticator,
        });
        node.start_background();
        Ok(node)
    }
}
