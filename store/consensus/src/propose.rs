//! The way of a command into the log: here when this member leads, else at the leader. Must not look into commands.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use holdfast_core::codec;
use holdfast_core::command::Command;
use holdfast_core::response::Applied;
use openraft::errors::ClientWriteError;
use openraft::impls::ProgressResponder;

use crate::handle::ProposeError;
use crate::limits::{APPLY_GAP_ENTRIES_MAX, PROPOSALS_IN_FLIGHT_MAX};
use crate::member::Member;
use crate::types::{Proposal, RaftTypes, outer_index};

/// What became of a command at the member that was asked to append it.
#[derive(Debug)]
pub enum LocalOutcome {
    /// It was applied.
    Applied {
        /// Its answer.
        applied: Applied,
        /// Where it stands, counted from 1.
        index: u64,
    },
    /// This member does not lead; nothing was appended.
    NotLeader,
    /// It was appended, and leadership moved before it was known to be committed.
    LeaderChanged,
    /// This member has stopped.
    Stopped,
}

/// Counts a proposal for as long as it is under way.
pub struct InFlight<'a>(&'a AtomicU64);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Member {
    /// Refuses new work when apply falls behind or too much of it waits.
    pub fn admit(&self) -> Result<InFlight<'_>, ProposeError> {
        if self.failure.has_failed() || self.is_stopping.load(Ordering::Relaxed) {
            return Err(ProposeError::Stopped);
        }
        let in_flight = self.in_flight.fetch_add(1, Ordering::Relaxed);
        let admitted = InFlight(&self.in_flight);
        let apply_gap = self.committed_index().saturating_sub(self.published.applied_index());
        if in_flight >= PROPOSALS_IN_FLIGHT_MAX || apply_gap > APPLY_GAP_ENTRIES_MAX {
            return Err(ProposeError::TooManyRequests);
        }
        Ok(admitted)
    }

    /// Proposes a command and waits until it is applied on this member.
    pub async fn propose(&self, command: Command) -> Result<Applied, ProposeError> {
        let _in_flight = self.admit()?;
        let encoded = codec::encode(&command);
        let proposal = Proposal { command: Some(Arc::new(command)), encoded, origin: None };
        // Whether a leader may have it by now: only then is the outcome unknown.
        let was_handed_over = AtomicBool::new(false);
        let outcome = self.propose_until_taken(proposal, &was_handed_over);
        let outcome = match tokio::time::timeout(self.request_timeout(), outcome).await {
            Ok(outcome) => outcome,
            Err(_) if was_handed_over.load(Ordering::Relaxed) => Err(ProposeError::Timeout),
            Err(_) => Err(ProposeError::NoLeader),
        };
        if outcome.is_err() {
            self.counters.failed_proposals.fetch_add(1, Ordering::Relaxed);
        }
        outcome
    }

    async fn propose_until_taken(
        &self,
        proposal: Proposal,
        was_handed_over: &AtomicBool,
    ) -> Result<Applied, ProposeError> {
        loop {
            match self.leadership.leader() {
                Some(leader) if leader == self.id => {
                    was_handed_over.store(true, Ordering::Relaxed);
                    match self.propose_here(proposal.clone()).await {
                        LocalOutcome::Applied { applied, .. } => return Ok(applied),
                        LocalOutcome::LeaderChanged => return Err(ProposeError::LeaderChanged),
                        LocalOutcome::Stopped => return Err(ProposeError::Stopped),
                        LocalOutcome::NotLeader => {}
                    }
                }
                Some(leader) => {
                    was_handed_over.store(true, Ordering::Relaxed);
                    if let Some(outcome) = self.forward(leader, &proposal.encoded).await {
                        return outcome;
                    }
                }
                None => {}
            }
            was_handed_over.store(false, Ordering::Relaxed);
            self.leadership_moved().await;
        }
    }

    /// Appends a command to this member's own log, if it leads.
    pub async fn propose_here(&self, proposal: Proposal) -> LocalOutcome {
        let (responder, outcome) = ProgressResponder::<RaftTypes, _>::complete_only();
        if self.raft.client_write_ff(proposal, Some(responder)).await.is_err() {
            return LocalOutcome::Stopped;
        }
        match outcome.await {
            Ok(Ok(written)) => match written.data {
                Some(applied) => LocalOutcome::Applied { applied, index: outer_index(written.log_id.index) },
                None => LocalOutcome::LeaderChanged,
            },
            Ok(Err(ClientWriteError::ForwardToLeader(_))) => LocalOutcome::NotLeader,
            Ok(Err(_)) => LocalOutcome::LeaderChanged,
            Err(_) => LocalOutcome::Stopped,
        }
    }
}
