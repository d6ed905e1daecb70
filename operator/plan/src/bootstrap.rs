//! The making of the cluster: exactly one blank member is initialised, once, on a volume that was written down before.
//! Must never initialise when anything speaks for an earlier life of the cluster.

use crate::draft::Draft;
use crate::rollout;
use crate::seat::Seat;
use crate::view::View;
use crate::workload;
use crate::{Action, Bootstrap, ConditionKind, Memory, Ordinal, Process};
use crate::{reason::Reason, words};

/// The member that the cluster begins with.
const SEED: Ordinal = Ordinal(0);

/// Latches the cluster's id, then brings the cluster to the point where it has been seen running. Closes the draft until
/// then.
pub(crate) fn plan(view: &View<'_>, draft: &mut Draft) {
    if view.memory.cluster_id.is_none() {
        let memory = Memory { cluster_id: Some(view.desired.cluster_id), ..view.memory.clone() };
        draft.on_the_way(Reason::Bootstrapping, "the cluster is being made");
        draft.act(
            Action::Remember(memory),
            format!("Write down the cluster's id {}.", view.desired.cluster_id),
        );
        return draft.close();
    }
    if view.has_other_id() {
        let message = "the cluster has another id than the one that is wanted";
        draft.block(ConditionKind::ClusterIdMismatch, Reason::ClusterIdChanged, message);
        return draft.close();
    }
    if view.is_bootstrapped() {
        return;
    }
    make(view, draft);
    draft.close();
}

fn make(view: &View<'_>, draft: &mut Draft) {
    draft.on_the_way(Reason::Bootstrapping, "the cluster is being made");
    if view.seats.values().any(|seat| runs_with_own_data(view, seat)) {
        let memory = Memory { bootstrap: Bootstrap::Done, ..view.memory.clone() };
        return draft.act(Action::Remember(memory), "Write down that the cluster has been seen running.");
    }
    let foreign = view.foreign();
    if !foreign.is_empty() {
        let members = words::members(foreign);
        let message = format!("the volume or data of {members} belongs to another cluster");
        return draft.block(ConditionKind::ClusterIdMismatch, Reason::ForeignVolume, message);
    }
    workload::plan(view, draft);
    if draft.touches_workload() {
        return;
    }
    match &view.memory.bootstrap {
        Bootstrap::NotBegun => begin(view, draft),
        Bootstrap::Begun { ordinal, claim_uid } => initialize(view, draft, *ordinal, claim_uid),
        Bootstrap::Done => {}
    }
    if draft.actions.is_empty() {
        rollout::restart_idle(view, draft);
    }
}

fn runs_with_own_data(view: &View<'_>, seat: &Seat<'_>) -> bool {
    seat.running().is_some_and(|running| running.cluster_id == view.cluster_id())
}

/// Whether a volume is from an earlier life of this cluster: only adopting it, never a new beginning, can be right.
pub(crate) fn is_adopting(view: &View<'_>) -> bool {
    view.memory.bootstrap == Bootstrap::NotBegun
        && view.seats.values().any(|seat| seat.has_own_claim(view.cluster_id()))
}

fn begin(view: &View<'_>, draft: &mut Draft) {
    if is_adopting(view) {
        return draft.wait("Waiting for a member to run on the volumes that are taken over.");
    }
    let seed = view.seats.get(&SEED);
    let Some(claim) = seed.filter(|seat| seat.is_blank()).and_then(|seat| seat.claim()) else {
        return wait_for_seed(view, draft, SEED);
    };
    if claim.is_deleting {
        return draft.wait("Waiting for the volume claim of member 0 to be made anew.");
    }
    let begun = Bootstrap::Begun { ordinal: SEED, claim_uid: claim.uid.clone() };
    let memory = Memory { bootstrap: begun, ..view.memory.clone() };
    draft.act(
        Action::Remember(memory),
        "Write down that the cluster begins with member 0, on the volume that it has now.",
    );
}

fn initialize(view: &View<'_>, draft: &mut Draft, ordinal: Ordinal, claim_uid: &str) {
    if is_seed_lost(view) {
        return;
    }
    let seed = view.seats.get(&ordinal);
    let (Some(pod), Some(claim), Process::Blank { cluster_id }) = (
        seed.and_then(|seat| seat.pod()),
        seed.and_then(|seat| seat.claim()),
        seed.map_or(&Process::Unknown, |seat| seat.process()),
    ) else {
        return wait_for_seed(view, draft, ordinal);
    };
    if claim.cluster_id.is_none() {
        draft.act(
            Action::MarkClaim { ordinal, claim_uid: claim.uid.clone(), cluster_id: *cluster_id },
            format!("Mark the volume claim of member {ordinal} as this cluster's."),
        );
    }
    draft.act(
        Action::Initialize {
            ordinal,
            pod_uid: pod.uid.clone(),
            claim_uid: claim_uid.to_owned(),
            cluster_id: *cluster_id,
        },
        format!("Make member {ordinal} the first of the cluster."),
    );
}

/// Whether the claim that the cluster was begun on has been replaced by another, or is on its way out.
pub(crate) fn is_seed_lost(view: &View<'_>) -> bool {
    let Bootstrap::Begun { ordinal, claim_uid } = &view.memory.bootstrap else { return false };
    let claim = view.seats.get(ordinal).and_then(|seat| seat.claim());
    claim.is_some_and(|claim| claim.uid != *claim_uid || claim.is_deleting)
}

fn wait_for_seed(view: &View<'_>, draft: &mut Draft, ordinal: Ordinal) {
    let why = view.seats.get(&ordinal).and_then(|seat| view.trouble(seat));
    let why = why.map_or_else(|| "does not answer yet".to_owned(), |trouble| trouble.words());
    draft.wait(format!("Waiting for member {ordinal}, which {why}."));
}

/// Says it when the data is gone: every member that there is has run before, and now has nothing.
pub(crate) fn report_lost(view: &View<'_>, draft: &mut Draft) {
    if let Some((reason, message)) = lost(view) {
        draft.block(ConditionKind::Available, reason, message);
    }
}

/// Why the cluster has no data any more, if it has none.
pub(crate) fn lost(view: &View<'_>) -> Option<(Reason, String)> {
    if is_seed_lost(view) {
        let message =
            "the volume on which the cluster was being made is gone: delete the resource and make it anew";
        return Some((Reason::SeedVolumeLost, message.to_owned()));
    }
    let had_data = view.is_bootstrapped() || is_adopting(view);
    // A volume gets data only after its claim was marked. Where there is no claim, or one that nobody spoke for, is none.
    let may_have_data = |seat: &&Seat| seat.is_blank() || seat.has_own_claim(view.cluster_id());
    let mut seats = view.seats.values().filter(may_have_data).peekable();
    let all_blank = seats.peek().is_some() && seats.all(|seat| seat.is_blank());
    let message = "every volume is empty, the data is gone: restore a snapshot into a new resource; \
                   nothing is made in its place";
    (had_data && all_blank).then(|| (Reason::AllMembersLost, message.to_owned()))
}
