//! The StatefulSet: how many replicas it has, when it is applied and when made anew. Replicas are always the highest
//! ordinal in use or wanted, plus one, so that no member's pod goes before its member has left.

use crate::draft::Draft;
use crate::reason::Reason;
use crate::seat::Seat;
use crate::view::View;
use crate::{Action, ConditionKind, Workload, words};

/// Applies the StatefulSet when it is not as it should be.
pub(crate) fn plan(view: &View<'_>, draft: &mut Draft) {
    let replicas = replicas(view, draft);
    apply(view, draft, replicas);
}

/// Applies the StatefulSet with a number of replicas, if anything of it differs.
pub(crate) fn apply(view: &View<'_>, draft: &mut Draft, replicas: u32) {
    let present = view.observed.workload.as_ref();
    let has_new_template =
        present.is_none_or(|workload| workload.template_hash != view.desired.template_hash);
    if let Some(refusal) = view.version_refusal().filter(|_| has_new_template) {
        return draft.block(ConditionKind::UpgradeBlocked, refusal.reason, refusal.message);
    }
    let starts_pods = replicas > present.map_or(0, |workload| workload.replicas);
    if starts_pods && !view.observed.not_ready_to_run.is_empty() {
        let missing = view.observed.not_ready_to_run.join("; ");
        draft.on_the_way(Reason::WaitingForInputs, format!("pods cannot run yet: {missing}"));
        return draft.wait(format!("Waiting before pods are started: {missing}."));
    }
    let Some(workload) = present else {
        return draft.act(
            Action::ApplyWorkload { replicas },
            format!("Make the StatefulSet with {}.", words::count(replicas as usize, "replica")),
        );
    };
    if must_be_made_anew(view, workload) {
        return draft.act(
            Action::OrphanWorkload,
            "Delete the StatefulSet without its pods, since it differs in what cannot be changed in place.",
        );
    }
    if workload.replicas != replicas {
        let line = format!("Set the StatefulSet from {} to {replicas} replicas.", workload.replicas);
        draft.act(Action::ApplyWorkload { replicas }, line);
    } else if has_new_template {
        draft.act(
            Action::ApplyWorkload { replicas },
            "Put the new pod template into the StatefulSet; no pod is restarted by that.",
        );
    } else if workload.has_drift {
        draft.act(Action::ApplyWorkload { replicas }, "Put the StatefulSet back to what it should be.");
    }
}

fn must_be_made_anew(view: &View<'_>, workload: &Workload) -> bool {
    workload.has_immutable_drift || workload.claim_size_bytes != view.desired.volume_size_bytes
}

/// How many replicas the StatefulSet should have now.
fn replicas(view: &View<'_>, draft: &mut Draft) -> u32 {
    let in_use = in_use(view);
    let wanted = in_use.max(view.desired.replicas);
    let Some(present) = view.observed.workload.as_ref().map(|workload| workload.replicas) else {
        return wanted;
    };
    // Waking up, or being made: there is nothing that could be disturbed by more pods.
    if wanted <= present || present == 0 || !view.is_bootstrapped() {
        return wanted;
    }
    let held = present.max(in_use);
    if wanted == held {
        return wanted;
    }
    let Some(message) = unhealthy_voters(view) else { return wanted };
    draft.block(
        ConditionKind::ScalingBlocked,
        Reason::VoterUnhealthy,
        format!(
            "the cluster grows to {} members when all voters are healthy; {message}",
            view.desired.replicas
        ),
    );
    held
}

/// One more than the highest ordinal that a member has. While the membership cannot be relied on, whatever could be a
/// member counts: volumes that bear the cluster's id, pods, and what the StatefulSet has now.
fn in_use(view: &View<'_>) -> u32 {
    let after = |seat: &Seat| seat.ordinal.0 + 1;
    let members = view.with_members().map(after).max().unwrap_or_default();
    if view.membership().is_some() {
        return members;
    }
    let may_be_one =
        |seat: &&Seat| seat.pod().is_some() || seat.has_own_claim(view.cluster_id()) || seat.member.is_some();
    let highest = view.seats.values().filter(may_be_one).map(after).max().unwrap_or_default();
    highest.max(view.observed.workload.as_ref().map_or(0, |workload| workload.replicas))
}

/// Which voters are unhealthy, as a person would read it.
pub(crate) fn unhealthy_voters(view: &View<'_>) -> Option<String> {
    if view.membership().is_none() {
        return Some("nobody leads the cluster now".to_owned());
    }
    let unhealthy = view.with_members().filter(|seat| seat.is_voter()).find_map(|seat| {
        let trouble = view.trouble(seat)?;
        Some(format!("member {} {}", seat.ordinal, trouble.words()))
    });
    unhealthy.or_else(|| {
        let healthy = view.healthy_members();
        let stranger =
            view.strangers.iter().find(|id| view.voters().contains(id) && !healthy.contains(id))?;
        Some(format!("{} does not answer", words::stranger(*stranger)))
    })
}
