//! How the leader makes a change: decided on the newest membership, written on the condition that it still is, and
//! followed through both entries of a joint change even when whoever asked has gone.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use holdfast_core::ids::LogIndex;
use openraft::ChangeMembers;
use openraft::errors::{ChangeMembershipError, ClientWriteError, RaftError};

use super::change::{ChangeError, MemberChange, MemberRefusal};
use super::decide::{Step, decide};
use super::roster::Effective;
use crate::handle::ProposeError;
use crate::limits::MEMBERSHIP_RETRY_PAUSE;
use crate::member::Member;
use crate::types::{MemberNode, outer_index};

/// Why a step was not written.
enum NotWritten {
    /// The membership moved, or an earlier change is not through yet: decide again.
    Again,
    /// This member does not lead.
    NotLeader,
    /// Leadership moved before it was known to be committed.
    LeaderChanged,
    /// This member has stopped.
    Stopped,
}

/// What became of a change here.
pub enum Made {
    /// It is applied; the entry of the new configuration stands at this index.
    Done(LogIndex),
    /// This member does not lead; nothing was done.
    NotLeader,
}

impl Member {
    /// Makes a change, if this member leads. It goes on when the caller stops waiting.
    pub async fn change_members_here(self: &Arc<Self>, change: MemberChange) -> Result<Made, ChangeError> {
        let member = Arc::clone(self);
        let making = tokio::spawn(async move {
            let _one_at_a_time = Arc::clone(&member.changes).lock_owned().await;
            member.make(&change).await
        });
        making.await.unwrap_or(Err(ProposeError::Stopped.into()))
    }

    async fn make(self: &Arc<Self>, change: &MemberChange) -> Result<Made, ChangeError> {
        let began = Instant::now();
        loop {
            if !self.is_leader() {
                return Ok(Made::NotLeader);
            }
            // What earlier leaders committed is applied here then, what members published included.
            self.read_barrier().await.map_err(|_| ProposeError::NoLeader)?;
            let effective = self.effective_membership().await?;
            if effective.is_joint() {
                self.finish_joint(&effective).await;
                continue;
            }
            let roster = self.roster(&effective);
            let step = match decide(&roster, self.rules, change) {
                // A leader that has just begun has not heard of anybody yet.
                Err(MemberRefusal::Unhealthy) if began.elapsed() < self.election_timeout / 2 => {
                    tokio::time::sleep(MEMBERSHIP_RETRY_PAUSE).await;
                    continue;
                }
                decided => decided?,
            };
            if step.remove.contains(&self.id) && self.yields_to_a_stayer(&step).await {
                return Ok(Made::NotLeader);
            }
            match self.write_step(&effective, &step).await {
                Ok(index) => {
                    self.say_farewell(&effective, &step);
                    return Ok(Made::Done(LogIndex(index)));
                }
                Err(NotWritten::Again) => tokio::time::sleep(MEMBERSHIP_RETRY_PAUSE).await,
                Err(NotWritten::NotLeader) => return Ok(Made::NotLeader),
                Err(NotWritten::LeaderChanged) => return Err(ProposeError::LeaderChanged.into()),
                Err(NotWritten::Stopped) => return Err(ProposeError::Stopped.into()),
            }
        }
    }

    /// Hands leadership to a voter that stays, so that the change is made by one that is there afterwards. Without such
    /// a voter, or when none takes over, this leader removes itself.
    async fn yields_to_a_stayer(&self, step: &Step) -> bool {
        let voters = self.voters();
        let stays = |voter: &&u64| **voter != self.id && !step.remove.contains(voter);
        let Some(stayer) = voters.iter().find(stays) else { return false };
        let is_any =
            voters.iter().filter(|voter| **voter != self.id).all(|voter| !step.remove.contains(voter));
        let target = if is_any { None } else { Some(*stayer) };
        self.transfer_leadership(target).await.is_ok()
    }

    /// Writes one step, joint where voters change, and waits until it is applied.
    async fn write_step(&self, effective: &Effective, step: &Step) -> Result<u64, NotWritten> {
        let learners_to_remove =
            step.remove.iter().copied().filter(|id| !effective.stored.voter_ids().any(|it| it == *id));
        let mut changes = Vec::new();
        if !step.set.is_empty() {
            changes.push(ChangeMembers::SetNodes(step.set.clone()));
        }
        changes.push(ChangeMembers::RemoveNodes(learners_to_remove.collect()));
        if let Some(voters) = &step.voters {
            changes.push(ChangeMembers::ReplaceAllVoters(voters.clone()));
        }
        self.write_change(effective, ChangeMembers::Batch(changes)).await
    }

    async fn write_change(
        &self,
        effective: &Effective,
        change: ChangeMembers<u64, MemberNode>,
    ) -> Result<u64, NotWritten> {
        let written = self.raft.change_membership_if(change, false, [effective.precondition()]).await;
        match written {
            Ok(written) => Ok(outer_index(written.log_id.index)),
            Err(RaftError::APIError(ClientWriteError::ForwardToLeader(_))) => Err(NotWritten::NotLeader),
            Err(RaftError::APIError(ClientWriteError::LogEntryDiscarded(_))) => {
                Err(NotWritten::LeaderChanged)
            }
            Err(RaftError::APIError(ClientWriteError::ChangeMembershipError(error))) => {
                if !matches!(error, ChangeMembershipError::InProgress(_)) {
                    tracing::warn!(%error, "a change of the membership was decided and cannot be written; deciding again");
                }
                Err(NotWritten::Again)
            }
            Err(RaftError::APIError(_)) => Err(NotWritten::Again),
            Err(RaftError::Fatal(_)) => Err(NotWritten::Stopped),
        }
    }

    /// Ends a change that an earlier leader began: as soon as the entry with both sets of voters is committed, the new
    /// set decides alone.
    pub async fn finish_joint(&self, effective: &Effective) {
        if effective.is_committed {
            let nothing = ChangeMembers::AddVoterIds(Default::default());
            if self.write_change(effective, nothing).await.is_ok() {
                tracing::info!("a change of the membership that was left half done is finished");
                return;
            }
        }
        tokio::time::sleep(MEMBERSHIP_RETRY_PAUSE).await;
    }

    /// Makes voters of those that were waiting to be.
    pub async fn promote(&self, effective: &Effective, step: &Step) {
        if self.write_step(effective, step).await.is_ok() {
            for id in step.set.keys() {
                tracing::info!(
                    member = format_args!("{id:x}"),
                    "a member has caught up and votes from now on"
                );
            }
        }
    }

    /// Tells those that were removed; who does not hear of it now asks later.
    fn say_farewell(self: &Arc<Self>, before: &Effective, step: &Step) {
        let nodes = before.stored.membership().nodes().filter(|(id, _)| step.remove.contains(id));
        let gone: BTreeMap<u64, MemberNode> = nodes.map(|(id, node)| (*id, node.clone())).collect();
        for (id, node) in gone {
            tracing::info!(member = format_args!("{id:x}"), "a member was removed");
            if id != self.id {
                tokio::spawn(super::removed::tell(Arc::clone(self), id, node));
            }
        }
    }
}
