//! Volumes: marking claims as this cluster's, and growing them. Never waits for the health of members: a full volume is
//! often what makes them unhealthy.

use crate::draft::Draft;
use crate::reason::Reason;
use crate::seat::Seat;
use crate::view::View;
use crate::{Action, Claim, ConditionKind, Process};

/// Marks the claims whose members have shown that they are this cluster's. A claim that nobody has spoken for stays
/// unmarked, since it may hold data of another cluster.
pub(crate) fn mark(view: &View<'_>, draft: &mut Draft) {
    for seat in view.seats.values() {
        let Some(claim) = seat.claim().filter(|claim| claim.cluster_id.is_none() && !claim.is_deleting)
        else {
            continue;
        };
        let has_spoken = !matches!(seat.process(), Process::Unknown);
        if has_spoken && !seat.is_foreign(view.cluster_id()) {
            draft.act(
                Action::MarkClaim {
                    ordinal: seat.ordinal,
                    claim_uid: claim.uid.clone(),
                    cluster_id: view.cluster_id(),
                },
                format!("Mark the volume claim of member {} as this cluster's.", seat.ordinal),
            );
        }
    }
}

/// Asks for larger volumes where they are smaller than wanted.
pub(crate) fn grow(view: &View<'_>, draft: &mut Draft) {
    let size_bytes = view.desired.volume_size_bytes;
    let mut stuck = Vec::new();
    for (seat, claim) in too_small(view) {
        if claim.requested_bytes >= size_bytes {
            draft.wait(format!("Waiting for the volume of member {} to grow.", seat.ordinal));
        } else if claim.is_growable {
            draft.act(
                Action::GrowClaim { ordinal: seat.ordinal, claim_uid: claim.uid.clone(), size_bytes },
                format!("Grow the volume of member {} to {size_bytes} bytes.", seat.ordinal),
            );
        } else {
            stuck.push(seat.ordinal);
        }
    }
    if !stuck.is_empty() {
        let message = format!(
            "the storage class does not let the volume of {} grow to {size_bytes} bytes",
            crate::words::members(stuck)
        );
        draft.block(ConditionKind::StorageReady, Reason::VolumeNotGrowable, message);
    }
}

/// Seats whose volume is smaller than wanted.
pub(crate) fn too_small<'v, 'a>(view: &'v View<'a>) -> impl Iterator<Item = (&'v Seat<'a>, &'a Claim)> {
    let size_bytes = view.desired.volume_size_bytes;
    view.seats.values().filter_map(move |seat| {
        let claim = seat.claim()?;
        let is_small = claim.requested_bytes.min(claim.capacity_bytes) < size_bytes
            && (claim.is_bound || claim.requested_bytes < size_bytes);
        let is_ours = !claim.is_deleting && !seat.is_foreign(view.cluster_id());
        (is_small && is_ours).then_some((seat, claim))
    })
}
