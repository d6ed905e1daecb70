//! What the operator sees of the world from where it is, and what it does not: part 0 of the network, and all of
//! Kubernetes.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_plan::{
    Claim, ConfigurationNumber, MemberId, Membership, Observed, ObservedMember, Ordinal, Pod, PodPhase,
    Process, Role, Running, Slot, Workload,
};

use crate::kubernetes;
use crate::state::{CLUSTER, TICK_SECONDS, World};

impl World {
    /// One look.
    pub fn observe(&self) -> Observed {
        let ordinals: BTreeSet<u32> = self.pods.keys().chain(self.claims.keys()).copied().collect();
        Observed {
            workload: self.workload.as_ref().map(|workload| Workload {
                replicas: workload.replicas,
                template_hash: workload.template.clone(),
                claim_size_bytes: workload.claim_bytes,
                has_immutable_drift: false,
                has_drift: false,
            }),
            slots: ordinals.into_iter().map(|ordinal| (Ordinal(ordinal), self.slot(ordinal))).collect(),
            membership: self.membership(),
            is_serving: self.serves_operator(),
            ..Observed::default()
        }
    }

    fn slot(&self, ordinal: u32) -> Slot {
        let seconds = |since: u64| (self.now - since) * TICK_SECONDS;
        let pod = self.pods.get(&ordinal).map(|pod| Pod {
            uid: pod.uid.clone(),
            template_hash: pod.template.clone(),
            is_resizable: self.is_resizable(&pod.template),
            phase: if pod.starts_at <= self.now { PodPhase::Running } else { PodPhase::Pending },
            is_ready: self.is_ready(ordinal),
            deleting_for_seconds: pod.is_deleting.then_some(0),
            unready_for_seconds: seconds(pod.unready_since),
            restarts: pod.restarts,
            was_out_of_memory: false,
            last_exit_code: pod.last_exit_code,
            waiting_reason: self.bad_templates.contains(&pod.template).then(|| "ErrImagePull".to_owned()),
            node_lost_for_seconds: pod.node_lost_at.map(seconds),
        });
        let claim = self.claims.get(&ordinal).map(|claim| Claim {
            uid: claim.uid.clone(),
            cluster_id: claim.label,
            requested_bytes: claim.requested_bytes,
            capacity_bytes: claim.capacity_bytes,
            is_bound: true,
            node_lost_for_seconds: claim.node_lost_at.map(seconds),
            is_growable: true,
            is_deleting: claim.is_deleting,
        });
        Slot { pod, claim, process: self.told(ordinal) }
    }

    fn is_resizable(&self, template: &str) -> bool {
        let applied = self.workload.as_ref().map(|workload| workload.template.clone()).unwrap_or_default();
        self.resizes.contains(&(template.to_owned(), applied))
    }

    fn told(&self, ordinal: u32) -> Process {
        if self.part(ordinal) != 0 {
            return Process::Unknown;
        }
        match self.process(ordinal) {
            kubernetes::Process::Down => Process::Unknown,
            kubernetes::Process::Blank => Process::Blank { cluster_id: CLUSTER },
            kubernetes::Process::Running => {
                let data = self.claims[&ordinal].data.as_ref().unwrap();
                Process::Running(Running {
                    cluster_id: CLUSTER,
                    member_id: data.member,
                    version: "1.0.0".to_owned(),
                    data_size_bytes: 0,
                    applied_index: data.log.len() as u64,
                    alarms: BTreeSet::new(),
                })
            }
        }
    }

    fn serves_operator(&self) -> bool {
        self.leader.and_then(|leader| self.place(leader)).is_some_and(|place| self.part(place) == 0)
    }

    /// As the leader tells it; a follower knows of nobody but itself whether he lives.
    fn membership(&self) -> Option<Membership> {
        if self.serves_operator() {
            let (number, configuration) = self.configuration()?;
            return Some(self.tell(number, configuration, self.leader));
        }
        let reached = self.pods.keys().filter(|it| self.part(**it) == 0);
        let running = reached.filter(|it| self.process(**it) == kubernetes::Process::Running);
        let data =
            running.filter_map(|it| self.claims[it].data.as_ref()).max_by_key(|data| data.log.len())?;
        let known = data.log.iter().rev().find_map(|entry| Some((*entry, self.configurations.get(entry)?)));
        let (number, configuration) = known?;
        Some(self.tell(number, configuration, None))
    }

    fn tell(
        &self,
        number: u64,
        configuration: &crate::state::Configuration,
        leader: Option<MemberId>,
    ) -> Membership {
        let member = |(id, ordinal): (&MemberId, &u32)| {
            let is_voter = configuration.voters.contains(id);
            let is_active = leader.is_some() && self.place(*id).is_some_and(|place| self.hears_leader(place));
            let member = ObservedMember {
                ordinal: Some(Ordinal(*ordinal)),
                role: if is_voter { Role::Voter } else { Role::Learner },
                has_started: self.started.contains(id),
                is_active,
                is_in_sync: is_voter || (is_active && self.is_in_sync(*id)),
            };
            (*id, member)
        };
        let members: BTreeMap<MemberId, ObservedMember> = configuration.ordinals.iter().map(member).collect();
        Membership {
            configuration: ConfigurationNumber(number),
            leader,
            is_changing: configuration.next.is_some(),
            members,
        }
    }
}
