//! Whether members may be disturbed: judged by what is left afterwards, not by what is there before. Every step that
//! stops or removes a member asks here, and nowhere else.

use std::collections::BTreeSet;

use crate::MemberId;
use crate::seat::Seat;
use crate::view::View;

/// How many of so many voters decide.
pub(crate) fn quorum(voters: usize) -> usize {
    voters / 2 + 1
}

/// Whether `voters` can take the place of the present voters in one joint step: a majority of both is healthy, and stays
/// so when the members in `gone` stop for good right afterwards.
pub(crate) fn may_change_voters(
    view: &View<'_>,
    voters: &BTreeSet<MemberId>,
    gone: &BTreeSet<MemberId>,
) -> bool {
    let healthy = view.healthy_members();
    let before = view.voters();
    let stays = |id: &&MemberId| healthy.contains(id) && !gone.contains(id);
    !voters.is_empty()
        && before.iter().filter(|id| healthy.contains(id)).count() >= quorum(before.len())
        && voters.iter().filter(stays).count() >= quorum(voters.len())
}

/// Whether the pod of a seat may be stopped for a while: the other healthy voters are a quorum without it, or stopping it
/// takes nothing away, since it does not take part.
pub(crate) fn may_stop(view: &View<'_>, seat: &Seat<'_>) -> bool {
    if !takes_part(view, seat) {
        return true;
    }
    if view.membership().is_none() {
        // Restarting loses no data, so that a cluster which cannot elect anybody under its present template can be healed.
        let deadline = view.desired.progress_deadline_seconds;
        return seat.pod().is_some_and(|pod| !pod.is_ready && pod.unready_for_seconds >= deadline);
    }
    let Some(id) = seat.id() else { return true };
    let voters = view.voters();
    if !voters.contains(&id) {
        return true;
    }
    // Of what is in order nothing is stopped unless all that remains is in order too. What is unhealthy may be stopped as
    // long as the store itself still has its quorum: else nobody could heal pods that all fail the same probe.
    let remaining = if view.is_healthy(seat) { view.healthy_members() } else { view.active_members() };
    voters.iter().filter(|voter| remaining.contains(voter) && **voter != id).count() >= quorum(voters.len())
}

/// Whether the seat's member votes alone, so that it can only be restarted with an interruption.
pub(crate) fn is_sole_voter(view: &View<'_>, seat: &Seat<'_>) -> bool {
    let voters = view.voters();
    voters.len() == 1 && seat.id().is_some_and(|id| voters.contains(&id))
}

/// Whether a process of the seat may be one of those that keep the cluster going, or could bring it back. When nobody
/// leads, whoever runs with data may be needed.
fn takes_part(view: &View<'_>, seat: &Seat<'_>) -> bool {
    if view.membership().is_none() {
        return seat.running().is_some() || seat.pod().is_some_and(|pod| pod.is_ready);
    }
    seat.member.is_some_and(|(_, member)| member.is_active)
}

/// The member that leadership should go to: it votes, is healthy and not in `leaving`; first who has the newest template,
/// then who has applied most, then the lowest ordinal.
pub(crate) fn successor<'v, 'a>(view: &'v View<'a>, leaving: &BTreeSet<MemberId>) -> Option<&'v Seat<'a>> {
    let leader = view.leader();
    let is_fit = |seat: &&Seat| {
        seat.is_voter()
            && seat.id() != leader
            && seat.id().is_some_and(|id| !leaving.contains(&id))
            && view.is_healthy(seat)
    };
    let rank = |seat: &&Seat| {
        let is_new = view.applied_template().is_some_and(|template| !seat.is_outdated(template));
        let applied = seat.running().map_or(0, |running| running.applied_index);
        (is_new, applied, std::cmp::Reverse(seat.ordinal))
    };
    view.seats.values().filter(is_fit).max_by_key(rank)
}
