//! What a cluster should be, after the custom resource was validated: only what planning looks at. Everything else of
//! the resource (labels, resources, flags) reaches it as the hash of the pod template. Nothing here decides.

use serde::{Deserialize, Serialize};

use crate::ClusterId;

/// A validated cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Desired {
    /// Members wanted: odd, 1 to 9. Kept while hibernating.
    pub replicas: u32,
    /// All pods stopped, volumes kept.
    #[serde(default)]
    pub is_hibernating: bool,
    /// Nothing is done but reporting.
    #[serde(default)]
    pub is_paused: bool,
    /// The cluster's id: follows from the resource's UID, or is named by the user who adopts volumes.
    pub cluster_id: ClusterId,
    /// Hash of the pod template as it is rendered now. It does not cover what the operator's own version adds.
    pub template_hash: String,
    /// Version of the server wanted, as `major.minor.patch`.
    pub version: String,
    /// Going back to an older minor version is allowed.
    #[serde(default)]
    pub is_downgrade_allowed: bool,
    /// Size wanted of each volume.
    pub volume_size_bytes: u64,
    /// What becomes of pods whose template has changed.
    #[serde(default)]
    pub rollout: Rollout,
    /// What becomes of a removed member's volume, and of all volumes when the resource is deleted.
    #[serde(default)]
    pub volume_policy: VolumePolicy,
    /// Whether a member whose node is gone is replaced unasked.
    #[serde(default)]
    pub node_loss: NodeLossPolicy,
    /// How long a node or volume must be gone until its member is replaced.
    pub replace_after_seconds: u64,
    /// Restarts in a row after which a member that fails because of its data is replaced.
    pub crash_loop_threshold: u32,
    /// How long something may take until the cluster is reported as stuck.
    pub progress_deadline_seconds: u64,
}

/// Who restarts pods whose template has changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Rollout {
    /// The operator, one at a time, the leader last.
    #[default]
    RollingUpdate,
    /// A person, by deleting pods; the operator reports what is pending.
    OnDelete,
}

/// What becomes of volumes when the resource is deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum VolumePolicy {
    /// They stay.
    #[default]
    Retain,
    /// They go.
    Delete,
}

/// Whether a member on a lost node with a node-bound volume is replaced unasked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum NodeLossPolicy {
    /// After `replace_after_seconds`, if the quorum does not need it.
    #[default]
    Auto,
    /// Only when a person says so, by the annotation that names the member.
    Manual,
}
