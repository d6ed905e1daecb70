//! The order in which a plan is made: each step sees what those before it have decided. Decides nothing itself but that
//! order.

use crate::draft::Draft;
use crate::limits::{
    LINES_MAX, LOOK_AGAIN_BLOCKED_SECONDS, LOOK_AGAIN_SETTLED_SECONDS, LOOK_AGAIN_SOON_SECONDS,
};
use crate::seat::Seat;
use crate::version::lowest;
use crate::view::View;
use crate::{Action, Desired, Memory, Observed, Plan};
use crate::{
    bootstrap, conditions, deletion, hibernation, membership, replacement, rollout, volumes, workload,
};

/// What to do next for a cluster.
///
/// At most one action disturbs members, and it is the last; only when the whole cluster is being deleted there are more.
/// Asked again with the same values it gives the same plan. Each action is safe to carry out twice, and safe to be lost:
/// a plan never relies on one before it having been carried out, only on what is observed.
#[must_use]
pub fn plan(desired: &Desired, memory: &Memory, observed: &Observed) -> Plan {
    let view = View::new(desired, memory, observed);
    let mut draft = if observed.is_deleting { Draft::ending() } else { Draft::default() };
    decide(&view, &mut draft);
    if desired.is_paused && !observed.is_deleting {
        draft.actions.clear();
        for line in &mut draft.lines {
            line.insert_str(0, "Paused; else: ");
        }
    }
    let conditions = conditions::all(&view, &draft);
    let look_again_seconds = look_again_seconds(&view, &draft);
    draft.lines.truncate(LINES_MAX);
    Plan { actions: draft.actions, lines: draft.lines, conditions, look_again_seconds }
}

fn decide(view: &View<'_>, draft: &mut Draft) {
    if view.observed.is_deleting {
        return deletion::plan(view, draft);
    }
    // Growing comes before everything that could wait for something.
    let steps: [fn(&View<'_>, &mut Draft); 11] = [
        bootstrap::report_lost,
        volumes::grow,
        hibernation::plan,
        bootstrap::plan,
        replacement::forget_requests,
        volumes::mark,
        workload::plan,
        rollout::restart_idle,
        membership::plan,
        rollout::plan,
        remember_version,
    ];
    for step in steps {
        step(view, draft);
        if draft.is_closed() {
            return;
        }
    }
}

/// Writes down which version the whole cluster runs, once nothing else is to be done.
fn remember_version(view: &View<'_>, draft: &mut Draft) {
    if !draft.actions.is_empty() || !view.is_membership_settled() {
        return;
    }
    let versions: Option<Vec<&str>> =
        view.wanted().map(|seat| seat.running().map(|running| running.version.as_str())).collect();
    let Some(versions) = versions else { return };
    // A member that could not tell its version has an empty one.
    let Some(version) = lowest(versions.iter().copied()) else { return };
    if versions.iter().all(|other| *other == version) && view.memory.version.as_deref() != Some(version) {
        let memory = Memory { version: Some(version.to_owned()), ..view.memory.clone() };
        draft.act(Action::Remember(memory), format!("Write down that all members run version {version}."));
    }
}

fn look_again_seconds(view: &View<'_>, draft: &Draft) -> u64 {
    let is_late = view.observed.seconds_since_progress >= view.desired.progress_deadline_seconds;
    let is_held = view.desired.is_paused || is_late || !draft.blocks.is_empty();
    let is_unwell = view.wanted().any(|seat| view.trouble(seat).is_some());
    let seconds = if !draft.actions.is_empty() || (!draft.under_way.is_empty() && !is_held) {
        LOOK_AGAIN_SOON_SECONDS
    } else if !draft.lines.is_empty() || (is_unwell && !view.desired.is_hibernating) {
        LOOK_AGAIN_BLOCKED_SECONDS
    } else {
        LOOK_AGAIN_SETTLED_SECONDS
    };
    view.wanted().filter_map(|seat| seconds_until_node_loss(view, seat)).fold(seconds, u64::min)
}

/// When a node will have been gone long enough. Nobody else tells the operator of that moment.
fn seconds_until_node_loss(view: &View<'_>, seat: &Seat<'_>) -> Option<u64> {
    let lost = seat.node_lost_for_seconds()?;
    view.desired.replace_after_seconds.checked_sub(lost).filter(|seconds| *seconds > 0)
}
