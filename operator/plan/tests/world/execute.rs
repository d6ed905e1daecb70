//! Carries out actions in the toy world as the executor does: each is refused when what it names has moved.

use std::collections::BTreeSet;

use holdfast_plan::{Action, Bootstrap, ConfigurationNumber, LearnerToAdd, MemberId};

use crate::kubernetes::Process;
use crate::state::{Configuration, Data, Workload, World, quorum};

/// Why an action was not carried out. The rest of its plan is not either.
#[derive(Debug)]
pub struct Refused;

impl World {
    /// Carries out one action that was planned on a version of the status.
    pub fn execute(&mut self, action: &Action, memory_version: u64) -> Result<(), Refused> {
        match action {
            Action::Remember(memory) => {
                ensure(self.memory_version == memory_version)?;
                self.memory = memory.clone();
                self.memory_version += 1;
            }
            Action::ApplyWorkload { replicas } => self.apply_workload(*replicas)?,
            Action::OrphanWorkload => self.workload = None,
            Action::MarkClaim { ordinal, claim_uid, cluster_id } => {
                self.claim(ordinal.0, claim_uid)?.label = Some(*cluster_id);
            }
            Action::Initialize { ordinal, pod_uid, claim_uid, .. } => {
                self.initialize(ordinal.0, pod_uid, claim_uid)?;
            }
            Action::AddLearners { configuration, learners } => self.add_learners(*configuration, learners)?,
            Action::ChangeVoters { configuration, voters, remove } => {
                let set = |ids: &[MemberId]| ids.iter().copied().collect();
                self.change_voters(*configuration, set(voters), set(remove))?;
            }
            Action::MoveLeader { from, to } => {
                ensure(self.leader == Some(*from))?;
                let place = self.place(*to).ok_or(Refused)?;
                ensure(self.hears_leader(place))?;
                // A leader hands over only to one that has all of its log.
                let entry = self.number();
                ensure(self.append(entry))?;
                self.acknowledged.push(entry);
                self.leader = Some(*to);
            }
            Action::DeletePod { ordinal, pod_uid, is_forced } => {
                let pod = self.pods.get_mut(&ordinal.0).filter(|pod| pod.uid == *pod_uid).ok_or(Refused)?;
                pod.is_deleting = true;
                if *is_forced {
                    self.pods.remove(&ordinal.0);
                }
            }
            Action::ResizePod { ordinal, pod_uid } => {
                let template = self.desired.template_hash.clone();
                let pod = self.pods.get_mut(&ordinal.0).filter(|pod| pod.uid == *pod_uid).ok_or(Refused)?;
                ensure(self.resizes.contains(&(pod.template.clone(), template.clone())))?;
                pod.template = template;
            }
            Action::DeleteClaim { ordinal, claim_uid, configuration } => {
                if let Some(configuration) = configuration {
                    self.expect_configuration(*configuration)?;
                }
                self.claim(ordinal.0, claim_uid)?.is_deleting = true;
            }
            Action::GrowClaim { ordinal, claim_uid, size_bytes } => {
                self.claim(ordinal.0, claim_uid)?.requested_bytes = *size_bytes;
            }
        }
        Ok(())
    }

    fn claim(&mut self, ordinal: u32, uid: &str) -> Result<&mut crate::state::Claim, Refused> {
        self.claims.get_mut(&ordinal).filter(|claim| claim.uid == uid).ok_or(Refused)
    }

    fn apply_workload(&mut self, replicas: u32) -> Result<(), Refused> {
        let claim_bytes = self.desired.volume_size_bytes;
        ensure(self.workload.as_ref().is_none_or(|workload| workload.claim_bytes == claim_bytes))?;
        let template = self.desired.template_hash.clone();
        self.workload = Some(Workload { replicas, template, claim_bytes });
        Ok(())
    }

    /// The status is read anew before this, so that an old plan cannot begin a cluster that was begun already.
    fn initialize(&mut self, ordinal: u32, pod_uid: &str, claim_uid: &str) -> Result<(), Refused> {
        let is_begun = matches!(&self.memory.bootstrap,
            Bootstrap::Begun { ordinal: seed, claim_uid: begun } if seed.0 == ordinal && begun == claim_uid);
        let is_here = self.pods.get(&ordinal).is_some_and(|pod| pod.uid == pod_uid);
        ensure(is_begun && is_here && self.part(ordinal) == 0)?;
        ensure(self.process(ordinal) == Process::Blank)?;
        let id = MemberId(self.number());
        let entry = self.number();
        self.claim(ordinal, claim_uid)?.data = Some(Data { member: id, log: vec![entry], is_removed: false });
        self.started.insert(id);
        self.initialized += 1;
        let configuration =
            Configuration { ordinals: [(id, ordinal)].into(), voters: [id].into(), next: None };
        self.configurations.insert(entry, configuration);
        self.acknowledged.push(entry);
        Ok(())
    }

    /// The store takes changes through any member that the operator reaches, and only from the configuration named.
    fn expect_configuration(&self, expected: ConfigurationNumber) -> Result<Configuration, Refused> {
        let (number, configuration) = self.configuration().ok_or(Refused)?;
        let place = self.leader.and_then(|leader| self.place(leader)).ok_or(Refused)?;
        ensure(number == expected.0 && configuration.next.is_none() && self.part(place) == 0)?;
        Ok(configuration.clone())
    }

    fn add_learners(
        &mut self,
        expected: ConfigurationNumber,
        learners: &[LearnerToAdd],
    ) -> Result<(), Refused> {
        let mut configuration = self.expect_configuration(expected)?;
        for learner in learners {
            self.claim(learner.ordinal.0, &learner.claim_uid)?;
            ensure(!configuration.ordinals.values().any(|ordinal| *ordinal == learner.ordinal.0))?;
            let id = MemberId(self.number());
            configuration.ordinals.insert(id, learner.ordinal.0);
        }
        ensure(self.configure(configuration))
    }

    fn change_voters(
        &mut self,
        expected: ConfigurationNumber,
        voters: BTreeSet<MemberId>,
        remove: BTreeSet<MemberId>,
    ) -> Result<(), Refused> {
        let mut configuration = self.expect_configuration(expected)?;
        let part = self.leader.and_then(|leader| self.place(leader)).map(|place| self.part(place));
        let is_clear =
            configuration.voters.union(&voters).all(|id| voters.contains(id) != remove.contains(id));
        let is_known = voters.union(&remove).all(|id| configuration.ordinals.contains_key(id));
        let new_are_ready = voters.difference(&configuration.voters).all(|id| self.is_in_sync(*id));
        let is_healthy = self.alive(&voters, part.unwrap_or_default()) >= quorum(voters.len());
        ensure(!voters.is_empty() && is_clear && is_known && new_are_ready && is_healthy)?;
        configuration.next = Some((voters, remove));
        ensure(self.configure(configuration))
    }
}

fn ensure(holds: bool) -> Result<(), Refused> {
    if holds { Ok(()) } else { Err(Refused) }
}
