//! The StatefulSet of a cluster, and whether a live one can still be changed into it. Built from plain values; writes
//! nothing.

use k8s_openapi::api::apps::v1::StatefulSet;
use serde_json::{Value, json};

use super::names::{CLAIM_TEMPLATE, Names};
use super::pod::Template;
use super::{holds, labels, quantity};
use crate::crd::HoldfastCluster;
use crate::validate::Validated;

/// What a StatefulSet is built from.
#[derive(Clone, Debug)]
pub struct Parts<'a> {
    /// The names of the cluster's objects.
    pub names: &'a Names,
    /// Reference to the cluster's resource.
    pub owner: &'a Value,
    /// The pod template.
    pub template: &'a Template,
    /// Size of a claim, as a quantity.
    pub claim_size: &'a str,
    /// Storage class of the claims.
    pub storage_class: Option<&'a str>,
}

/// The StatefulSet with this many replicas. The operator restarts pods itself (`OnDelete`), all may come at once
/// (`Parallel`, so that a broken one holds up no other), and claims are never deleted by Kubernetes.
#[must_use]
pub fn statefulset(parts: &Parts<'_>, replicas: u32) -> Value {
    let names = parts.names;
    json!({
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {
            "name": names.cluster(),
            "namespace": names.namespace(),
            "labels": labels::all(names.cluster()),
            "annotations": { (labels::TEMPLATE_HASH): parts.template.hash },
            "ownerReferences": [parts.owner],
        },
        "spec": {
            "replicas": replicas,
            "serviceName": names.peers_service(),
            "podManagementPolicy": "Parallel",
            "updateStrategy": { "type": "OnDelete" },
            "revisionHistoryLimit": 2,
            "persistentVolumeClaimRetentionPolicy": { "whenDeleted": "Retain", "whenScaled": "Retain" },
            "selector": { "matchLabels": labels::selecting(names.cluster()) },
            "template": parts.template.content,
            "volumeClaimTemplates": [claim_template(parts)],
        },
    })
}

/// The StatefulSet as it should be with this many replicas. Its claim template stays as a live one has it, since it cannot
/// be changed: for another size the StatefulSet is made anew.
#[must_use]
pub fn rendered(
    cluster: &HoldfastCluster,
    validated: &Validated,
    owner: &Value,
    live: Option<&StatefulSet>,
    replicas: u32,
) -> Value {
    let live_size = live.filter(|live| live.metadata.deletion_timestamp.is_none()).and_then(claim_size);
    let storage = &cluster.spec.storage;
    let parts = Parts {
        names: &validated.names,
        owner,
        template: &validated.template,
        claim_size: live_size.as_deref().unwrap_or(&storage.size),
        storage_class: storage.storage_class_name.as_deref(),
    };
    statefulset(&parts, replicas)
}

/// Whether somebody edited a live StatefulSet, its size and its template's hash left out: those planning sees.
#[must_use]
pub fn has_drift(
    live: &StatefulSet,
    cluster: &HoldfastCluster,
    validated: &Validated,
    owner: &Value,
) -> bool {
    let Some(spec) = &live.spec else { return true };
    let replicas = u32::try_from(spec.replicas.unwrap_or(0)).unwrap_or(0);
    let wanted = rendered(cluster, validated, owner, Some(live), replicas);
    let Ok(live) = serde_json::to_value(live) else { return true };
    let template_hash = |set: &Value| {
        set["spec"]["template"]["metadata"]["annotations"][labels::TEMPLATE_HASH].as_str().map(str::to_owned)
    };
    // With another template, everything may differ, and will be applied together when its time comes.
    template_hash(&live) == template_hash(&wanted) && !holds(&live["spec"], &wanted["spec"])
}

fn claim_template(parts: &Parts<'_>) -> Value {
    let mut spec = json!({
        "accessModes": ["ReadWriteOnce"],
        "resources": { "requests": { "storage": parts.claim_size } },
    });
    if let Some(class) = parts.storage_class {
        spec["storageClassName"] = Value::String(class.to_owned());
    }
    json!({
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": { "name": CLAIM_TEMPLATE, "labels": labels::all(parts.names.cluster()) },
        "spec": spec,
    })
}

/// Size that the claim template of a live StatefulSet asks for, as it is written there.
#[must_use]
pub fn claim_size(live: &StatefulSet) -> Option<String> {
    let templates = live.spec.as_ref()?.volume_claim_templates.as_ref()?;
    let template = templates.iter().find(|claim| claim.metadata.name.as_deref() == Some(CLAIM_TEMPLATE))?;
    let requests = template.spec.as_ref()?.resources.as_ref()?.requests.as_ref()?;
    requests.get("storage").map(|size| size.0.clone())
}

/// Whether a live StatefulSet differs from what is wanted in a field that nobody can change, sizes of claims left out.
#[must_use]
pub fn has_immutable_drift(live: &StatefulSet, names: &Names) -> bool {
    let Some(spec) = &live.spec else { return true };
    let selects = spec.selector.match_labels.as_ref() == Some(&labels::selecting(names.cluster()));
    let is_parallel = spec.pod_management_policy.as_deref() == Some("Parallel");
    let serves = spec.service_name.as_deref() == Some(names.peers_service().as_str());
    let size_is_known = claim_size(live).as_deref().and_then(quantity::bytes).is_some();
    !(selects && is_parallel && serves && size_is_known)
}
