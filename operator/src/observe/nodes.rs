//! Whether a pod's node, or every node that a volume can be on, is gone. Pure.

use k8s_openapi::api::core::v1::{Node, NodeSelectorRequirement, NodeSelectorTerm, PersistentVolume, Pod};
use k8s_openapi::jiff::Timestamp;

use super::age::seconds_since;
use super::objects::Objects;
use super::pods::unschedulable_for_seconds;

/// How long the pod's node has been gone, if it was looked at and is.
#[must_use]
pub fn pod_node_lost_for_seconds(
    pod: &Pod,
    unready_for_seconds: u64,
    objects: &Objects,
    now: Timestamp,
) -> Option<u64> {
    let name = pod.spec.as_ref()?.node_name.as_ref()?;
    match objects.nodes.get(name)? {
        // Nobody wrote down when it was removed; the pod has not been ready since then at the latest.
        None => Some(unready_for_seconds),
        Some(node) => node_lost_for_seconds(node, now),
    }
}

/// How long every node that the volume can be on has been gone, if they all are.
#[must_use]
pub fn volume_node_lost_for_seconds(
    volume: &PersistentVolume,
    pod: &Pod,
    nodes: &[Node],
    now: Timestamp,
) -> Option<u64> {
    let required = volume.spec.as_ref()?.node_affinity.as_ref()?.required.as_ref()?;
    let mut shortest = None;
    for node in nodes.iter().filter(|node| required.node_selector_terms.iter().any(|term| fits(term, node))) {
        let lost = node_lost_for_seconds(node, now)?;
        shortest = Some(shortest.map_or(lost, |shortest: u64| shortest.min(lost)));
    }
    shortest.or_else(|| Some(unschedulable_for_seconds(pod, now)))
}

/// How long a node has not answered, if it does not.
fn node_lost_for_seconds(node: &Node, now: Timestamp) -> Option<u64> {
    let conditions = node.status.as_ref()?.conditions.as_ref()?;
    let ready = conditions.iter().find(|condition| condition.type_ == "Ready")?;
    if ready.status == "True" {
        return None;
    }
    Some(ready.last_transition_time.as_ref().map_or(0, |time| seconds_since(time, now)))
}

fn fits(term: &NodeSelectorTerm, node: &Node) -> bool {
    let labels = node.metadata.labels.as_ref();
    let by_label = term.match_expressions.iter().flatten().all(|requirement| {
        is_met(requirement, labels.and_then(|all| all.get(&requirement.key)).map(String::as_str))
    });
    let by_field = term
        .match_fields
        .iter()
        .flatten()
        .all(|requirement| is_met(requirement, node.metadata.name.as_deref()));
    by_label && by_field
}

/// What cannot be judged (`Gt`, `Lt`) counts as met: then the node may be the one, and nothing is taken for lost.
fn is_met(requirement: &NodeSelectorRequirement, value: Option<&str>) -> bool {
    let values = requirement.values.iter().flatten();
    let is_among = || value.is_some_and(|value| values.clone().any(|allowed| allowed == value));
    match requirement.operator.as_str() {
        "In" => is_among(),
        "NotIn" => !is_among(),
        "Exists" => value.is_some(),
        "DoesNotExist" => value.is_none(),
        _ => true,
    }
}
