//! Tells whether this member alone decides: then its applied state is always the newest and a linearizable read needs
//! no round of messages. Every fact is set by whoever changes it, before the change can have an effect anywhere.

use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;

use crate::types::{Membership, Vote};

/// The facts and what follows from them.
#[derive(Debug)]
pub struct SoleVoter {
    member: u64,
    facts: Mutex<Facts>,
    is_sole: AtomicBool,
}

#[derive(Debug, Default)]
struct Facts {
    /// The term this member leads in, by its own committed vote.
    leading_term: Option<u64>,
    /// Whether it is the only voter of the newest membership in its log.
    is_only_voter: bool,
    /// The term of the newest applied entry.
    applied_term: u64,
}

impl SoleVoter {
    /// Nothing is known yet.
    pub fn new(member: u64) -> SoleVoter {
        SoleVoter { member, facts: Mutex::new(Facts::default()), is_sole: AtomicBool::new(false) }
    }

    /// Whether this member is the only voter, holds its own vote, and has applied an entry of the term it leads in:
    /// no other member can have acknowledged a write that this one has not applied.
    pub fn is_sole(&self) -> bool {
        self.is_sole.load(Ordering::Acquire)
    }

    /// The vote is about to change.
    pub fn set_vote(&self, vote: &Vote) {
        let leads = vote.committed && vote.leader_id.voted_for == self.member;
        self.update(|facts| facts.leading_term = leads.then_some(vote.leader_id.term));
    }

    /// The newest membership in the log is about to change.
    pub fn set_membership(&self, membership: &Membership) {
        let mut voters = membership.voter_ids();
        let is_only_voter = voters.next() == Some(self.member) && voters.next().is_none();
        self.update(|facts| facts.is_only_voter = is_only_voter);
    }

    /// The newest membership in the log is no longer known.
    pub fn forget_membership(&self) {
        self.update(|facts| facts.is_only_voter = false);
    }

    /// The published state includes an entry of this term.
    pub fn set_applied_term(&self, term: u64) {
        if self.facts.lock().applied_term != term {
            self.update(|facts| facts.applied_term = term);
        }
    }

    fn update(&self, change: impl FnOnce(&mut Facts)) {
        let mut facts = self.facts.lock();
        change(&mut facts);
        let is_sole = facts.is_only_voter && facts.leading_term == Some(facts.applied_term);
        self.is_sole.store(is_sole, Ordering::Release);
    }
}

#[cfg(test)]
mod tests;
