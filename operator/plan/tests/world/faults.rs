//! What befalls the toy world, and what its owner asks for. Volumes are only lost as long as the voters that remain are a
//! quorum: more than that no operator can make good.

use holdfast_plan::{Bootstrap, Condition, MemberId, Memory, Ordinal, Reason, plan};

use crate::kubernetes::Process;
use crate::state::{World, quorum};

/// Ticks for which a node may be away before it counts as gone.
const NODE_PATIENCE_TICKS: u64 = 30;

/// What happens between two looks of the operator.
#[derive(Clone, Debug)]
pub enum Event {
    /// The operator looks and acts, this many times.
    Rounds(u8),
    /// It acts on a look that is this many ticks old.
    StaleRound(u8),
    /// It is killed after this many actions of its plan.
    CutRound(u8),
    /// Somebody deletes a pod.
    DeletePod(u8),
    /// A process takes this long to answer again.
    Delay(u8, u8),
    /// An ordinal goes to another part of the network.
    Partition(u8, u8),
    /// The network is whole again.
    Heal,
    /// The claim and the pod of an ordinal are deleted.
    LoseVolume(u8),
    /// A volume is emptied in place.
    EmptyVolume(u8),
    /// A volume is damaged, so that its process ends.
    Damage(u8),
    /// A node is away for this many ticks, or for good.
    LoseNode(u8, Option<u8>),
    /// A learner receives nothing for now.
    Slow(u8),
    /// The StatefulSet is deleted, without its pods.
    DeleteWorkload,
    /// The StatefulSet is set to fewer replicas by hand.
    ShrinkWorkload(u8),
    /// The resource's status is wiped.
    WipeStatus,
    Replicas(u32),
    Template {
        is_good: bool,
    },
    /// A person changes nothing but resources.
    Resources,
    Hibernate(bool),
    Grow,
    AskReplacement(u8),
}

/// What is lost when everything is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// The volumes are there, and empty.
    Data,
    /// The volumes are gone.
    Volumes,
    /// The volumes are there, empty, and the status is wiped.
    DataAndStatus,
}

impl World {
    /// Lets something happen. The operator's rounds are not this module's.
    pub fn befall(&mut self, event: &Event) {
        match *event {
            Event::Rounds(_) | Event::StaleRound(_) | Event::CutRound(_) => {}
            Event::DeletePod(ordinal) => self.delete_pod(ordinal.into()),
            Event::Delay(ordinal, ticks) => {
                let until = self.now + u64::from(ticks);
                if let Some(pod) = self.pods.get_mut(&ordinal.into()) {
                    pod.starts_at = pod.starts_at.max(until);
                }
            }
            Event::Partition(ordinal, part) => {
                self.parts.insert(ordinal.into(), part);
            }
            Event::Heal => self.parts.clear(),
            Event::LoseVolume(ordinal) => self.lose_volume(ordinal.into()),
            Event::EmptyVolume(ordinal) => self.empty_volume(ordinal.into()),
            Event::Damage(ordinal) => {
                if self.may_lose(ordinal.into()) && self.process(ordinal.into()) == Process::Running {
                    self.claims.get_mut(&ordinal.into()).unwrap().is_damaged = true;
                }
            }
            Event::LoseNode(ordinal, ticks) => self.lose_node(ordinal.into(), ticks.map(u64::from)),
            Event::Slow(ordinal) => {
                self.slow.insert(ordinal.into());
            }
            Event::DeleteWorkload => self.workload = None,
            Event::ShrinkWorkload(replicas) => {
                if let Some(workload) = &mut self.workload {
                    workload.replicas = workload.replicas.min(replicas.into());
                }
            }
            // Before, nobody could tell a volume that was marked for the beginning from one that lost its data.
            Event::WipeStatus if self.memory.bootstrap != Bootstrap::Done => {}
            Event::WipeStatus => {
                self.memory = Memory::default();
                self.memory_version += 1;
            }
            Event::Replicas(replicas) => self.desired.replicas = replicas,
            Event::Template { is_good } => self.change_template(is_good),
            Event::Resources => {
                let before = self.desired.template_hash.clone();
                let starts = self.is_template_good();
                self.change_template(starts);
                self.resizes.insert((before, self.desired.template_hash.clone()));
            }
            Event::Hibernate(is_hibernating) => self.desired.is_hibernating = is_hibernating,
            Event::Grow => self.desired.volume_size_bytes += 1 << 30,
            Event::AskReplacement(ordinal) => {
                self.memory.replacements_asked.push(Ordinal(ordinal.into()));
                self.memory_version += 1;
            }
        }
    }

    fn delete_pod(&mut self, ordinal: u32) {
        if let Some(pod) = self.pods.get_mut(&ordinal) {
            pod.is_deleting = true;
        }
    }

