//! The way of a change of the membership to the leader, from any member. Must not look into it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use holdfast_core::ids::LogIndex;

use super::change::{ChangeError, MemberChange};
use super::execute::Made;
use super::wire::{change_to_wire, outcome_from_wire};
use crate::forward::client::was_not_sent;
use crate::handle::ProposeError;
use crate::member::Member;
use crate::peers::book::Purpose;

impl Member {
    /// Has a change made by the leader and waits until this member has applied it. Returns the index of the new
    /// configuration's entry.
    pub async fn change_members(self: &Arc<Self>, change: MemberChange) -> Result<LogIndex, ChangeError> {
        // Whether a leader may have it by now: only then is the outcome unknown.
        let was_handed_over = AtomicBool::new(false);
        let changing = async {
            loop {
                if let Made::Done(configuration) = self.try_change(&change, &was_handed_over).await? {
                    self.published.wait_applied(configuration.0).await;
                    return Ok(configuration);
                }
                was_handed_over.store(false, Ordering::Relaxed);
                if self.failure.has_ended() {
                    return Err(ProposeError::Stopped.into());
                }
                self.leadership_moved().await;
            }
        };
        match tokio::time::timeout(self.request_timeout(), changing).await {
            Ok(changed) => changed,
            Err(_) if was_handed_over.load(Ordering::Relaxed) => Err(ProposeError::Timeout.into()),
            Err(_) => Err(ProposeError::NoLeader.into()),
        }
    }

    async fn try_change(
        self: &Arc<Self>,
        change: &MemberChange,
        was_handed_over: &AtomicBool,
    ) -> Result<Made, ChangeError> {
        let Some(leader) = self.leadership.leader() else { return Ok(Made::NotLeader) };
        was_handed_over.store(true, Ordering::Relaxed);
        if leader == self.id {
            return self.change_members_here(change.clone()).await;
        }
        let Some(node) = self.leadership.node(leader) else { return Ok(Made::NotLeader) };
        let Ok(mut client) = self.book.client(leader, &node, Purpose::Forward) else {
            return Ok(Made::NotLeader);
        };
        match client.change_members(change_to_wire(self.book.header(leader), change)).await {
            Ok(response) => outcome_from_wire(response.into_inner()),
            Err(status) if was_not_sent(&status) => Ok(Made::NotLeader),
            Err(_) => Err(ProposeError::LeaderChanged.into()),
        }
    }
}
