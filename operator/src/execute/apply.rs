//! Server-side apply, always as the same manager. What is there already is not applied again, so that a cluster at rest
//! costs no writes.

use kube::api::{Api, Patch, PatchParams};
use kube::core::NamespaceResourceScope;
use kube::{Resource, ResourceExt};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::Subject;
use super::error::ExecuteError;
use crate::crd::{GROUP, HoldfastCluster, HoldfastClusterStatus, VERSION};
use crate::resources::{hash, holds, labels};

/// Applies an object unless the live one has all of it and was made from the same.
pub(super) async fn apply<K>(
    subject: Subject<'_>,
    live: Option<&K>,
    mut wanted: Value,
) -> Result<(), ExecuteError>
where
    K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>
        + Clone
        + DeserializeOwned
        + Serialize
        + std::fmt::Debug,
{
    let hash = hash(&wanted);
    wanted["metadata"]["annotations"][labels::APPLIED_HASH] = Value::String(hash);
    if let Some(live) = live
        && serde_json::to_value(live).is_ok_and(|live| holds(&live, &wanted))
    {
        return Ok(());
    }
    let name = wanted["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    let api: Api<K> = Api::namespaced(subject.context.client.clone(), subject.validated.names.namespace());
    api.patch(&name, &PatchParams::apply(labels::MANAGER).force(), &Patch::Apply(&wanted))
        .await
        .map_err(|cause| ExecuteError::Kubernetes { task: "apply an object", cause })?;
    tracing::info!(kind = %K::kind(&()), name, "applied");
    Ok(())
}

/// Writes the status, if nobody has written to the resource since it was read. Returns the resource as it is then.
///
/// # Errors
/// [`ExecuteError::Moved`] when somebody has.
pub async fn apply_status(
    client: &kube::Client,
    cluster: &HoldfastCluster,
    status: &HoldfastClusterStatus,
) -> Result<HoldfastCluster, ExecuteError> {
    let api: Api<HoldfastCluster> =
        Api::namespaced(client.clone(), cluster.metadata.namespace.as_deref().unwrap_or_default());
    let body = json!({
        "apiVersion": format!("{GROUP}/{VERSION}"),
        "kind": "HoldfastCluster",
        "metadata": {
            "name": cluster.name_any(),
            "uid": cluster.metadata.uid,
            "resourceVersion": cluster.metadata.resource_version,
        },
        "status": status,
    });
    api.patch_status(&cluster.name_any(), &PatchParams::apply(labels::MANAGER).force(), &Patch::Apply(&body))
        .await
        .map_err(ExecuteError::kubernetes("write the status"))
}
