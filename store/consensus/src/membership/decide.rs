//! Whether a change of the membership is made, and what it comes to. Pure: a roster and a change in, the new
//! membership or a refusal out. The order of the checks is etcd's, so that the same mistake gets the same answer.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_core::ids::MemberId;

use super::change::{MemberChange, MemberRefusal, MembershipRules, NewMember, Replacement};
use super::roster::{Roster, RosterMember};
use crate::types::MemberNode;

/// What a change comes to, as one change of the log.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Step {
    /// Members that are new or described anew.
    pub set: BTreeMap<u64, MemberNode>,
    /// Members that go. Those that vote must be missing from `voters`.
    pub remove: BTreeSet<u64>,
    /// The voters afterwards; `None` leaves them as they are.
    pub voters: Option<BTreeSet<u64>>,
}

/// Decides one change.
pub fn decide(roster: &Roster, rules: MembershipRules, change: &MemberChange) -> Result<Step, MemberRefusal> {
    match change {
        MemberChange::Add(new) => add(roster, rules, new),
        MemberChange::Promote(member) => promote(roster, rules, *member),
        MemberChange::Remove(member) => remove(roster, rules, *member),
        MemberChange::Update { member, peer_urls } => update(roster, *member, peer_urls),
        MemberChange::Replace(replacement) => replace(roster, replacement),
    }
}

/// Learners that are to vote and can: all of them become voters in one step, if a majority answers afterwards.
pub fn promote_joining(roster: &Roster) -> Option<Step> {
    let is_due = |member: &&RosterMember| {
        member.node.is_joining && !member.votes && member.is_ready_to_vote() && member.is_caught_up
    };
    let due: BTreeMap<u64, MemberNode> = roster
        .members
        .iter()
        .filter(|(_, member)| is_due(member))
        .map(|(id, member)| (*id, MemberNode { is_joining: false, ..member.node.clone() }))
        .collect();
    if due.is_empty() {
        return None;
    }
    let voters: BTreeSet<u64> = roster.voters().chain(due.keys().copied()).collect();
    roster.has_quorum(&voters).then_some(Step { set: due, voters: Some(voters), ..Step::default() })
}

fn add(roster: &Roster, rules: MembershipRules, new: &NewMember) -> Result<Step, MemberRefusal> {
    if rules.is_strict {
        let (all, started) = roster.count_voters(None);
        // One member alone may always get a second: that is how a cluster grows again from what was rescued.
        let is_growing_from_one = started == 1 && all == 1;
        if !new.is_learner && !is_growing_from_one && started < quorum(all + 1) {
            return Err(MemberRefusal::NotEnoughStarted);
        }
        if all > 1 && roster.count_active() < quorum(all + 1) {
            return Err(MemberRefusal::Unhealthy);
        }
    }
    check_new(roster, new)?;
    let learners = roster.members.values().filter(|member| !member.counts_as_voter()).count();
    if new.is_learner && learners >= rules.learners_max {
        return Err(MemberRefusal::TooManyLearners);
    }
    Ok(Step { set: BTreeMap::from([node_of(new)]), ..Step::default() })
}

fn check_new(roster: &Roster, new: &NewMember) -> Result<(), MemberRefusal> {
    if roster.removed.contains(&new.id.0) {
        return Err(MemberRefusal::Removed(new.id));
    }
    if roster.members.contains_key(&new.id.0) {
        return Err(MemberRefusal::Exists(new.id));
    }
    roster.check_urls(new.id, &new.peer_urls)
}

fn node_of(new: &NewMember) -> (u64, MemberNode) {
    let peer_urls = new.peer_urls.clone();
    (new.id.0, MemberNode { name: String::new(), peer_urls, is_joining: !new.is_learner })
}

fn promote(roster: &Roster, rules: MembershipRules, id: MemberId) -> Result<Step, MemberRefusal> {
    let member = roster.member(id)?;
    if !member.counts_as_voter() && !member.is_ready_to_vote() {
        return Err(MemberRefusal::LearnerNotReady(id));
    }
    let (all, started) = roster.count_voters(None);
    if rules.is_strict && started + 1 < quorum(all + 1) {
        return Err(MemberRefusal::NotEnoughStarted);
    }
    if member.counts_as_voter() {
        return Err(MemberRefusal::NotALearner(id));
    }
    let voters = roster.voters().chain([id.0]).collect();
    Ok(Step { voters: Some(voters), ..Step::default() })
}

