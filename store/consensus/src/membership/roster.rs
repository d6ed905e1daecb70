//! The members as decisions about them see them, at the leader at one moment. Must not decide anything.

use std::collections::BTreeMap;
use std::sync::Arc;

use holdfast_core::ids::LogIndex;
use openraft::Instant as _;
use openraft::async_runtime::watch::WatchReceiver;
use openraft::raft::Precondition;

use crate::handle::ProposeError;
use crate::limits::{CATCH_UP_GAP_ENTRIES, SYNC_PERCENT_MIN};
use crate::member::Member;
use crate::types::{MemberNode, RaftTypes, StoredMembership, outer_index};

/// All members.
#[derive(Debug, Clone, Default)]
pub struct Roster {
    /// Index of the entry that set the configuration.
    pub configuration: LogIndex,
    /// The members by id.
    pub members: BTreeMap<u64, RosterMember>,
    /// Members that there were.
    pub removed: Arc<std::collections::BTreeSet<u64>>,
}

/// One member.
#[derive(Debug, Clone, Default)]
pub struct RosterMember {
    /// What the membership says of it.
    pub node: MemberNode,
    /// Whether it votes.
    pub votes: bool,
    /// Whether it has ever run.
    pub has_started: bool,
    /// Whether it answers the leader.
    pub is_active: bool,
    /// How far its log agrees with the leader's, in percent.
    pub sync_percent: u64,
    /// Whether it has all of the leader's log but what is on its way.
    pub is_caught_up: bool,
}

impl RosterMember {
    /// Whether clients are told that it votes: it does, or will as soon as it has caught up.
    pub fn counts_as_voter(&self) -> bool {
        self.votes || self.node.is_joining
    }

    /// Whether it can be made a voter.
    pub fn is_ready_to_vote(&self) -> bool {
        self.has_started && self.is_active && self.sync_percent >= SYNC_PERCENT_MIN
    }
}

/// The newest membership in a member's log.
pub struct Effective {
    /// The membership.
    pub stored: Arc<StoredMembership>,
    /// Whether it is committed.
    pub is_committed: bool,
}

impl Effective {
    /// Whether two sets of voters decide together.
    pub fn is_joint(&self) -> bool {
        self.stored.membership().get_joint_config().len() > 1
    }

    /// Index of the entry that set it, counted from 1.
    pub fn configuration(&self) -> LogIndex {
        LogIndex(self.stored.log_id().as_ref().map_or(0, |log_id| outer_index(log_id.index)))
    }

    /// What keeps a change from being made on any other membership.
    pub fn precondition(&self) -> Precondition<RaftTypes> {
        Precondition::LastMembershipLogId { last_membership_log_id: *self.stored.log_id() }
    }
}

impl Member {
    /// The newest membership in this member's log.
    pub async fn effective_membership(&self) -> Result<Effective, ProposeError> {
        let read = self.raft.with_raft_state(|state| {
            let membership = &state.membership_state;
            let is_committed = membership.effective().log_id() == membership.committed().log_id();
            Effective { stored: Arc::clone(membership.effective()), is_committed }
        });
        read.await.map_err(|_| ProposeError::Stopped)
    }

    /// Those that vote by the newest membership in this member's log.
    pub fn voters(&self) -> Vec<u64> {
        self.raft.server_metrics().borrow_watched().membership_config.voter_ids().collect()
    }

    /// Reads anew from Raft who votes, after a snapshot has brought a membership that is in no entry here.
    pub async fn refresh_voters(&self) {
        let sole_voter = Arc::clone(&self.sole_voter);
        let refresh = self.raft.with_raft_state(move |state| {
            sole_voter.set_membership(state.membership_state.effective().membership());
        });
        // Without Raft there is nobody to serve.
        let _ = refresh.await;
    }

    /// The members as this leader sees them.
    pub fn roster(&self, effective: &Effective) -> Roster {
        let published = self.published.view().published_members().unwrap_or_default();
        let last = self.last_index();
        let metrics = self.raft.metrics().borrow_watched().clone();
        let voters: Vec<u64> = effective.stored.voter_ids().collect();
        let member = |(id, node): (&u64, &MemberNode)| {
            let matched = metrics.replication.as_ref().and_then(|all| all.get(id)).and_then(Option::as_ref);
            let matched = if *id == self.id { last } else { matched.map_or(0, |it| outer_index(it.index)) };
            let heard = metrics.heartbeat.as_ref().and_then(|all| all.get(id)).copied().flatten();
            let answers = heard.is_some_and(|at| at.into_inner().elapsed() < self.election_timeout);
            let member = RosterMember {
                node: node.clone(),
                votes: voters.contains(id),
                has_started: !node.name.is_empty() || published.iter().any(|(known, _)| known.0 == *id),
                is_active: *id == self.id || answers,
                sync_percent: matched.saturating_mul(100) / last.max(1),
                is_caught_up: matched + CATCH_UP_GAP_ENTRIES >= last,
            };
            (*id, member)
        };
        Roster {
            configuration: effective.configuration(),
            members: effective.stored.nodes().map(member).collect(),
            removed: self.removed.all(),
        }
    }
}
