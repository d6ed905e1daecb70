//! The end of a cluster whose volumes should go with it. Everything else goes by owner references, so that without that
//! wish there is no finalizer, and nothing that a deletion could hang on. With it, the deletion ends in bounded time
//! whatever is broken: volumes that could not be deleted are named in an event instead.

use k8s_openapi::api::apps::v1::StatefulSet;
use k8s_openapi::api::core::v1::{Namespace, PersistentVolumeClaim, Pod};
use k8s_openapi::jiff::Timestamp;
use kube::ResourceExt;
use kube::api::{Api, DeleteParams, ListParams, Patch, PatchParams, Preconditions};
use serde_json::json;

use crate::context::Context;
use crate::crd::{HoldfastCluster, Retention};
use crate::events::{self, Note};
use crate::failpoint;
use crate::limits::DELETION_TIME_MAX;
use crate::observe::seconds_since;
use crate::resources::{Names, labels};
use crate::validate::cluster_id;

/// The finalizer.
pub const FINALIZER: &str = "holdfast.dev/volumes";

/// What a deletion has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deletion {
    /// The resource is free to go.
    Over,
    /// Pods have to end first.
    Waiting,
}

/// Sets or takes away the finalizer of a cluster that stays, as its deletion policy has it.
///
/// # Errors
/// When the API server does not take the change.
pub async fn keep(context: &Context, cluster: &HoldfastCluster) -> Result<(), kube::Error> {
    let wanted = cluster.spec.deletion_policy.volumes == Retention::Delete;
    if wanted == has(cluster) { Ok(()) } else { write(context, cluster, wanted).await }
}

/// Deletes the volumes of a cluster that goes, once its pods are gone.
///
/// # Errors
/// When the API server cannot be asked; what is gone already, or may not be touched any more, is no error.
pub async fn end(context: &Context, cluster: &HoldfastCluster) -> Result<Deletion, kube::Error> {
    if !has(cluster) {
        return Ok(Deletion::Over);
    }
    let since = cluster.metadata.deletion_timestamp.as_ref();
    let waited = since.map_or(0, |since| seconds_since(since, Timestamp::now()));
    let is_late = waited >= DELETION_TIME_MAX.as_secs();
    failpoint::reach("before", "delete-volumes");
    match remove(context, cluster, is_late).await {
        Ok(Deletion::Waiting) if !is_late => return Ok(Deletion::Waiting),
        Ok(_) => {}
        Err(error) if !is_late => return Err(error),
        Err(error) => {
            let text = format!("the volumes could not be deleted and stay: {error}");
            events::publish(context, cluster, Note::warning("VolumesLeft", "Delete", text)).await;
        }
    }
    failpoint::reach("after", "delete-volumes");
    failpoint::reach("before", "remove-finalizer");
    write(context, cluster, false).await?;
    Ok(Deletion::Over)
}

/// Deletes the StatefulSet, waits for the pods unless it is late, and deletes the claims of this very cluster.
async fn remove(
    context: &Context,
    cluster: &HoldfastCluster,
    is_late: bool,
) -> Result<Deletion, kube::Error> {
    let names = Names::of(cluster);
    let namespace = names.namespace();
    let selected = ListParams::default().labels(&labels::query(names.cluster()));
    let workloads: Api<StatefulSet> = Api::namespaced(context.client.clone(), namespace);
    let gone = workloads.delete(names.cluster(), &DeleteParams::background()).await;
    absent_is_fine(gone.map(|_| ()))?;
    let pods: Api<Pod> = Api::namespaced(context.client.clone(), namespace);
    let has_pods = !pods.list(&selected).await?.items.is_empty();
    if has_pods && !is_late && !is_namespace_going(context, namespace).await {
        return Ok(Deletion::Waiting);
    }
    let claims: Api<PersistentVolumeClaim> = Api::namespaced(context.client.clone(), namespace);
    // A claim that is marked for another cluster of the same name is not ours to delete.
    let Ok(own) = cluster_id(cluster).map(|id| id.to_string()) else { return Ok(Deletion::Over) };
    for claim in claims.list(&selected).await?.items {
        let mark = claim.metadata.labels.as_ref().and_then(|all| all.get(labels::CLUSTER_ID));
        if mark.is_some_and(|mark| *mark != own) {
            continue;
        }
        let preconditions = Some(Preconditions { uid: claim.metadata.uid.clone(), resource_version: None });
        let parameters = DeleteParams { preconditions, ..DeleteParams::default() };
        absent_is_fine(claims.delete(&claim.name_any(), &parameters).await.map(|_| ()))?;
    }
    Ok(Deletion::Over)
}

/// Where the whole namespace goes, nothing is worth waiting for. What may not be read is taken for staying.
async fn is_namespace_going(context: &Context, namespace: &str) -> bool {
    let namespaces: Api<Namespace> = Api::all(context.client.clone());
    match namespaces.get_opt(namespace).await {
        Ok(found) => found.is_none_or(|it| it.metadata.deletion_timestamp.is_some()),
        Err(_) => false,
    }
}

fn has(cluster: &HoldfastCluster) -> bool {
    cluster.finalizers().iter().any(|finalizer| finalizer == FINALIZER)
}

async fn write(context: &Context, cluster: &HoldfastCluster, is_wanted: bool) -> Result<(), kube::Error> {
    let others = cluster.finalizers().iter().filter(|it| *it != FINALIZER).map(String::as_str);
    let all: Vec<&str> = others.chain(is_wanted.then_some(FINALIZER)).collect();
    let patch = json!({ "metadata": {
        "resourceVersion": cluster.metadata.resource_version,
        "finalizers": all,
    } });
    let api: Api<HoldfastCluster> =
        Api::namespaced(context.client.clone(), cluster.metadata.namespace.as_deref().unwrap_or_default());
    let written = api.patch(&cluster.name_any(), &PatchParams::default(), &Patch::Merge(&patch)).await;
    absent_is_fine(written.map(|_| ()))
}

fn absent_is_fine(outcome: Result<(), kube::Error>) -> Result<(), kube::Error> {
    match outcome {
        Err(kube::Error::Api(status)) if status.is_not_found() => Ok(()),
        other => other,
    }
}