fn remove(roster: &Roster, rules: MembershipRules, id: MemberId) -> Result<Step, MemberRefusal> {
    let member = roster.members.get(&id.0);
    if rules.is_strict && member.is_none_or(RosterMember::counts_as_voter) {
        let (all, started) = roster.count_voters(Some(id));
        if started < quorum(all) {
            return Err(MemberRefusal::NotEnoughStarted);
        }
        // One that does not answer is no part of what keeps the cluster going.
        let is_missed = member.is_some_and(|member| member.is_active);
        if is_missed && roster.count_active() < 1 + quorum(roster.count_voters(None).0.saturating_sub(1)) {
            return Err(MemberRefusal::Unhealthy);
        }
    }
    let member = roster.member(id)?;
    let mut step = Step { remove: BTreeSet::from([id.0]), ..Step::default() };
    if member.votes {
        let voters: BTreeSet<u64> = roster.voters().filter(|voter| *voter != id.0).collect();
        if voters.is_empty() {
            return Err(MemberRefusal::NoVoters);
        }
        step.voters = Some(voters);
    }
    Ok(step)
}

fn update(roster: &Roster, id: MemberId, peer_urls: &[String]) -> Result<Step, MemberRefusal> {
    let node = &roster.member(id)?.node;
    roster.check_urls(id, peer_urls)?;
    let node = MemberNode { peer_urls: peer_urls.to_vec(), ..node.clone() };
    Ok(Step { set: BTreeMap::from([(id.0, node)]), ..Step::default() })
}

fn replace(roster: &Roster, replacement: &Replacement) -> Result<Step, MemberRefusal> {
    if replacement.expected != roster.configuration {
        return Err(MemberRefusal::OtherConfiguration { present: roster.configuration });
    }
    let mut step = Step::default();
    for new in &replacement.add {
        check_new(roster, new)?;
        if step.set.values().any(|node: &MemberNode| shares_url(&node.peer_urls, &new.peer_urls)) {
            return Err(MemberRefusal::PeerUrlExists);
        }
        step.set.extend([node_of(new)]);
    }
    for id in &replacement.remove {
        roster.member(*id)?;
        step.remove.insert(id.0);
    }
    let goal: BTreeSet<u64> = if replacement.voters.is_empty() {
        roster.voters().filter(|voter| !step.remove.contains(voter)).collect()
    } else {
        replacement.voters.iter().map(|voter| voter.0).collect()
    };
    if goal.is_empty() {
        return Err(MemberRefusal::NoVoters);
    }
    for voter in roster.voters().chain(goal.iter().copied()) {
        let (stays, goes) = (goal.contains(&voter), step.remove.contains(&voter));
        let id = MemberId(voter);
        let member = roster.member(id)?;
        if stays == goes {
            return Err(MemberRefusal::Unclear(id));
        }
        if stays && !member.votes && !member.is_ready_to_vote() {
            return Err(MemberRefusal::LearnerNotReady(id));
        }
        if stays && member.node.is_joining {
            step.set.insert(voter, MemberNode { is_joining: false, ..member.node.clone() });
        }
    }
    if !roster.has_quorum(&goal) {
        return Err(MemberRefusal::Unhealthy);
    }
    step.voters = Some(goal).filter(|goal| !roster.voters().eq(goal.iter().copied()));
    Ok(step)
}

fn quorum(members: usize) -> usize {
    members / 2 + 1
}

fn shares_url(some: &[String], others: &[String]) -> bool {
    some.iter().any(|url| others.contains(url))
}

impl Roster {
    fn member(&self, id: MemberId) -> Result<&RosterMember, MemberRefusal> {
        if self.removed.contains(&id.0) {
            return Err(MemberRefusal::Removed(id));
        }
        self.members.get(&id.0).ok_or(MemberRefusal::NotFound(id))
    }

    /// Those that vote now.
    pub fn voters(&self) -> impl Iterator<Item = u64> {
        self.members.iter().filter(|(_, member)| member.votes).map(|(id, _)| *id)
    }

    /// How many count as voters and how many of them have run, `without` one.
    fn count_voters(&self, without: Option<MemberId>) -> (usize, usize) {
        let counted = self
            .members
            .iter()
            .filter(|(id, member)| member.counts_as_voter() && without != Some(MemberId(**id)))
            .map(|(_, member)| member);
        counted.fold((0, 0), |(all, started), member| (all + 1, started + usize::from(member.has_started)))
    }

    /// How many of those that count as voters answer.
    fn count_active(&self) -> usize {
        self.members.values().filter(|member| member.counts_as_voter() && member.is_active).count()
    }

    /// Whether a majority of these answers.
    fn has_quorum(&self, voters: &BTreeSet<u64>) -> bool {
        let answers = |id: &&u64| self.members.get(id).is_some_and(|member| member.is_active);
        voters.iter().filter(answers).count() >= quorum(voters.len())
    }

    /// Refuses peer URLs of another member than `id`.
    fn check_urls(&self, id: MemberId, peer_urls: &[String]) -> Result<(), MemberRefusal> {
        let mut others = self.members.iter().filter(|(other, _)| **other != id.0);
        if others.any(|(_, member)| shares_url(&member.node.peer_urls, peer_urls)) {
            return Err(MemberRefusal::PeerUrlExists);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
