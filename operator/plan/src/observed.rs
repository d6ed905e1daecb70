//! What was seen of a cluster in one round, as plain values: ages instead of times, numbers instead of quantities.
//! What could not be read is absent or `Unknown`, never guessed. Nothing here decides.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{ClusterId, ConfigurationNumber, MemberId, Ordinal};

/// One look at a cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Observed {
    /// The resource is being deleted.
    #[serde(default)]
    pub is_deleting: bool,
    /// The StatefulSet, if there is one.
    #[serde(default)]
    pub workload: Option<Workload>,
    /// Everything that exists for an ordinal: a pod, a volume claim, a process that answers.
    #[serde(default)]
    pub slots: BTreeMap<Ordinal, Slot>,
    /// The store's membership as its leader, or else the best informed member, tells it. Absent when nobody answers.
    #[serde(default)]
    pub membership: Option<Membership>,
    /// A linearizable read was answered in this round.
    #[serde(default)]
    pub is_serving: bool,
    /// What else must be there before pods run, and is not yet: certificates, say. As a person would read it.
    #[serde(default)]
    pub not_ready_to_run: Vec<String>,
    /// Seconds since the last progress that was seen; what `progress_deadline_seconds` is compared with.
    #[serde(default)]
    pub seconds_since_progress: u64,
}

/// The StatefulSet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Workload {
    /// `spec.replicas`.
    pub replicas: u32,
    /// Hash of the pod template that it holds.
    pub template_hash: String,
    /// Size that its claim template asks for.
    pub claim_size_bytes: u64,
    /// It differs from what is wanted in a field that Kubernetes does not let anybody change: it has to be made anew,
    /// its pods kept.
    #[serde(default)]
    pub has_immutable_drift: bool,
    /// It differs from what is wanted in another field: somebody edited it. Applying it again puts that right.
    #[serde(default)]
    pub has_drift: bool,
}

/// What exists for one ordinal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slot {
    /// Its pod.
    #[serde(default)]
    pub pod: Option<Pod>,
    /// Its volume claim.
    #[serde(default)]
    pub claim: Option<Claim>,
    /// What answers on the pod's client port.
    #[serde(default)]
    pub process: Process,
}

/// A pod.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pod {
    /// Its UID, which an action on it names.
    pub uid: String,
    /// Hash of the template that it was made from, or that it was brought to since.
    pub template_hash: String,
    /// It differs from the StatefulSet's template in nothing but resources, and these can be changed while it runs.
    #[serde(default)]
    pub is_resizable: bool,
    /// How far it has come.
    pub phase: PodPhase,
    /// It passes its readiness probe.
    #[serde(default)]
    pub is_ready: bool,
    /// It is being deleted, and since when.
    #[serde(default)]
    pub deleting_for_seconds: Option<u64>,
    /// Since when it is in this phase, or not ready.
    #[serde(default)]
    pub unready_for_seconds: u64,
    /// Restarts of the server's container.
    #[serde(default)]
    pub restarts: u32,
    /// The container's last end was for lack of memory.
    #[serde(default)]
    pub was_out_of_memory: bool,
    /// Exit code of the container's last end, if it has ended.
    #[serde(default)]
    pub last_exit_code: Option<i32>,
    /// Why it waits, in Kubernetes' words (`ErrImagePull`, `Unschedulable`), if it does.
    #[serde(default)]
    pub waiting_reason: Option<String>,
    /// Its node is gone or has not answered, and for how long.
    #[serde(default)]
    pub node_lost_for_seconds: Option<u64>,
}

/// How far a pod has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PodPhase {
    /// Not started: unscheduled, or an image or volume is missing.
    Pending,
    /// Its container runs, or restarts.
    Running,
    /// It ended and is not started again by the kubelet.
    Ended,
}

/// A volume claim.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// Its UID, which an action on it names.
    pub uid: String,
    /// The cluster that it was made for, from its label; absent on one that the operator did not mark yet.
    #[serde(default)]
    pub cluster_id: Option<ClusterId>,
    /// Size that it asks for.
    pub requested_bytes: u64,
    /// Size that it has.
    pub capacity_bytes: u64,
    /// It is bound to a volume.
    #[serde(default)]
    pub is_bound: bool,
    /// Its volume is on a node that is gone, and for how long.
    #[serde(default)]
    pub node_lost_for_seconds: Option<u64>,
    /// Its storage class lets volumes grow.
    #[serde(default)]
    pub is_growable: bool,
    /// It is being deleted.
    #[serde(default)]
    pub is_deleting: bool,
}

/// What answers on a pod's client port.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Process {
    /// Nobody, or it could not be asked.
    #[default]
    Unknown,
    /// A member without data that waits to be initialised or taken in.
    Blank {
        /// The cluster that it waits for.
        cluster_id: ClusterId,
    },
    /// A member with data.
    Running(Running),
}

/// A member that runs, as it tells of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Running {
    /// Its cluster.
    pub cluster_id: ClusterId,
    /// Its id.
    pub member_id: MemberId,
    /// Its version.
    pub version: String,
    /// Size of its data on disk.
    #[serde(default)]
    pub data_size_bytes: u64,
    /// Index of the last entry that it has applied.
    #[serde(default)]
    pub applied_index: u64,
    /// Alarms that it raised (`NOSPACE`, `CORRUPT`).
    #[serde(default)]
    pub alarms: BTreeSet<String>,
}

/// The store's membership.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Membership {
    /// Its number, which a change must name.
    pub configuration: ConfigurationNumber,
    /// The leader, if there is one. Only then `is_active` and `is_in_sync` of the members mean anything.
    #[serde(default)]
    pub leader: Option<MemberId>,
    /// A change is under way in the store.
    #[serde(default)]
    pub is_changing: bool,
    /// All members.
    pub members: BTreeMap<MemberId, ObservedMember>,
}

/// One member of the store's membership.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObservedMember {
    /// The ordinal that its peer URL names. Absent for a member that somebody else added.
    #[serde(default)]
    pub ordinal: Option<Ordinal>,
    /// Whether it votes.
    pub role: Role,
    /// It has run at least once.
    #[serde(default)]
    pub has_started: bool,
    /// It answers the leader.
    #[serde(default)]
    pub is_active: bool,
    /// It votes and keeps up, or has caught up enough to be made a voter.
    #[serde(default)]
    pub is_in_sync: bool,
}

/// Whether a member votes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Role {
    /// It counts for the quorum.
    Voter,
    /// It only receives.
    Learner,
}
