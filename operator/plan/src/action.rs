//! What a plan can ask for. Each action is complete: who executes it has nothing left to choose, and names what it was
//! decided on (a UID, a configuration number), so that it is refused when that has moved meanwhile.

use serde::{Deserialize, Serialize};

use crate::{ClusterId, ConfigurationNumber, MemberId, Memory, Ordinal};

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Action {
    /// Write this into the status before anything else happens; the rest of the plan waits for the next round. It takes
    /// the place of the memory that the plan was made from, and of no other: refuse it when the status has moved, or an
    /// old look could undo what was remembered since.
    Remember(Memory),
    /// Apply the StatefulSet with this many replicas.
    ApplyWorkload {
        /// `spec.replicas`.
        replicas: u32,
    },
    /// Delete the StatefulSet, leaving its pods, so that it can be made anew with what cannot be changed in place.
    OrphanWorkload,
    /// Mark a claim with the cluster that its data belongs to.
    MarkClaim {
        /// Which member's claim.
        ordinal: Ordinal,
        /// UID of the claim.
        claim_uid: String,
        /// The cluster.
        cluster_id: ClusterId,
    },
    /// Make a blank member the first of the cluster.
    Initialize {
        /// Which member.
        ordinal: Ordinal,
        /// UID of the pod that was seen blank.
        pod_uid: String,
        /// UID of the claim that it runs on.
        claim_uid: String,
        /// The cluster's id.
        cluster_id: ClusterId,
    },
    /// Take blank members in as learners.
    AddLearners {
        /// The configuration that it begins from.
        configuration: ConfigurationNumber,
        /// Who.
        learners: Vec<LearnerToAdd>,
    },
    /// Change who votes, and remove members for good, in one joint step.
    ChangeVoters {
        /// The configuration that it begins from.
        configuration: ConfigurationNumber,
        /// All voters afterwards.
        voters: Vec<MemberId>,
        /// Members removed for good.
        remove: Vec<MemberId>,
    },
    /// Hand leadership on.
    MoveLeader {
        /// Who leads now.
        from: MemberId,
        /// Who should.
        to: MemberId,
    },
    /// Delete a pod; the StatefulSet makes it anew.
    DeletePod {
        /// Which member's pod.
        ordinal: Ordinal,
        /// UID of the pod.
        pod_uid: String,
        /// Without waiting for its node, which is gone.
        is_forced: bool,
    },
    /// Give a pod the resources of the wanted template while it runs, and mark it with that template.
    ResizePod {
        /// Which member's pod.
        ordinal: Ordinal,
        /// UID of the pod.
        pod_uid: String,
    },
    /// Delete a volume claim, with the data on it.
    DeleteClaim {
        /// Which member's claim.
        ordinal: Ordinal,
        /// UID of the claim.
        claim_uid: String,
        /// The configuration in which no member needs the data: ask for it anew, and refuse if it has moved. Absent when
        /// the whole cluster is being deleted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        configuration: Option<ConfigurationNumber>,
    },
    /// Ask for a larger volume.
    GrowClaim {
        /// Which member's claim.
        ordinal: Ordinal,
        /// UID of the claim.
        claim_uid: String,
        /// Size to ask for.
        size_bytes: u64,
    },
}

/// A member to take in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LearnerToAdd {
    /// Its ordinal, which its peer URL follows from.
    pub ordinal: Ordinal,
    /// UID of the claim that was seen blank.
    pub claim_uid: String,
}

impl Action {
    /// Whether members are stopped, removed, or lose leadership by it. A plan holds at most one such action, as its last.
    #[must_use]
    pub fn disturbs(&self) -> bool {
        match self {
            Self::ChangeVoters { .. }
            | Self::MoveLeader { .. }
            | Self::DeletePod { .. }
            | Self::DeleteClaim { .. } => true,
            Self::Remember(_)
            | Self::ApplyWorkload { .. }
            | Self::OrphanWorkload
            | Self::MarkClaim { .. }
            | Self::Initialize { .. }
            | Self::AddLearners { .. }
            | Self::ResizePod { .. }
            | Self::GrowClaim { .. } => false,
        }
    }
}
