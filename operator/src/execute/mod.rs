//! Carries actions out, each as it is: nothing is chosen here. Whatever an action names (a UID, a configuration) has to be
//! so still, or nothing is done.

mod apply;
mod children;
mod error;
mod kubernetes;
mod resize;
mod store;

use holdfast_plan::Action;
use serde_json::Value;

use crate::context::Context;
use crate::crd::HoldfastCluster;
use crate::failpoint;
use crate::observe::{Members, Objects};
use crate::validate::Validated;

pub use apply::apply_status;
pub use children::ensure_children;
pub use error::ExecuteError;

/// The cluster that actions are about, as it was when they were planned.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// What all reconciles share.
    pub context: &'a Context,
    /// The resource, read in this round.
    pub cluster: &'a HoldfastCluster,
    /// The same, validated.
    pub validated: &'a Validated,
    /// The objects that belong to it.
    pub objects: &'a Objects,
    /// What its members said.
    pub members: &'a Members,
    /// Reference to the resource.
    pub owner: &'a Value,
}

/// Carries out one action.
///
/// # Errors
/// See [`ExecuteError`].
pub async fn execute(subject: Subject<'_>, action: &Action) -> Result<(), ExecuteError> {
    failpoint::reach("before", step(action));
    match action {
        Action::Remember(memory) => kubernetes::remember(subject, memory).await?,
        Action::ApplyWorkload { replicas } => kubernetes::apply_workload(subject, *replicas).await?,
        Action::OrphanWorkload => kubernetes::orphan_workload(subject).await?,
        Action::MarkClaim { ordinal, claim_uid, cluster_id } => {
            kubernetes::mark_claim(subject, *ordinal, claim_uid, *cluster_id).await?;
        }
        Action::Initialize { ordinal, pod_uid, claim_uid, cluster_id } => {
            store::initialize(subject, *ordinal, pod_uid, claim_uid, *cluster_id).await?;
        }
        Action::AddLearners { configuration, learners } => {
            store::add_learners(subject, *configuration, learners).await?;
        }
        Action::ChangeVoters { configuration, voters, remove } => {
            store::change_voters(subject, *configuration, voters, remove).await?;
        }
        Action::MoveLeader { from, to } => store::move_leader(subject, *from, *to).await?,
        Action::DeletePod { ordinal, pod_uid, is_forced } => {
            kubernetes::delete_pod(subject, *ordinal, pod_uid, *is_forced).await?;
        }
        Action::ResizePod { ordinal, pod_uid } => resize::resize_pod(subject, *ordinal, pod_uid).await?,
        Action::DeleteClaim { ordinal, claim_uid, configuration } => {
            kubernetes::delete_claim(subject, *ordinal, claim_uid, *configuration).await?;
        }
        Action::GrowClaim { ordinal, claim_uid, size_bytes } => {
            kubernetes::grow_claim(subject, *ordinal, claim_uid, *size_bytes).await?;
        }
    }
    failpoint::reach("after", step(action));
    Ok(())
}

/// The name of an action's failpoints, also its word in logs.
#[must_use]
pub fn step(action: &Action) -> &'static str {
    match action {
        Action::Remember(_) => "remember",
        Action::ApplyWorkload { .. } => "apply-workload",
        Action::OrphanWorkload => "orphan-workload",
        Action::MarkClaim { .. } => "mark-claim",
        Action::Initialize { .. } => "initialize",
        Action::AddLearners { .. } => "add-learners",
        Action::ChangeVoters { .. } => "change-voters",
        Action::MoveLeader { .. } => "move-leader",
        Action::DeletePod { .. } => "delete-pod",
        Action::ResizePod { .. } => "resize-pod",
        Action::DeleteClaim { .. } => "delete-claim",
        Action::GrowClaim { .. } => "grow-claim",
    }
}
