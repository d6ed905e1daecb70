//! Where a member stands, from published values, and the task that publishes what Raft says of leadership.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use holdfast_core::ids::{LogIndex, MemberId, Term};
use openraft::Instant as _;
use openraft::async_runtime::watch::WatchReceiver;
use openraft::metrics::RaftServerMetrics;

use crate::handle::{ConsensusStatus, Peer};
use crate::limits::{LEADER_LOOKS_PER_ELECTION, LEADER_SILENCE_ELECTIONS};
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
        self.had_quorum_within(self.election_timeout)
    }

    fn had_quorum_within(&self, time: Duration) -> bool {
        if self.sole_voter.is_sole() {
            return true;
        }
        let metrics = self.raft.data_metrics();
        let acknowledged = metrics.borrow_watched().last_quorum_acked;
        acknowledged.is_some_and(|at| at.into_inner().elapsed() <= time)
    }

    /// Whether `leader`, which Raft names, is there. Raft names the last leader until the next is elected, and itself
    /// even without anybody who follows.
    fn is_leader_there(&self, leader: u64) -> bool {
        let patience = self.election_timeout * LEADER_SILENCE_ELECTIONS;
        if leader == self.id {
            self.had_quorum_within(patience)
        } else {
            self.heard.is_recent(leader, patience)
        }
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
            is_learner: !voters.contains(id) && !node.is_joining,
        })
        .collect()
}

/// What Raft said of leadership, and since when.
struct Named {
    term: u64,
    leader: Option<u64>,
    since: Instant,
}

/// Takes over Raft's view of leadership until Raft ends, which is a failure unless it was told to. Between changes it
/// looks whether the leader is still there.
pub async fn run(member: Arc<Member>) {
    let mut metrics = member.raft.server_metrics();
    let mut look = tokio::time::interval(member.election_timeout / LEADER_LOOKS_PER_ELECTION);
    let mut named = Named { term: 0, leader: None, since: Instant::now() };
    loop {
        let seen = metrics.borrow_and_update().clone();
        let (term, leader) = (seen.vote.leader_id.term, seen.current_leader);
        if (term, leader) != (named.term, named.leader) {
            named = Named { term, leader, since: Instant::now() };
        }
        publish(&member, &seen, named.since);
        tokio::select! {
            changed = metrics.changed() => if changed.is_err() { break },
            _ = look.tick() => {}
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

/// Publishes one state of Raft. A leader that Raft names only `since` a moment is given the time to be heard.
pub fn publish(member: &Member, metrics: &RaftServerMetrics<RaftTypes>, since: Instant) {
    member.leadership.update_members(member.id, &metrics.membership_config);
    member.book.set_nodes(&metrics.membership_config);
    let term = Term(metrics.vote.leader_id.term);
    let is_new = since.elapsed() < member.election_timeout * LEADER_SILENCE_ELECTIONS;
    let leader = metrics.current_leader.filter(|leader| is_new || member.is_leader_there(*leader));
    member.leadership.update(term.0, leader);
}
