//! Where a member stands, from published values, and the task that publishes what Raft says of leadership.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use holdfast_core::ids::{LogIndex, MemberId, Term};
use openraft::Instant;
use openraft::async_runtime::watch::WatchReceiver;
use openraft::metrics::RaftServerMetrics;

use crate::handle::{ConsensusStatus, Peer};
use crate::member::Member;
use crate::types::{RaftTypes, StoredMembership};

impl Member {
    /// Where this member stands.
    pub fn status(&self) -> ConsensusStatus {
        let (term, leader) = *self.leadership.current.borrow();
        ConsensusStatus {
            term,
            leader,
            is_leader: leader == Some(MemberId(self.id)) && self.has_quorum(),
            last_log_index: LogIndex(self.last_index()),
            committed_index: LogIndex(self.committed_index()),
            applied_index: LogIndex(self.published.applied_index()),
            leader_changes: self.leadership.changes.load(Ordering::Relaxed),
            members: self.leadership.peers.load().as_ref().clone(),
        }
    }

    /// Whether a quorum answered this leader within an election timeout.
    fn has_quorum(&self) -> bool {
        if self.sole_voter.is_sole() {
            return true;
        }
        let metrics = self.raft.data_metrics();
        let acknowledged = metrics.borrow_watched().last_quorum_acked;
        acknowledged.is_some_and(|at| at.into_inner().elapsed() <= self.election_timeout)
    }
}

/// The members of a membership, by id.
pub fn peers_of(membership: &StoredMembership) -> Vec<Peer> {
    let voters: std::collections::BTreeSet<u64> = membership.voter_ids().collect();
    let nodes = membership.nodes();
    nodes
        .map(|(id, node)| Peer {
            id: MemberId(*id),
            peer_urls: node.peer_urls.clone(),
            name: node.name.clone(),
            is_learner: !voters.contains(id),
        })
        .collect()
}

/// Takes over Raft's view of leadership until Raft ends, which is a failure unless it was told to.
pub async fn run(member: Arc<Member>) {
    let mut metrics = member.raft.server_metrics();
    loop {
        let seen = metrics.borrow_and_update().clone();
        publish(&member, &seen);
        if metrics.changed().await.is_err() {
            break;
        }
    }
    let (term, _) = *member.leadership.current.borrow();
    member.leadership.update(term.0, None);
    if !member.is_stopping.load(Ordering::Acquire) {
        let state = member.raft.metrics().borrow_watched().running_state.clone();
        let reason = state.err().map_or_else(|| "it ended".to_owned(), |fatal| fatal.to_string());
        member.failure.report(format!("Raft has stopped: {reason}"));
    }
}

/// Publishes one state of Raft.
pub fn publish(member: &Member, metrics: &RaftServerMetrics<RaftTypes>) {
    let peers = peers_of(&metrics.membership_config);
    if **member.leadership.peers.load() != peers {
        member.leadership.peers.store(Arc::new(peers));
    }
    let term = Term(metrics.vote.leader_id.term);
    member.leadership.update(term.0, metrics.current_leader);
}
