//! Conditions on what is under way, held up, or asked for by the resource.

use super::Told;
use super::health::has_alarm;
use crate::draft::Draft;
use crate::hibernation::is_asleep;
use crate::reason::Reason;
use crate::rollout::outdated;
use crate::view::View;
use crate::{ConditionKind, Rollout, volumes, words};

pub(super) fn progressing(view: &View<'_>, draft: &Draft) -> Told {
    let kind = ConditionKind::Progressing;
    if view.observed.is_deleting {
        return Told::holds(kind, Reason::Deleting, "the resource is being deleted");
    }
    if view.desired.is_paused {
        return Told::holds_not(kind, Reason::PausedBySpec, "nothing is changed while spec.paused is set");
    }
    if view.has_other_id() || !view.foreign().is_empty() && !view.is_bootstrapped() {
        return Told::holds_not(kind, Reason::ForeignVolume, "see ClusterIdMismatch");
    }
    if let Some(block) = draft.block_of(ConditionKind::Available) {
        return Told::holds_not(kind, block.reason, block.message.clone());
    }
    let waiting = view.wanted().find_map(|seat| Some((seat.ordinal, view.trouble(seat)?)));
    let waiting = waiting
        .filter(|_| !view.desired.is_hibernating)
        .map(|(ordinal, trouble)| format!("member {ordinal} {}", trouble.words()));
    let under_way = draft
        .under_way
        .first()
        .cloned()
        .or_else(|| wakes(view))
        .or_else(|| waiting.clone().map(|message| (Reason::WaitingForMembers, message)));
    let Some((reason, message)) = under_way else {
        return Told::holds_not(kind, Reason::Settled, "everything is as it should be");
    };
    let deadline = view.desired.progress_deadline_seconds;
    if view.observed.seconds_since_progress >= deadline {
        let waiting = waiting.unwrap_or_else(|| message.clone());
        let message = format!("nothing has moved for {}: {waiting}", words::seconds(deadline));
        return Told::holds_not(kind, Reason::ProgressDeadlineExceeded, message);
    }
    Told::holds(kind, reason, message)
}

fn wakes(view: &View<'_>) -> Option<(Reason, String)> {
    let was_asleep = view.is_bootstrapped() && is_asleep(view) && !view.desired.is_hibernating;
    was_asleep.then(|| (Reason::WakingUp, "pods are being started".to_owned()))
}

pub(super) fn upgrading(view: &View<'_>) -> Told {
    let kind = ConditionKind::Upgrading;
    let members: Vec<_> = outdated(view).map(|seat| seat.ordinal).collect();
    if members.is_empty() || view.desired.rollout == Rollout::OnDelete {
        return Told::holds_not(kind, Reason::UpToDate, "no pod is to be restarted");
    }
    Told::holds(kind, Reason::Restarting, format!("still with the old template: {}", words::members(members)))
}

pub(super) fn blocked(draft: &Draft, kind: ConditionKind) -> Told {
    match draft.block_of(kind) {
        Some(block) => Told::holds(kind, block.reason, block.message.clone()),
        None => Told::holds_not(kind, Reason::NotBlocked, "nothing is held up"),
    }
}

pub(super) fn storage_ready(view: &View<'_>, draft: &Draft) -> Told {
    let kind = ConditionKind::StorageReady;
    let full = view.seats.values().filter(|seat| has_alarm(seat, "NOSPACE")).map(|seat| seat.ordinal);
    let full: Vec<_> = full.collect();
    if !full.is_empty() {
        let message = format!(
            "no room left at {}: enlarge storage.size or options.quotaBackendBytes, compact, then disarm the alarm",
            words::members(full)
        );
        return Told::holds_not(kind, Reason::NoSpace, message);
    }
    if let Some(block) = draft.block_of(kind) {
        return Told::holds_not(kind, block.reason, block.message.clone());
    }
    let growing: Vec<_> = volumes::too_small(view).map(|(seat, _)| seat.ordinal).collect();
    if !growing.is_empty() {
        let message = format!("the volumes of {} are growing", words::members(growing));
        return Told::holds_not(kind, Reason::VolumeGrowing, message);
    }
    Told::holds(kind, Reason::VolumesAsWanted, "all volumes have the size that is wanted")
}

pub(super) fn spec_valid(view: &View<'_>) -> Told {
    let kind = ConditionKind::SpecValid;
    match view.version_refusal() {
        Some(refusal) => Told::holds_not(kind, refusal.reason, refusal.message),
        None => Told::holds(kind, Reason::Valid, "the resource describes a cluster that can be made"),
    }
}

pub(super) fn paused(view: &View<'_>) -> Told {
    let kind = ConditionKind::Paused;
    if view.desired.is_paused {
        Told::holds(kind, Reason::PausedBySpec, "nothing is changed while spec.paused is set")
    } else {
        Told::holds_not(kind, Reason::NotPaused, "spec.paused is not set")
    }
}

pub(super) fn hibernated(view: &View<'_>) -> Told {
    let kind = ConditionKind::Hibernated;
    match (view.desired.is_hibernating, is_asleep(view)) {
        (true, true) => Told::holds(kind, Reason::Asleep, "all pods are stopped, volumes are kept"),
        (true, false) => Told::holds_not(kind, Reason::FallingAsleep, "pods are still being stopped"),
        (false, _) => Told::holds_not(kind, Reason::Awake, "spec.hibernate is not set"),
    }
}

pub(super) fn pending_restart(view: &View<'_>) -> Told {
    let kind = ConditionKind::PendingRestart;
    let members: Vec<_> = outdated(view).map(|seat| seat.ordinal).collect();
    if members.is_empty() || view.desired.rollout != Rollout::OnDelete {
        return Told::holds_not(kind, Reason::NothingPending, "no pod waits for a restart by hand");
    }
    let message = format!("delete the pods of {}, one at a time, to restart them", words::members(members));
    Told::holds(kind, Reason::RestartByHand, message)
}
