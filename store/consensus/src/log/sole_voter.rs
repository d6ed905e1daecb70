//! Tells what this member may decide about reads by itself: whether it is the only voter, so that its applied state is
//! always the newest, or else in which term it leads and who must confirm that. Every fact is set by whoever changes
//! it, before the change can have an effect anywhere.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;

use crate::types::{Membership, Vote};

/// The facts and what follows from them.
#[derive(Debug)]
pub struct SoleVoter {
    member: u64,
    facts: Mutex<Facts>,
    is_sole: AtomicBool,
    is_leader: AtomicBool,
}

/// The term in which this member leads, with everything of earlier terms applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leading {
    /// The term.
    pub term: u64,
    /// All voters, this member among them.
    pub voters: Arc<[u64]>,
}

#[derive(Debug, Default)]
struct Facts {
    /// The term this member leads in, by its own committed vote.
    leading_term: Option<u64>,
    /// The voters of the newest membership in its log; none while two sets of voters decide together, or when unknown.
    voters: Option<Arc<[u64]>>,
    /// The term of the newest applied entry.
    applied_term: u64,
}

impl Facts {
    fn is_leading(&self) -> bool {
        self.leading_term == Some(self.applied_term)
    }
}

impl SoleVoter {
    /// Nothing is known yet.
    pub fn new(member: u64) -> SoleVoter {
        SoleVoter {
            member,
            facts: Mutex::new(Facts::default()),
            is_sole: AtomicBool::new(false),
            is_leader: AtomicBool::new(false),
        }
    }

    /// Whether this member is the only voter, holds its own vote, and has applied an entry of the term it leads in:
    /// no other member can have acknowledged a write that this one has not applied.
    pub fn is_sole(&self) -> bool {
        self.is_sole.load(Ordering::Acquire)
    }

    /// Whether other members may be waiting for what this one does next: it leads, and not alone.
    pub fn has_followers(&self) -> bool {
        self.is_leader.load(Ordering::Acquire) && !self.is_sole()
    }

    /// The term in which this member leads by all that it knows; `None` too when its voters are not simply a
    /// set.
    pub fn leading(&self) -> Option<Leading> {
        let facts = self.facts.lock();
        let voters =
            facts.voters.as_ref().filter(|voters| facts.is_leading() && voters.contains(&self.member));
        voters.map(|voters| Leading { term: facts.applied_term, voters: Arc::clone(voters) })
    }

    /// The vote is about to change.
    pub fn set_vote(&self, vote: &Vote) {
        let leads = vote.committed && vote.leader_id.voted_for == self.member;
        self.update(|facts| facts.leading_term = leads.then_some(vote.leader_id.term));
    }

    /// The newest membership in the log is about to change.
    pub fn set_membership(&self, membership: &Membership) {
        let is_simple = membership.get_joint_config().len() == 1;
        let voters = is_simple.then(|| membership.voter_ids().collect());
        self.update(|facts| facts.voters = voters);
    }

    /// The newest membership in the log is no longer known.
    pub fn forget_membership(&self) {
        self.update(|facts| facts.voters = None);
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
        self.is_leader.store(facts.leading_term.is_some(), Ordering::Release);
        let is_only_voter = facts.voters.as_deref() == Some(&[self.member]);
        self.is_sole.store(is_only_voter && facts.is_leading(), Ordering::Release);
    }
}

#[cfg(test)]
mod tests;
