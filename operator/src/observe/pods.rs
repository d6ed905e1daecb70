//! Pods as planning sees them. Pure.

use std::collections::BTreeMap;

use holdfast_plan::{Pod as Seen, PodPhase};
use k8s_openapi::api::core::v1::{ContainerStatus, Pod, PodCondition};
use k8s_openapi::jiff::Timestamp;

use super::age::seconds_since;
use crate::limits::RESIZE_PATIENCE_SECONDS;
use crate::resources::labels;

/// Annotations of an object.
type Annotations = BTreeMap<String, String>;

/// What a pod is, as planning sees it. `template` has the annotations of the StatefulSet's template;
/// `node_lost_for_seconds` is known elsewhere.
#[must_use]
pub fn seen(
    pod: &Pod,
    template: Option<&Annotations>,
    node_lost_for_seconds: Option<u64>,
    now: Timestamp,
) -> Seen {
    let status = pod.status.as_ref();
    let container = server(pod);
    let ended = container.and_then(|container| {
        let last = container.last_state.as_ref().and_then(|state| state.terminated.as_ref());
        container.state.as_ref().and_then(|state| state.terminated.as_ref()).or(last)
    });
    Seen {
        uid: pod.metadata.uid.clone().unwrap_or_default(),
        template_hash: template_hash(pod, now),
        is_resizable: template.is_some_and(|template| is_resizable(pod, template)),
        phase: match status.and_then(|status| status.phase.as_deref()) {
            Some("Running") => PodPhase::Running,
            Some("Succeeded" | "Failed") => PodPhase::Ended,
            _ => PodPhase::Pending,
        },
        is_ready: is_ready(pod),
        deleting_for_seconds: deleting_for_seconds(pod, now),
        unready_for_seconds: unready_for_seconds(pod, now),
        restarts: container.and_then(|it| u32::try_from(it.restart_count).ok()).unwrap_or(0),
        was_out_of_memory: ended.is_some_and(|end| end.reason.as_deref() == Some("OOMKilled")),
        last_exit_code: ended.map(|end| end.exit_code),
        waiting_reason: waiting_reason(pod),
        node_lost_for_seconds,
    }
}

/// The template that it has: none where its node has no room for the resources that it was given while it runs.
fn template_hash(pod: &Pod, now: Timestamp) -> String {
    let pending = condition(pod, "PodResizePending").filter(|pending| pending.status == "True");
    let is_stuck = pending.is_some_and(|pending| {
        let since = pending.last_transition_time.as_ref().map_or(0, |time| seconds_since(time, now));
        pending.reason.as_deref() == Some("Infeasible") || since >= RESIZE_PATIENCE_SECONDS
    });
    let hash = annotation(pod, labels::TEMPLATE_HASH).filter(|_| !is_stuck);
    hash.unwrap_or_default().to_owned()
}

fn is_resizable(pod: &Pod, template: &Annotations) -> bool {
    let wanted = |name| template.get(name).map(String::as_str);
    let has_other = annotation(pod, labels::TEMPLATE_HASH) != wanted(labels::TEMPLATE_HASH);
    let fixed = annotation(pod, labels::FIXED_HASH);
    let has_refused = annotation(pod, labels::RESIZE_REFUSED) == wanted(labels::TEMPLATE_HASH);
    has_other && fixed.is_some() && fixed == wanted(labels::FIXED_HASH) && !has_refused
}

/// Whether it passes its readiness probe.
#[must_use]
pub fn is_ready(pod: &Pod) -> bool {
    condition(pod, "Ready").is_some_and(|condition| condition.status == "True")
}

/// Whether no node takes it.
#[must_use]
pub fn is_unschedulable(pod: &Pod) -> bool {
    condition(pod, "PodScheduled").is_some_and(|condition| condition.status == "False")
}

/// Since when no node takes it, in seconds.
#[must_use]
pub fn unschedulable_for_seconds(pod: &Pod, now: Timestamp) -> u64 {
    let since = condition(pod, "PodScheduled").and_then(|condition| condition.last_transition_time.as_ref());
    since.or(pod.metadata.creation_timestamp.as_ref()).map_or(0, |time| seconds_since(time, now))
}

fn deleting_for_seconds(pod: &Pod, now: Timestamp) -> Option<u64> {
    // Kubernetes writes down when the grace period ends, not when it began.
    let ends = pod.metadata.deletion_timestamp.as_ref()?;
    let grace = pod.metadata.deletion_grace_period_seconds.unwrap_or(0);
    u64::try_from(now.as_second() - ends.0.as_second() + grace).ok().or(Some(0))
}

fn unready_for_seconds(pod: &Pod, now: Timestamp) -> u64 {
    if is_ready(pod) {
        return 0;
    }
    let since = condition(pod, "Ready").and_then(|condition| condition.last_transition_time.as_ref());
    since.or(pod.metadata.creation_timestamp.as_ref()).map_or(0, |time| seconds_since(time, now))
}

/// Why it waits, if that is not merely how every pod begins.
fn waiting_reason(pod: &Pod) -> Option<String> {
    let waiting = server(pod).and_then(|it| it.state.as_ref()?.waiting.as_ref()?.reason.clone());
    let is_usual = |reason: &String| reason == "ContainerCreating" || reason == "PodInitializing";
    let unscheduled = condition(pod, "PodScheduled").filter(|condition| condition.status == "False");
    waiting
        .filter(|reason| !is_usual(reason))
        .or_else(|| unscheduled.map(|it| it.reason.clone().unwrap_or_else(|| "Unschedulable".to_owned())))
}

fn server(pod: &Pod) -> Option<&ContainerStatus> {
    let containers = pod.status.as_ref()?.container_statuses.as_ref()?;
    containers.iter().find(|container| container.name == "holdfast")
}

fn condition<'a>(pod: &'a Pod, kind: &str) -> Option<&'a PodCondition> {
    pod.status.as_ref()?.conditions.as_ref()?.iter().find(|condition| condition.type_ == kind)
}

fn annotation<'a>(pod: &'a Pod, name: &str) -> Option<&'a str> {
    pod.metadata.annotations.as_ref()?.get(name).map(String::as_str)
}
