//! Brings pods to a new template or version. Where only resources differ, they are changed while the pod runs. Otherwise it
//! is restarted: one pod at a time, followers first, the leader last after it has handed over, the next one only when
//! everybody is healthy again. The first that fails stops it; an edit of the resource heals it, because a pod that is not in
//! use is restarted at once.

use std::collections::BTreeSet;

use crate::draft::Draft;
use crate::membership::hand_over;
use crate::reason::Reason;
use crate::safety::{is_sole_voter, may_stop};
use crate::seat::Seat;
use crate::trouble::Trouble;
use crate::view::View;
use crate::{Action, ConditionKind, Rollout, words};

/// Brings the next pod whose template has changed to the new one.
pub(crate) fn plan(view: &View<'_>, draft: &mut Draft) {
    let outdated: Vec<&Seat> = outdated(view).collect();
    if outdated.is_empty() {
        return;
    }
    let members = words::members(outdated.iter().map(|seat| seat.ordinal));
    if view.desired.rollout == Rollout::OnDelete {
        return draft.wait(format!("Waiting for a person to delete the pods of {members}."));
    }
    draft.on_the_way(Reason::Restarting, format!("still with the old template: {members}"));
    if draft.disturbs() || draft.touches_workload() || draft.changes_membership() {
        return;
    }
    if is_held(view, draft) {
        return;
    }
    match outdated.iter().find(|seat| seat.pod().is_some_and(|pod| pod.is_resizable)) {
        Some(seat) => resize_pod(draft, seat),
        None => restart_next(view, draft, &outdated),
    }
}

/// Pods that are made from another template than the StatefulSet's, which is the one that is wanted.
pub(crate) fn outdated<'v, 'a>(view: &'v View<'a>) -> impl Iterator<Item = &'v Seat<'a>> {
    let template = view.applied_template().filter(|template| *template == view.desired.template_hash);
    let is_outdated = move |seat: &&Seat| template.is_some_and(|template| seat.is_outdated(template));
    view.seats.values().filter(is_outdated)
}

/// Restarts one pod that has the old template and is of no use now: blank, learning, or failing. Its new template may be
/// what heals it, so this waits for nobody's health.
pub(crate) fn restart_idle(view: &View<'_>, draft: &mut Draft) {
    let by_hand = view.desired.rollout == Rollout::OnDelete && view.is_bootstrapped();
    if by_hand || draft.disturbs() || draft.touches_workload() || view.version_refusal().is_some() {
        return;
    }
    let idle = outdated(view).find(|seat| is_idle(view, seat));
    if let Some(seat) = idle {
        let why = view.trouble(seat).map_or_else(|| "does not vote".to_owned(), |trouble| trouble.words());
        delete_pod(draft, seat, &format!("it {why}"));
    }
}

fn is_idle(view: &View<'_>, seat: &Seat<'_>) -> bool {
    let trouble = view.trouble(seat);
    let is_beyond_reach =
        matches!(trouble, Some(Trouble::Terminating | Trouble::NodeLost(_) | Trouble::Foreign));
    let is_of_no_use = trouble.is_some() || !seat.is_voter();
    let keeps_data = seat.claim().is_none_or(|claim| !claim.is_deleting);
    !is_beyond_reach && is_of_no_use && (may_stop(view, seat) || (is_sole_voter(view, seat) && keeps_data))
}

/// Says what the restarts wait for, if they do.
fn is_held(view: &View<'_>, draft: &mut Draft) -> bool {
    if let Some(refusal) = view.version_refusal() {
        draft.block(ConditionKind::UpgradeBlocked, refusal.reason, refusal.message);
        return true;
    }
    if !view.observed.not_ready_to_run.is_empty() {
        let missing = view.observed.not_ready_to_run.join("; ");
        draft.wait(format!("Waiting before pods are restarted: {missing}."));
        return true;
    }
    if let Some((seat, trouble)) = first_unhealthy(view) {
        explain(view, draft, seat, &trouble);
        return true;
    }
    if !view.is_membership_settled() {
        let message = "restarts go on when the membership is as it should be";
        if view.observed.seconds_since_progress >= view.desired.progress_deadline_seconds {
            draft.block(ConditionKind::UpgradeBlocked, Reason::MembershipUnsettled, message);
        } else {
            draft.wait(format!("Waiting: {message}."));
        }
        return true;
    }
    false
}

