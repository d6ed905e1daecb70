//! Members that will not come back: their place in the membership is given up, then their volume and pod, so that the
//! ordinal comes up blank and is taken in as a new member. Must never act on a guess: only on what a member says of
//! itself, on what is gone from Kubernetes, or on a person's word.

use std::collections::BTreeSet;

use crate::draft::Draft;
use crate::membership::hand_over;
use crate::reason::Reason;
use crate::safety::{may_change_voters, quorum};
use crate::seat::Seat;
use crate::trouble::{Trouble, may_be_its_data};
use crate::view::View;
use crate::{
    Action, ConditionKind, ConfigurationNumber, MemberId, Memory, NodeLossPolicy, Ordinal, PodPhase, words,
};

/// Forgets requests that have been carried out: the member that was asked about is out of the membership, and its volume is
/// gone.
pub(crate) fn forget_requests(view: &View<'_>, draft: &mut Draft) {
    if view.membership().is_none_or(|membership| membership.is_changing) {
        return;
    }
    let has_old_volume = |seat: &Seat<'_>| seat.has_own_claim(view.cluster_id()) && !seat.is_blank();
    let is_open = |ordinal: &&Ordinal| {
        let seat = view.seats.get(ordinal).filter(|seat| seat.is_wanted);
        seat.is_some_and(|seat| seat.member.is_some() || has_old_volume(seat))
    };
    let asked = &view.memory.replacements_asked;
    let open: Vec<Ordinal> = asked.iter().filter(is_open).copied().collect();
    if open.len() < asked.len() {
        let memory = Memory { replacements_asked: open, ..view.memory.clone() };
        draft
            .act(Action::Remember(memory), "Forget the requests for replacement that have been carried out.");
        draft.close();
    }
}

/// Removes one lost member from the membership, if the others are a quorum without it.
pub(crate) fn remove_lost(view: &View<'_>, draft: &mut Draft, configuration: ConfigurationNumber) {
    for seat in view.with_members().filter(|seat| seat.is_wanted) {
        let Some(loss) = loss(view, seat) else { continue };
        draft.on_the_way(Reason::ReplacingMember, format!("member {} {loss}", seat.ordinal));
        if draft.disturbs() {
            return;
        }
        remove(view, draft, seat, configuration, &loss);
    }
}

fn remove(
    view: &View<'_>,
    draft: &mut Draft,
    seat: &Seat<'_>,
    configuration: ConfigurationNumber,
    loss: &str,
) {
    let Some(id) = seat.id() else { return };
    let ordinal = seat.ordinal;
    let leaving = BTreeSet::from([id]);
    let voters: BTreeSet<MemberId> = view.voters().difference(&leaving).copied().collect();
    if voters.is_empty() {
        return draft
            .wait(format!("Member {ordinal} {loss}, but it is the only voter: nobody can take its place."));
    }
    if !may_change_voters(view, &voters, &leaving) {
        let needed = quorum(voters.len());
        return draft.wait(format!(
            "Member {ordinal} {loss}; it is replaced when {needed} of the other {} are healthy.",
            words::count(voters.len(), "voter")
        ));
    }
    if view.leader() == Some(id) {
        return hand_over(
            view,
            draft,
            ConditionKind::ScalingBlocked,
            &leaving,
            &format!("member {ordinal} is to be replaced"),
        );
    }
    draft.act(
        Action::ChangeVoters { configuration, voters: voters.into_iter().collect(), remove: vec![id] },
        format!(
            "Remove member {ordinal} ({id}) from the membership: it {loss}. Then take it in as a new one."
        ),
    );
}

/// Why a member is given up, after "member 2 ", if it is.
fn loss(view: &View<'_>, seat: &Seat<'_>) -> Option<String> {
    let trouble = view.trouble(seat);
    if is_asked(view, seat) {
        return Some("is to be replaced because a person asked".to_owned());
    }
    let trouble = trouble?;
    match trouble {
        Trouble::VolumeEmptied | Trouble::VolumeGone => Some(trouble.words()),
        Trouble::NodeLost(_) if is_node_given_up(view, seat) => Some(trouble.words()),
        Trouble::CrashLooping(_) if is_own_fault(view, seat) => Some(trouble.words()),
        _ => None,
    }
}

fn is_requested(view: &View<'_>, seat: &Seat<'_>) -> bool {
    view.memory.replacements_asked.contains(&seat.ordinal)
}

/// A healthy member is only replaced when all others are, and one after the other.
fn is_asked(view: &View<'_>, seat: &Seat<'_>) -> bool {
    is_requested(view, seat)
        && (!view.is_healthy(seat) || (view.is_membership_settled() && others_are_healthy(view, seat)))
}

