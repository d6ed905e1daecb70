//! Conditions on how the cluster is: whether it answers, who is unwell, and how much more may fail.

use super::Told;
use crate::draft::Draft;
use crate::hibernation::is_asleep;
use crate::reason::Reason;
use crate::safety::quorum;
use crate::seat::Seat;
use crate::trouble::Trouble;
use crate::view::View;
use crate::{ConditionKind, Process, words};

pub(super) fn available(view: &View<'_>, draft: &Draft) -> Told {
    let kind = ConditionKind::Available;
    if view.observed.is_serving {
        return Told::holds(kind, Reason::Serving, "linearizable reads are answered");
    }
    if view.desired.is_hibernating {
        return Told::holds_not(kind, Reason::Asleep, "the cluster is hibernating");
    }
    if let Some(block) = draft.block_of(kind) {
        return Told::holds_not(kind, block.reason, block.message.clone());
    }
    if !view.is_bootstrapped() {
        return Told::holds_not(kind, Reason::NotBootstrapped, "the cluster has not been made yet");
    }
    if let Some((active, needed)) = missing_quorum(view) {
        let message = format!("{active} of the {} that are needed answer", words::count(needed, "voter"));
        return Told::holds_not(kind, Reason::QuorumLost, message);
    }
    if are_unreachable(view) {
        let message = "no member answers the operator, though pods are ready";
        return Told::unknown(kind, Reason::MembersUnreachable, message);
    }
    Told::holds_not(kind, Reason::NotServing, "no linearizable read was answered")
}

/// Whether a quorum of pods is ready and none of their members could be asked.
fn are_unreachable(view: &View<'_>) -> bool {
    let ready = view.seats.values().filter(|seat| seat.pod().is_some_and(|pod| pod.is_ready)).count();
    let has_answered = |seat: &Seat| !matches!(seat.process(), Process::Unknown);
    ready >= quorum(view.desired.replicas as usize) && !view.seats.values().any(has_answered)
}

/// How many voters answer and how many have to, when they are too few.
fn missing_quorum(view: &View<'_>) -> Option<(usize, usize)> {
    let voters = view.voters();
    let needed = quorum(voters.len());
    let active = match (view.membership(), &view.observed.membership) {
        (Some(_), _) => voters.intersection(&view.active_members()).count(),
        // Without a leader nobody knows who answers whom: whoever answers the operator counts.
        (None, Some(_)) => {
            let runs = |id: &&_| view.seat_of(**id).is_some_and(|seat| seat.running().is_some());
            voters.iter().filter(runs).count()
        }
        (None, None) => return None,
    };
    (active < needed).then_some((active, needed))
}

pub(super) fn degraded(view: &View<'_>) -> Told {
    let kind = ConditionKind::Degraded;
    if is_asleep(view) && view.desired.is_hibernating {
        return Told::holds_not(kind, Reason::Asleep, "the cluster is hibernating");
    }
    let troubles: Vec<_> =
        view.wanted().filter_map(|seat| Some((seat.ordinal, view.trouble(seat)?))).collect();
    if !troubles.is_empty() && troubles.iter().all(|(_, trouble)| *trouble == Trouble::Unasked) {
        return Told::unknown(kind, Reason::MembersUnreachable, "no member answers the operator");
    }
    if let Some((_, first)) = troubles.first() {
        let all: Vec<String> = troubles
            .iter()
            .map(|(ordinal, trouble)| format!("member {ordinal} {}", trouble.words()))
            .collect();
        return Told::holds(kind, first.reason(), all.join("; "));
    }
    if let Some(seat) = view.seats.values().find(|seat| has_alarm(seat, "CORRUPT")) {
        let message = format!(
            "member {} reports damaged data: have it replaced (kubectl holdfast replace) if the others agree",
            seat.ordinal
        );
        return Told::holds(kind, Reason::DataCorrupt, message);
    }
    if let Some(seat) = view.wanted().find(|seat| seat.claim().is_some_and(|claim| claim.is_deleting)) {
        let message = format!("the volume claim of member {} is being deleted", seat.ordinal);
        return Told::holds(kind, Reason::VolumeBeingDeleted, message);
    }
    if let Some(id) = view.strangers.first() {
        return Told::holds(kind, Reason::UnknownMember, format!("there is {}", words::stranger(*id)));
    }
    Told::holds_not(kind, Reason::AllMembersHealthy, "all members are healthy")
}

pub(super) fn has_alarm(seat: &Seat<'_>, alarm: &str) -> bool {
    seat.running().is_some_and(|running| running.alarms.contains(alarm))
}

pub(super) fn quorum_at_risk(view: &View<'_>) -> Told {
    let kind = ConditionKind::QuorumAtRisk;
    let voters = view.voters();
    if view.membership().is_none() {
        return Told::unknown(kind, Reason::NotServing, "nobody leads, so nobody knows who is healthy");
    }
    if voters.len() == 1 {
        return Told::holds_not(kind, Reason::SingleMember, "the cluster has one member");
    }
    let healthy = voters.intersection(&view.healthy_members()).count();
    let needed = quorum(voters.len());
    let message =
        format!("{healthy} of {} are healthy, {needed} are needed", words::count(voters.len(), "voter"));
    if healthy <= needed {
        Told::holds(kind, Reason::NoMargin, message)
    } else {
        Told::holds_not(kind, Reason::EnoughVoters, message)
    }
}

pub(super) fn quorum_lost(view: &View<'_>) -> Told {
    let kind = ConditionKind::QuorumLost;
    if view.observed.is_serving {
        return Told::holds_not(kind, Reason::Serving, "linearizable reads are answered");
    }
    if !view.is_bootstrapped() || view.desired.is_hibernating {
        return Told::holds_not(kind, Reason::NotBlocked, "the cluster is not meant to serve now");
    }
    match missing_quorum(view) {
        Some((active, needed)) => {
            let message = format!(
                "{active} of the {} that are needed answer; nothing is changed until more are back",
                words::count(needed, "voter")
            );
            Told::holds(kind, Reason::QuorumLost, message)
        }
        None if view.observed.membership.is_some() => {
            Told::holds_not(kind, Reason::EnoughVoters, "enough voters run")
        }
        None => Told::unknown(kind, Reason::MembersUnreachable, "no member told who votes"),
    }
}

pub(super) fn cluster_id_mismatch(view: &View<'_>) -> Told {
    let kind = ConditionKind::ClusterIdMismatch;
    if let Some(latched) = view.memory.cluster_id.filter(|_| view.has_other_id()) {
        let message = format!("the cluster is {latched}, the resource wants {}", view.desired.cluster_id);
        return Told::holds(kind, Reason::ClusterIdChanged, message);
    }
    let foreign = view.foreign();
    if foreign.is_empty() {
        return Told::holds_not(kind, Reason::IdsMatch, "no volume or member of another cluster was found");
    }
    let message = format!(
        "the volume or data of {} belongs to another cluster: delete the volume claim, or take it over by a new \
         resource with bootstrap.clusterID",
        words::members(foreign)
    );
    Told::holds(kind, Reason::ForeignVolume, message)
}