/// The unhealthy member that is to be told of: one with the new template before others.
fn first_unhealthy<'v, 'a>(view: &'v View<'a>) -> Option<(&'v Seat<'a>, Trouble)> {
    let unhealthy = view.wanted().filter_map(|seat| Some((seat, view.trouble(seat)?)));
    unhealthy
        .min_by_key(|(seat, _)| view.applied_template().is_none_or(|template| seat.is_outdated(template)))
}

fn explain(view: &View<'_>, draft: &mut Draft, seat: &Seat<'_>, trouble: &Trouble) {
    let (ordinal, words) = (seat.ordinal, trouble.words());
    let is_new = view.applied_template().is_some_and(|template| !seat.is_outdated(template));
    let is_late = view.observed.seconds_since_progress >= view.desired.progress_deadline_seconds
        || seat.pod().is_some_and(|pod| pod.unready_for_seconds >= view.desired.progress_deadline_seconds);
    if is_new && seat.pod().is_some() && (is_late || will_not_start(trouble)) {
        let message = format!("member {ordinal} with the new template {words}; edit the resource to go back");
        draft.block(ConditionKind::UpgradeBlocked, Reason::UpdatedPodFailing, message);
    } else if is_late {
        let message = format!("restarts go on when all members are healthy; member {ordinal} {words}");
        draft.block(ConditionKind::UpgradeBlocked, Reason::MembersUnhealthy, message);
    } else {
        draft.wait(format!("Waiting with restarts: member {ordinal} {words}."));
    }
}

/// Whether waiting is of no use: the image cannot be had, or its container ends at once.
fn will_not_start(trouble: &Trouble) -> bool {
    let hopeless = [
        "ErrImagePull",
        "ImagePullBackOff",
        "InvalidImageName",
        "ErrImageNeverPull",
        "CrashLoopBackOff",
        "CreateContainerConfigError",
        "CreateContainerError",
        "RunContainerError",
    ];
    match trouble {
        Trouble::NotStarting(reason) => hopeless.contains(&reason.as_str()),
        Trouble::CrashLooping(_) | Trouble::OutOfMemory => true,
        _ => false,
    }
}

fn restart_next(view: &View<'_>, draft: &mut Draft, outdated: &[&Seat<'_>]) {
    let leader = view.leader();
    let mut followers = outdated.iter().rev().filter(|seat| seat.id() != leader || leader.is_none());
    if let Some(seat) = followers.next() {
        if may_stop(view, seat) {
            delete_pod(draft, seat, "it follows, and all others are healthy");
        }
        return;
    }
    let Some(seat) = outdated.first() else { return };
    if !is_sole_voter(view, seat) {
        let leaving: BTreeSet<_> = seat.id().into_iter().collect();
        return hand_over(
            view,
            draft,
            ConditionKind::UpgradeBlocked,
            &leaving,
            &format!("member {} is the last with the old template", seat.ordinal),
        );
    }
    if seat.claim().is_some_and(|claim| claim.is_deleting) {
        let message = "the only member's volume claim is being deleted: a restart would lose all data";
        return draft.block(ConditionKind::UpgradeBlocked, Reason::OnlyVolumeBeingDeleted, message);
    }
    delete_pod(draft, seat, "it is alone, so that clients wait until it is back");
}

fn resize_pod(draft: &mut Draft, seat: &Seat<'_>) {
    let Some(pod) = seat.pod() else { return };
    draft.act(
        Action::ResizePod { ordinal: seat.ordinal, pod_uid: pod.uid.clone() },
        format!("Give member {} its new resources while it runs.", seat.ordinal),
    );
}

fn delete_pod(draft: &mut Draft, seat: &Seat<'_>, why: &str) {
    let Some(pod) = seat.pod() else { return };
    draft.act(
        Action::DeletePod { ordinal: seat.ordinal, pod_uid: pod.uid.clone(), is_forced: false },
        format!("Restart member {} with the new template: {why}.", seat.ordinal),
    );
}
