//! A seat: one ordinal with everything that belongs to it, a pod, a claim, a process and a place in the membership.
//! Only puts together what was observed; what is wrong with it is `trouble`'s to say.

use crate::{Claim, ClusterId, MemberId, ObservedMember, Ordinal, Pod, Process, Role, Running, Slot};

static NO_PROCESS: Process = Process::Unknown;

/// One ordinal.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seat<'a> {
    pub ordinal: Ordinal,
    /// The resource wants a member here.
    pub is_wanted: bool,
    pub slot: Option<&'a Slot>,
    pub member: Option<(MemberId, &'a ObservedMember)>,
}

impl<'a> Seat<'a> {
    pub fn pod(&self) -> Option<&'a Pod> {
        self.slot.and_then(|slot| slot.pod.as_ref())
    }

    pub fn claim(&self) -> Option<&'a Claim> {
        self.slot.and_then(|slot| slot.claim.as_ref())
    }

    pub fn process(&self) -> &'a Process {
        self.slot.map_or(&NO_PROCESS, |slot| &slot.process)
    }

    /// The member that runs here with data.
    pub fn running(&self) -> Option<&'a Running> {
        match self.process() {
            Process::Running(running) => Some(running),
            Process::Unknown | Process::Blank { .. } => None,
        }
    }

    pub fn is_blank(&self) -> bool {
        matches!(self.process(), Process::Blank { .. })
    }

    pub fn id(&self) -> Option<MemberId> {
        self.member.map(|(id, _)| id)
    }

    pub fn is_voter(&self) -> bool {
        self.member.is_some_and(|(_, member)| member.role == Role::Voter)
    }

    /// A member is here that has run, so that it may have acknowledged something.
    pub fn has_started_member(&self) -> bool {
        self.member.is_some_and(|(_, member)| member.has_started)
    }

    /// The claim was marked as this cluster's, so that what is on it is this cluster's or nothing.
    pub fn has_own_claim(&self, cluster_id: ClusterId) -> bool {
        self.claim().is_some_and(|claim| claim.cluster_id == Some(cluster_id))
    }

    /// What is here belongs to another cluster.
    pub fn is_foreign(&self, cluster_id: ClusterId) -> bool {
        let claimed = self.claim().and_then(|claim| claim.cluster_id);
        let told = match self.process() {
            Process::Unknown => None,
            Process::Blank { cluster_id } => Some(*cluster_id),
            Process::Running(running) => Some(running.cluster_id),
        };
        [claimed, told].into_iter().flatten().any(|found| found != cluster_id)
    }

    /// For how long the node of its pod or of its volume has been gone.
    pub fn node_lost_for_seconds(&self) -> Option<u64> {
        let pod = self.pod().and_then(|pod| pod.node_lost_for_seconds);
        let claim = self.claim().and_then(|claim| claim.node_lost_for_seconds);
        pod.max(claim)
    }

    /// Its pod is made from another template than `template_hash`.
    pub fn is_outdated(&self, template_hash: &str) -> bool {
        self.pod().is_some_and(|pod| pod.template_hash != template_hash)
    }
}
