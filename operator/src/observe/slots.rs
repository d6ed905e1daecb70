//! What exists for each ordinal, from the objects that were read. Pure.

use std::collections::BTreeMap;

use holdfast_plan::{Claim, ClusterId, Ordinal, Slot, Workload};
use k8s_openapi::api::apps::v1::StatefulSet;
use k8s_openapi::api::core::v1::PersistentVolumeClaim;
use k8s_openapi::jiff::Timestamp;
use serde_json::Value;

use super::nodes::{pod_node_lost_for_seconds, volume_node_lost_for_seconds};
use super::objects::{Objects, requested_bytes};
use super::pods;
use crate::crd::HoldfastCluster;
use crate::resources::{Names, labels, quantity, statefulset};
use crate::validate::Validated;

/// The pods and claims by ordinal; who answers is added by who asked.
#[must_use]
pub fn slots(objects: &Objects, names: &Names, now: Timestamp) -> BTreeMap<Ordinal, Slot> {
    let mut slots: BTreeMap<Ordinal, Slot> = BTreeMap::new();
    let template = objects.workload.as_ref().and_then(template_annotations);
    for pod in &objects.pods {
        let Some(ordinal) = pod.metadata.name.as_deref().and_then(|name| names.ordinal_of_pod(name)) else {
            continue;
        };
        let mut seen = pods::seen(pod, template, None, now);
        seen.node_lost_for_seconds = pod_node_lost_for_seconds(pod, seen.unready_for_seconds, objects, now);
        slots.entry(ordinal).or_default().pod = Some(seen);
    }
    for claim in &objects.claims {
        let Some(ordinal) = claim.metadata.name.as_deref().and_then(|name| names.ordinal_of_claim(name))
        else {
            continue;
        };
        slots.entry(ordinal).or_default().claim = Some(seen_claim(claim, ordinal, objects, names, now));
    }
    slots
}

fn seen_claim(
    claim: &PersistentVolumeClaim,
    ordinal: Ordinal,
    objects: &Objects,
    names: &Names,
    now: Timestamp,
) -> Claim {
    let spec = claim.spec.as_ref();
    let status = claim.status.as_ref();
    let capacity = status.and_then(|status| quantity::bytes(&status.capacity.as_ref()?.get("storage")?.0));
    let class = spec.and_then(|spec| spec.storage_class_name.as_ref());
    let marked = claim.metadata.labels.as_ref().and_then(|all| all.get(labels::CLUSTER_ID));
    Claim {
        uid: claim.metadata.uid.clone().unwrap_or_default(),
        // What is marked with something that is no id belongs to nobody we know: to none of ours, at any rate.
        cluster_id: marked.map(|text| ClusterId(u64::from_str_radix(text, 16).unwrap_or(0))),
        requested_bytes: requested_bytes(claim),
        capacity_bytes: capacity.unwrap_or(0),
        is_bound: status.and_then(|status| status.phase.as_deref()) == Some("Bound"),
        node_lost_for_seconds: lost_for_seconds(claim, ordinal, objects, names, now),
        is_growable: class.and_then(|class| objects.growable_classes.get(class)).copied().unwrap_or(false),
        is_deleting: claim.metadata.deletion_timestamp.is_some(),
    }
}

fn lost_for_seconds(
    claim: &PersistentVolumeClaim,
    ordinal: Ordinal,
    objects: &Objects,
    names: &Names,
    now: Timestamp,
) -> Option<u64> {
    let volume = objects.stuck_volumes.get(claim.metadata.name.as_deref()?)?;
    let pod_name = names.pod(ordinal);
    let pod = objects.pods.iter().find(|pod| pod.metadata.name.as_deref() == Some(pod_name.as_str()))?;
    volume_node_lost_for_seconds(volume, pod, objects.all_nodes.as_ref()?, now)
}

fn template_annotations(workload: &StatefulSet) -> Option<&BTreeMap<String, String>> {
    workload.spec.as_ref()?.template.metadata.as_ref()?.annotations.as_ref()
}

/// The StatefulSet, as planning sees it.
#[must_use]
pub fn workload(
    objects: &Objects,
    cluster: &HoldfastCluster,
    validated: &Validated,
    owner: &Value,
) -> Option<Workload> {
    let live = objects.workload.as_ref()?;
    let spec = live.spec.as_ref()?;
    let annotations = template_annotations(live);
    let size = statefulset::claim_size(live).as_deref().and_then(quantity::bytes);
    Some(Workload {
        replicas: u32::try_from(spec.replicas.unwrap_or(0)).unwrap_or(0),
        template_hash: annotations
            .and_then(|all| all.get(labels::TEMPLATE_HASH))
            .cloned()
            .unwrap_or_default(),
        claim_size_bytes: size.unwrap_or(0),
        has_immutable_drift: statefulset::has_immutable_drift(live, &validated.names),
        has_drift: statefulset::has_drift(live, cluster, validated, owner),
    })
}
