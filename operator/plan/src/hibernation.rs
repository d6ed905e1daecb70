//! Sleep: all pods stopped, volumes and membership kept. Waking up is nothing of its own: the StatefulSet gets its
//! replicas back, and whoever has lost a volume meanwhile is replaced.

use crate::draft::Draft;
use crate::reason::Reason;
use crate::view::View;
use crate::workload;

/// Stops all pods while the resource says so, and closes the draft.
pub(crate) fn plan(view: &View<'_>, draft: &mut Draft) {
    if !view.desired.is_hibernating {
        return;
    }
    if !is_asleep(view) {
        draft.on_the_way(Reason::FallingAsleep, "all pods are being stopped");
    }
    workload::apply(view, draft, 0);
    let running = view.seats.values().filter(|seat| seat.pod().is_some()).count();
    if running > 0 {
        draft.wait(format!("Waiting for {} to stop.", crate::words::count(running, "pod")));
    }
    draft.close();
}

/// Whether no pod runs or is going to.
pub(crate) fn is_asleep(view: &View<'_>) -> bool {
    view.observed.workload.as_ref().is_none_or(|workload| workload.replicas == 0)
        && view.seats.values().all(|seat| seat.pod().is_none())
}
