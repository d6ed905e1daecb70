//! Actions on Kubernetes' objects.

use holdfast_plan::{ClusterId, ConfigurationNumber, Memory, Ordinal};
use k8s_openapi::api::apps::v1::StatefulSet;
use k8s_openapi::api::core::v1::{PersistentVolumeClaim, Pod};
use kube::api::{Api, DeleteParams, Patch, PatchParams, Preconditions, PropagationPolicy};
use serde_json::{Value, json};

use super::apply::{apply, apply_status};
use super::store::check_configuration;
use super::{ExecuteError, Subject};
use crate::crd::HoldfastCluster;
use crate::memory;
use crate::resources::statefulset::rendered;
use crate::resources::{labels, quantity};

pub(super) async fn remember(subject: Subject<'_>, memory: &Memory) -> Result<(), ExecuteError> {
    let mut status = subject.cluster.status.clone().unwrap_or_default();
    memory::write(memory, &mut status);
    let written = apply_status(&subject.context.client, subject.cluster, &status).await?;
    if memory.replacements_asked == subject.validated.replacements_asked {
        return Ok(());
    }
    let left: Vec<String> = memory.replacements_asked.iter().map(ToString::to_string).collect();
    let value = if left.is_empty() { Value::Null } else { Value::String(left.join(",")) };
    let patch = json!({ "metadata": {
        "resourceVersion": written.metadata.resource_version,
        "annotations": { (labels::REPLACE): value },
    } });
    let names = &subject.validated.names;
    let api: Api<HoldfastCluster> = Api::namespaced(subject.context.client.clone(), names.namespace());
    api.patch(names.cluster(), &as_manager(), &Patch::Merge(&patch))
        .await
        .map(|_| ())
        .map_err(ExecuteError::kubernetes("take the replacement off the annotation"))
}

pub(super) async fn apply_workload(subject: Subject<'_>, replicas: u32) -> Result<(), ExecuteError> {
    let live = subject.objects.workload.as_ref();
    let wanted = rendered(subject.cluster, subject.validated, subject.owner, live, replicas);
    apply::<StatefulSet>(subject, live, wanted).await
}

pub(super) async fn orphan_workload(subject: Subject<'_>) -> Result<(), ExecuteError> {
    let Some(live) = &subject.objects.workload else { return Ok(()) };
    let api: Api<StatefulSet> = namespaced(subject);
    let parameters = DeleteParams {
        propagation_policy: Some(PropagationPolicy::Orphan),
        preconditions: Some(Preconditions { uid: live.metadata.uid.clone(), resource_version: None }),
        ..DeleteParams::default()
    };
    let deleted = api.delete(subject.validated.names.cluster(), &parameters).await;
    deleted.map(|_| ()).map_err(ExecuteError::kubernetes("delete the StatefulSet without its pods"))
}

pub(super) async fn mark_claim(
    subject: Subject<'_>,
    ordinal: Ordinal,
    claim_uid: &str,
    cluster_id: ClusterId,
) -> Result<(), ExecuteError> {
    let mut marks = labels::all(subject.validated.names.cluster());
    marks.insert(labels::CLUSTER_ID.to_owned(), cluster_id.to_string());
    let patch = |live: &PersistentVolumeClaim| {
        let found = live.metadata.labels.as_ref().and_then(|all| all.get(labels::CLUSTER_ID));
        // Once marked, a claim belongs to its cluster for good.
        match found {
            Some(other) if *other != cluster_id.to_string() => Err(moved("the mark of a claim")),
            _ => Ok(json!({ "labels": marks })),
        }
    };
    patch_claim(subject, ordinal, claim_uid, patch, None).await
}

pub(super) async fn grow_claim(
    subject: Subject<'_>,
    ordinal: Ordinal,
    claim_uid: &str,
    size_bytes: u64,
) -> Result<(), ExecuteError> {
    // As a person wrote it, if that is what it says.
    let written = &subject.cluster.spec.storage.size;
    let size =
        if quantity::bytes(written) == Some(size_bytes) { written.clone() } else { size_bytes.to_string() };
    let spec = json!({ "resources": { "requests": { "storage": size } } });
    patch_claim(subject, ordinal, claim_uid, |_| Ok(json!({})), Some(spec)).await
}

