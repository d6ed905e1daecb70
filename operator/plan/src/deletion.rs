//! The end of a cluster: what is still to be done before its resource may go. Waits for no member and no pod, so that no
//! namespace can hang on it: the pods go with their owner, and a claim that is being deleted goes with its pod.

use crate::draft::Draft;
use crate::view::View;
use crate::{Action, VolumePolicy};

/// Deletes the volumes if the resource says so; what belongs to another cluster is left alone. No action means done.
pub(crate) fn plan(view: &View<'_>, draft: &mut Draft) {
    if view.desired.volume_policy == VolumePolicy::Retain {
        return draft.wait("The volumes stay; everything else goes with the resource.");
    }
    for seat in view.seats.values().filter(|seat| !seat.is_foreign(view.cluster_id())) {
        let Some(claim) = seat.claim().filter(|claim| !claim.is_deleting) else { continue };
        draft.act(
            Action::DeleteClaim { ordinal: seat.ordinal, claim_uid: claim.uid.clone(), configuration: None },
            format!("Delete the volume of member {}.", seat.ordinal),
        );
    }
}