    fn lose_volume(&mut self, ordinal: u32) {
        if self.may_lose(ordinal) {
            self.claims.get_mut(&ordinal).unwrap().is_deleting = true;
            self.delete_pod(ordinal);
        }
    }

    fn empty_volume(&mut self, ordinal: u32) {
        if self.may_lose(ordinal) {
            self.claims.get_mut(&ordinal).unwrap().data = None;
            self.delete_pod(ordinal);
        }
    }

    fn lose_node(&mut self, ordinal: u32, ticks: Option<u64>) {
        let returns = ticks.filter(|ticks| *ticks < NODE_PATIENCE_TICKS);
        // The operator gives up a volume on a node that is away for longer, and may only be asked to when it can.
        if returns.is_none() && !(self.may_lose(ordinal) && self.claims[&ordinal].label.is_some()) {
            return;
        }
        let now = self.now;
        let Some(pod) = self.pods.get_mut(&ordinal).filter(|pod| pod.node_lost_at.is_none()) else { return };
        pod.node_lost_at = Some(now);
        pod.node_returns_at = returns.map(|ticks| now + ticks);
        if let Some(claim) = self.claims.get_mut(&ordinal) {
            claim.node_lost_at = Some(now);
        }
    }

    fn change_template(&mut self, is_good: bool) {
        self.desired.template_hash = format!("t{}", self.number());
        if !is_good {
            self.bad_templates.insert(self.desired.template_hash.clone());
        }
    }

    /// Whether the volume of an ordinal may be lost: it exists, and the voters' volumes that remain are a quorum, in both
    /// sets while there are two.
    fn may_lose(&self, ordinal: u32) -> bool {
        if self.memory.bootstrap != Bootstrap::Done || !self.claims.contains_key(&ordinal) {
            return false;
        }
        let Some(configuration) = self.newest_configuration() else { return false };
        let next = configuration.next.iter().map(|(voters, _)| voters);
        let mut sets = std::iter::once(&configuration.voters).chain(next);
        sets.all(|voters| {
            let remain = voters.iter().filter(|id| self.has_intact_volume(**id, ordinal)).count();
            remain >= quorum(voters.len())
        })
    }

    /// Whether a member's data is on a volume other than that of `lost`, and will stay there.
    fn has_intact_volume(&self, id: MemberId, lost: u32) -> bool {
        self.claims.iter().any(|(ordinal, claim)| {
            let is_gone_with_node = self
                .pods
                .get(ordinal)
                .is_some_and(|pod| pod.node_lost_at.is_some() && pod.node_returns_at.is_none());
            *ordinal != lost
                && !claim.is_deleting
                && !claim.is_damaged
                && !is_gone_with_node
                && claim.data.as_ref().is_some_and(|data| data.member == id)
        })
    }

    /// What a person does who reads that a restart is held up by a member that fails with the new template: nobody can tell
    /// whether the template or the data is to blame, so the operator does not guess.
    pub fn ask_person(&mut self) {
        let decided = plan(&self.desired, &self.memory, &self.observe());
        let is_told = |condition: &Condition| condition.reason == Reason::UpdatedPodFailing.as_str();
        if decided.conditions.iter().any(is_told) {
            let damaged = self.claims.iter().filter(|(_, claim)| claim.is_damaged);
            self.memory.replacements_asked = damaged.map(|(ordinal, _)| Ordinal(*ordinal)).collect();
            self.memory_version += 1;
        }
    }

    /// Takes the data of every volume, once there is some.
    pub fn lose_everything(&mut self, loss: Loss) {
        let is_seen = self.memory.bootstrap == Bootstrap::Done;
        if self.initialized == 0 || (loss == Loss::DataAndStatus && !is_seen) {
            return;
        }
        self.is_lost = true;
        self.leader = None;
        for claim in self.claims.values_mut() {
            // Until the cluster has been seen running, the claim's UID is what tells a lost volume from a new one.
            claim.is_deleting |= loss == Loss::Volumes || !is_seen;
            (claim.data, claim.is_damaged, claim.node_lost_at) = (None, false, None);
        }
        for pod in self.pods.values_mut() {
            (pod.is_deleting, pod.node_lost_at, pod.node_returns_at) = (true, None, None);
        }
        if loss == Loss::DataAndStatus {
            self.memory = Memory::default();
            self.memory_version += 1;
        }
    }

    /// Ends all that is wrong but what is lost for good, and asks for nothing that cannot be.
    pub fn calm_down(&mut self) {
        self.parts.clear();
        self.slow.clear();
        self.desired.is_hibernating = false;
        if !self.is_template_good() {
            self.change_template(true);
        }
        for pod in self.pods.values_mut() {
            if pod.node_returns_at.is_some() {
                pod.node_returns_at = Some(self.now);
            }
        }
    }
}
