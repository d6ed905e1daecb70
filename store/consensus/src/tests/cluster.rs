//! Three members over loopback, for tests of more than one of them.

use std::net::SocketAddr;
use std::sync::Arc;

use holdfast_core::ids::{MemberId, Revision};
use tempfile::TempDir;

use super::engines::MemoryEngines;
use super::node::{TestNode, config, free_address, peer, wait_until};
use crate::state::engines::Engines;

/// Three members and their folders.
pub struct Cluster {
    /// The members.
    pub nodes: Vec<TestNode>,
    /// Where they serve each other.
    pub addresses: Vec<SocketAddr>,
    _folder: TempDir,
}

impl Cluster {
    /// A started cluster, on engines made for each member.
    pub fn start(engines: impl Fn() -> Arc<dyn Engines>, adjust: impl Fn(&mut TestNode)) -> Cluster {
        let folder = tempfile::tempdir().unwrap();
        let addresses: Vec<SocketAddr> = (0..3).map(|_| free_address()).collect();
        let peers: Vec<_> =
            addresses.iter().enumerate().map(|(index, address)| peer(index as u64 + 1, *address)).collect();
        let nodes = (1..=3_u64).map(|id| {
            let data_dir = folder.path().join(format!("m{id}"));
            let address = addresses[id as usize - 1];
            let mut node = TestNode::new(config(id, peers.clone(), data_dir), engines(), address);
            adjust(&mut node);
            node.start();
            node
        });
        let nodes = nodes.collect();
        let cluster = Cluster { nodes, addresses, _folder: folder };
        cluster.leader();
        cluster
    }

    /// A started cluster in memory.
    pub fn in_memory() -> Cluster {
        Cluster::start(|| Arc::new(MemoryEngines::default()), |_| {})
    }

    /// Index of the leader that a majority of the running members agrees on and that has a quorum.
    pub fn leader(&self) -> usize {
        let mut found = None;
        wait_until("a leader is known", || {
            found = self.nodes.iter().position(|node| {
                node.is_running() && {
                    let status = node.consensus().status();
                    status.is_leader && self.followers_of(status.leader.unwrap()) >= 2
                }
            });
            found.is_some()
        });
        found.unwrap()
    }

    fn followers_of(&self, leader: MemberId) -> usize {
        let running = self.nodes.iter().filter(|node| node.is_running());
        running.filter(|node| node.consensus().status().leader == Some(leader)).count()
    }

    /// Index of a running member that does not lead.
    pub fn follower(&self) -> usize {
        let leader = self.leader();
        (0..3).find(|index| *index != leader && self.nodes[*index].is_running()).unwrap()
    }

    /// Waits until all running members stand at the same revision with the same content.
    pub fn assert_equal(&self, revision: i64) {
        wait_until("all members are equal", || {
            let heads = self.nodes.iter().filter(|node| node.is_running()).map(|node| {
                let view = node.consensus().view();
                (view.head().revision, view.head().accumulator)
            });
            let heads: Vec<_> = heads.collect();
            heads.iter().all(|head| *head == heads[0] && head.0 == Revision(revision))
        });
    }
}