/// Patches a claim as it is now, if it is still the same.
async fn patch_claim(
    subject: Subject<'_>,
    ordinal: Ordinal,
    claim_uid: &str,
    metadata: impl Fn(&PersistentVolumeClaim) -> Result<Value, ExecuteError>,
    spec: Option<Value>,
) -> Result<(), ExecuteError> {
    let api: Api<PersistentVolumeClaim> = namespaced(subject);
    let name = subject.validated.names.claim(ordinal);
    let live = live_claim(subject, ordinal, claim_uid).await?;
    let mut metadata = metadata(&live)?;
    metadata["resourceVersion"] = json!(live.metadata.resource_version);
    metadata["uid"] = json!(claim_uid);
    let mut patch = json!({ "metadata": metadata });
    if let Some(spec) = spec {
        patch["spec"] = spec;
    }
    let patched = api.patch(&name, &as_manager(), &Patch::Merge(&patch)).await;
    patched.map(|_| ()).map_err(ExecuteError::kubernetes("change a volume claim"))
}

/// The claim as it is now, if it is still the same.
pub(super) async fn live_claim(
    subject: Subject<'_>,
    ordinal: Ordinal,
    claim_uid: &str,
) -> Result<PersistentVolumeClaim, ExecuteError> {
    let api: Api<PersistentVolumeClaim> = namespaced(subject);
    let name = subject.validated.names.claim(ordinal);
    let live = api.get_opt(&name).await.map_err(ExecuteError::kubernetes("read a volume claim"))?;
    live.filter(|live| live.metadata.uid.as_deref() == Some(claim_uid))
        .ok_or_else(|| moved(&format!("the claim {name}")))
}

/// Whether the pod is still the same.
pub(super) async fn check_pod(
    subject: Subject<'_>,
    ordinal: Ordinal,
    pod_uid: &str,
) -> Result<(), ExecuteError> {
    let api: Api<Pod> = namespaced(subject);
    let name = subject.validated.names.pod(ordinal);
    let live = api.get_opt(&name).await.map_err(ExecuteError::kubernetes("read a pod"))?;
    match live {
        Some(live) if live.metadata.uid.as_deref() == Some(pod_uid) => Ok(()),
        _ => Err(moved(&format!("the pod {name}"))),
    }
}

pub(super) async fn delete_pod(
    subject: Subject<'_>,
    ordinal: Ordinal,
    pod_uid: &str,
    is_forced: bool,
) -> Result<(), ExecuteError> {
    let api: Api<Pod> = namespaced(subject);
    let parameters = DeleteParams {
        grace_period_seconds: is_forced.then_some(0),
        preconditions: only(pod_uid),
        ..DeleteParams::default()
    };
    let deleted = api.delete(&subject.validated.names.pod(ordinal), &parameters).await;
    deleted.map(|_| ()).map_err(ExecuteError::kubernetes("delete a pod"))
}

pub(super) async fn delete_claim(
    subject: Subject<'_>,
    ordinal: Ordinal,
    claim_uid: &str,
    configuration: Option<ConfigurationNumber>,
) -> Result<(), ExecuteError> {
    if let Some(configuration) = configuration {
        check_configuration(subject, configuration).await?;
    }
    let api: Api<PersistentVolumeClaim> = namespaced(subject);
    let parameters = DeleteParams { preconditions: only(claim_uid), ..DeleteParams::default() };
    let deleted = api.delete(&subject.validated.names.claim(ordinal), &parameters).await;
    deleted.map(|_| ()).map_err(ExecuteError::kubernetes("delete a volume claim"))
}

pub(super) fn moved(what: &str) -> ExecuteError {
    ExecuteError::Moved { what: what.to_owned() }
}

fn only(uid: &str) -> Option<Preconditions> {
    Some(Preconditions { uid: Some(uid.to_owned()), resource_version: None })
}

pub(super) fn as_manager() -> PatchParams {
    PatchParams { field_manager: Some(labels::MANAGER.to_owned()), ..PatchParams::default() }
}

pub(super) fn namespaced<K>(subject: Subject<'_>) -> Api<K>
where
    K: kube::Resource<Scope = kube::core::NamespaceResourceScope, DynamicType = ()>,
{
    Api::namespaced(subject.context.client.clone(), subject.validated.names.namespace())
}