fn others_are_healthy(view: &View<'_>, seat: &Seat<'_>) -> bool {
    view.wanted().filter(|other| other.ordinal != seat.ordinal).all(|other| view.is_healthy(other))
}

/// Its node or volume has been gone for as long as the resource allows.
fn is_node_gone(view: &View<'_>, seat: &Seat<'_>) -> bool {
    seat.node_lost_for_seconds().is_some_and(|seconds| seconds >= view.desired.replace_after_seconds)
}

/// The node is gone, the leader does not hear the member either, and the resource leaves it to the operator.
fn is_node_given_up(view: &View<'_>, seat: &Seat<'_>) -> bool {
    let is_active = seat.member.is_some_and(|(_, member)| member.is_active);
    view.desired.node_loss == NodeLossPolicy::Auto && !is_active && is_node_gone(view, seat)
}

/// It fails for a reason of its own: it is not ended by others, and a healthy member runs the very same template, so that
/// neither settings nor image can be what stops it.
fn is_own_fault(view: &View<'_>, seat: &Seat<'_>) -> bool {
    let Some(pod) = seat.pod().filter(|pod| may_be_its_data(pod)) else { return false };
    let runs_same =
        |other: &Seat<'_>| other.pod().is_some_and(|other| other.template_hash == pod.template_hash);
    view.with_members().any(|other| view.is_healthy(other) && runs_same(other))
}

/// Clears one seat whose volume belongs to nobody any more: first the claim, then the pod that holds on to it.
pub(crate) fn clear_leftovers(view: &View<'_>, draft: &mut Draft, configuration: ConfigurationNumber) {
    for seat in view.seats.values() {
        if draft.disturbs() {
            return;
        }
        let Some(why) = leftover(view, seat) else { continue };
        clear(view, draft, seat, configuration, why);
    }
}

/// Why the volume of a seat is of no use to anybody, if it is not. The seat has no member that ever ran.
fn leftover(view: &View<'_>, seat: &Seat<'_>) -> Option<&'static str> {
    if seat.has_started_member() || seat.is_foreign(view.cluster_id()) {
        return None;
    }
    // A member that nobody can be told apart from might have its data here.
    let is_certain = view.strangers.is_empty();
    if !seat.is_wanted && seat.member.is_none() && is_certain {
        // The pod goes with the StatefulSet's replicas, and only then the claim.
        let is_stuck = seat.pod().is_some() && is_node_gone(view, seat);
        return (seat.pod().is_none() || is_stuck).then_some("its member was removed");
    }
    let trouble = view.trouble(seat)?;
    if is_certain && seat.member.is_none() && !seat.is_blank() && is_requested(view, seat) {
        return Some("a person asked for a new one");
    }
    let is_pending = seat.pod().is_some_and(|pod| pod.phase == PodPhase::Pending);
    if seat.claim().is_none() && is_pending {
        return Some("it is gone");
    }
    match trouble {
        Trouble::RemovedMember => Some("its member was removed"),
        Trouble::NodeLost(_) if is_certain && is_node_gone(view, seat) => Some("its node is gone"),
        Trouble::CrashLooping(_) if is_certain && is_own_fault(view, seat) => {
            Some("its process does not start with it")
        }
        _ if seat.claim().is_some_and(|claim| claim.is_deleting) => Some("it is being deleted"),
        _ => None,
    }
}

fn clear(view: &View<'_>, draft: &mut Draft, seat: &Seat<'_>, configuration: ConfigurationNumber, why: &str) {
    let ordinal = seat.ordinal;
    match (seat.claim().filter(|claim| !claim.is_deleting), seat.pod()) {
        (Some(claim), _) if seat.has_own_claim(view.cluster_id()) => draft.act(
            Action::DeleteClaim {
                ordinal,
                claim_uid: claim.uid.clone(),
                configuration: Some(configuration),
            },
            format!("Delete the volume of member {ordinal}: {why}."),
        ),
        (Some(_), _) => draft.wait(format!(
            "The volume claim of member {ordinal} was never marked as this cluster's: delete it by hand, since {why}."
        )),
        (None, Some(pod)) => {
            let is_forced = is_node_gone(view, seat);
            if is_forced || pod.deleting_for_seconds.is_none() {
                draft.act(
                    Action::DeletePod { ordinal, pod_uid: pod.uid.clone(), is_forced },
                    format!("Delete the pod of member {ordinal}, so that it begins with a new volume."),
                );
            }
        }
        (None, None) => {}
    }
}
