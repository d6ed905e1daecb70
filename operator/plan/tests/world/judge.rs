//! What must hold after every step, and where the world must arrive when nothing befalls it any more.

use std::collections::BTreeSet;

use holdfast_plan::{Action, Bootstrap, MemberId, Plan};

use crate::kubernetes::Process;
use crate::state::{World, quorum};

impl World {
    /// What a plan may not be, whatever was seen.
    pub fn judge_plan(&self, plan: &Plan) -> Result<(), String> {
        let disturbing = plan.actions.iter().filter(|action| action.disturbs()).count();
        if disturbing > 1 {
            return Err(format!("{disturbing} actions disturb members: {:?}", plan.actions));
        }
        let begins = plan.actions.iter().any(|action| matches!(action, Action::Initialize { .. }));
        if begins && self.memory.bootstrap == Bootstrap::Done {
            return Err("a member is to be initialised though the cluster has been seen running".to_owned());
        }
        let remembers = plan.actions.iter().position(|action| matches!(action, Action::Remember(_)));
        if remembers.is_some_and(|at| at + 1 < plan.actions.len()) {
            return Err("something follows what is to be remembered first".to_owned());
        }
        Ok(())
    }

    /// What an action that was carried out may not have done, when it was decided on what was there.
    pub fn judge_action(&self, before: &Self, action: &Action) -> Result<(), String> {
        self.judge_removal(before, action)?;
        let Some((_, configuration)) = before.configuration() else { return Ok(()) };
        let place = before.leader.and_then(|leader| before.place(leader)).ok_or("the leader has no place")?;
        let part = before.part(place);
        let voters = &configuration.voters;
        let was_alive = before.alive(voters, part) >= quorum(voters.len());
        if !was_alive || voters.len() == 1 || self.desired.is_hibernating {
            return Ok(());
        }
        let after: &BTreeSet<MemberId> = match self.newest_configuration() {
            Some(newest) => newest.next.as_ref().map_or(&newest.voters, |(voters, _)| voters),
            None => return Err(format!("{action:?} took every volume that knew who votes")),
        };
        let alive = self.alive(after, part);
        if alive < quorum(after.len()) {
            return Err(format!("{action:?} leaves {alive} of {} voters", after.len()));
        }
        Ok(())
    }

    /// Nobody is removed only because it is away for a moment, and no volume goes that a member needs.
    fn judge_removal(&self, before: &Self, action: &Action) -> Result<(), String> {
        let Some(newest) = before.newest_configuration() else { return Ok(()) };
        match action {
            Action::ChangeVoters { remove, .. } => {
                let is_whole = |id: &&MemberId| {
                    newest.ordinals.get(id).is_some_and(|ordinal| before.may_come_back(**id, *ordinal))
                };
                let whole = remove.iter().find(is_whole);
                whole.map_or(Ok(()), |id| Err(format!("{id} is removed though it may come back")))
            }
            Action::DeleteClaim { ordinal, .. } => {
                let data = before.claims.get(&ordinal.0).and_then(|claim| claim.data.as_ref());
                let is_needed = data.is_some_and(|data| newest.ordinals.contains_key(&data.member));
                if is_needed {
                    Err(format!("the volume of {ordinal} goes before its member"))
                } else {
                    Ok(())
                }
            }
            _ => Ok(()),
        }
    }

    /// Whether a member is wanted, nobody asked for another in its place, and its volume is in order and within reach.
    fn may_come_back(&self, id: MemberId, ordinal: u32) -> bool {
        let is_asked = self.memory.replacements_asked.iter().any(|asked| asked.0 == ordinal);
        let is_near = self.pods.get(&ordinal).is_none_or(|pod| pod.node_lost_at.is_none());
        let claim = self.claims.get(&ordinal);
        let is_whole = claim.is_some_and(|claim| {
            !claim.is_damaged
                && claim.node_lost_at.is_none()
                && claim.data.as_ref().is_some_and(|data| data.member == id)
        });
        ordinal < self.desired.replicas && !is_asked && is_near && is_whole
    }

    /// What the store may never lose or become.
    pub fn judge_data(&self) -> Result<(), String> {
        if self.initialized > 1 {
            return Err("a second cluster was begun".to_owned());
        }
        if self.is_lost && self.leader.is_some() {
            return Err("somebody leads though all data is lost".to_owned());
        }
        let Some(place) = self.leader.and_then(|leader| self.place(leader)) else { return Ok(()) };
        let log = &self.claims[&place].data.as_ref().unwrap().log;
        if !log.starts_with(&self.acknowledged) {
            return Err(format!(
                "the leader at {place} has {} entries and lacks some of the {} that were acknowledged",
                log.len(),
                self.acknowledged.len()
            ));
        }
        Ok(())
    }

    /// What is still between the world and what is wanted.
    pub fn distance(&self) -> Option<String> {
        let wanted: Vec<u32> = (0..self.desired.replicas).collect();
        let Some((_, configuration)) = self.configuration() else { return Some("nobody leads".to_owned()) };
        let voting: BTreeSet<u32> =
            configuration.voters.iter().filter_map(|id| configuration.ordinals.get(id).copied()).collect();
        let pods: Vec<u32> = self.pods.keys().copied().collect();
        // A claim that nobody ever spoke for is left to a person.
        let is_known = |ordinal: &u32| wanted.contains(ordinal) || self.claims[ordinal].label.is_some();
        let claims: Vec<u32> = self.claims.keys().copied().filter(is_known).collect();
        if !voting.iter().eq(wanted.iter()) || configuration.ordinals.len() != wanted.len() {
            return Some(format!("{voting:?} vote, members are {:?}", configuration.ordinals));
        }
        if configuration.next.is_some() || pods != wanted || claims != wanted {
            return Some(format!("pods {pods:?}, claims {claims:?}"));
        }
        let is_right = |ordinal: &u32| {
            self.process(*ordinal) == Process::Running
                && self.pods[ordinal].template == self.desired.template_hash
                && self.claims[ordinal].capacity_bytes >= self.desired.volume_size_bytes
        };
        wanted.iter().find(|it| !is_right(it)).map(|ordinal| format!("{ordinal} is not as it should be"))
    }
}
