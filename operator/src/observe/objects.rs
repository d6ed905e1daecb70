//! What belongs to a cluster in Kubernetes, read from the API server itself and not from a cache: what is decided on it
//! may end pods and delete volumes. Reads only.

use std::collections::BTreeMap;

use k8s_openapi::api::apps::v1::StatefulSet;
use k8s_openapi::api::core::v1::{Node, PersistentVolume, PersistentVolumeClaim, Pod, Service};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use k8s_openapi::api::storage::v1::StorageClass;
use kube::api::{Api, ListParams};

use super::pods::{is_ready, is_unschedulable};
use crate::resources::{Names, labels, quantity};

/// Everything of one cluster.
#[derive(Clone, Debug, Default)]
pub struct Objects {
    /// The StatefulSet.
    pub workload: Option<StatefulSet>,
    /// The pods.
    pub pods: Vec<Pod>,
    /// The volume claims.
    pub claims: Vec<PersistentVolumeClaim>,
    /// The Services.
    pub services: Vec<Service>,
    /// The PodDisruptionBudget.
    pub budget: Option<PodDisruptionBudget>,
    /// The NetworkPolicy.
    pub policy: Option<NetworkPolicy>,
    /// Nodes of pods that are not ready, by name; `None` for one that does not exist. A node that is not here was not
    /// looked at, or may not be.
    pub nodes: BTreeMap<String, Option<Node>>,
    /// Volumes of claims whose pods find no node, by the claim's name, with all nodes that exist.
    pub stuck_volumes: BTreeMap<String, PersistentVolume>,
    /// All nodes, read only when a volume is stuck.
    pub all_nodes: Option<Vec<Node>>,
    /// Storage classes that allow volumes to grow, looked at only for claims that are smaller than wanted.
    pub growable_classes: BTreeMap<String, bool>,
}

/// Reads everything of a cluster whose volumes should have this size.
///
/// # Errors
/// When the API server cannot be asked. What the operator may not read (nodes, in an installation for one namespace) is
/// left out instead.
pub async fn read(
    client: &kube::Client,
    names: &Names,
    volume_size_bytes: u64,
) -> Result<Objects, kube::Error> {
    let namespace = names.namespace();
    let selected = ListParams::default().labels(&labels::query(names.cluster()));
    let workloads: Api<StatefulSet> = Api::namespaced(client.clone(), namespace);
    let pods: Api<Pod> = Api::namespaced(client.clone(), namespace);
    let claims: Api<PersistentVolumeClaim> = Api::namespaced(client.clone(), namespace);
    let services: Api<Service> = Api::namespaced(client.clone(), namespace);
    let budgets: Api<PodDisruptionBudget> = Api::namespaced(client.clone(), namespace);
    let policies: Api<NetworkPolicy> = Api::namespaced(client.clone(), namespace);
    let (workload, pods, found_claims, services, budget, policy) = tokio::try_join!(
        workloads.get_opt(names.cluster()),
        pods.list(&selected),
        claims.list(&selected),
        services.list(&selected),
        budgets.get_opt(names.cluster()),
        policies.get_opt(names.cluster()),
    )?;
    let mut objects = Objects {
        workload,
        pods: pods.items,
        claims: found_claims.items,
        services: services.items,
        budget,
        policy,
        ..Objects::default()
    };
    add_unlabelled_claims(&claims, names, &mut objects).await?;
    add_nodes(client, &mut objects).await?;
    add_stuck_volumes(client, names, &mut objects).await?;
    add_classes(client, volume_size_bytes, &mut objects).await?;
    Ok(objects)
}

/// Claims that somebody made beforehand have the name that counts, but not the labels.
async fn add_unlabelled_claims(
    claims: &Api<PersistentVolumeClaim>,
    names: &Names,
    objects: &mut Objects,
) -> Result<(), kube::Error> {
    for pod in &objects.pods {
        let Some(ordinal) = pod.metadata.name.as_deref().and_then(|name| names.ordinal_of_pod(name)) else {
            continue;
        };
        let name = names.claim(ordinal);
        if objects.claims.iter().all(|claim| claim.metadata.name.as_deref() != Some(name.as_str())) {
            objects.claims.extend(claims.get_opt(&name).await?);
        }
    }
    Ok(())
}

async fn add_nodes(client: &kube::Client, objects: &mut Objects) -> Result<(), kube::Error> {
    let nodes: Api<Node> = Api::all(client.clone());
    let of_unready =
        objects.pods.iter().filter(|pod| !is_ready(pod) || pod.metadata.deletion_timestamp.is_some());
    let names: std::collections::BTreeSet<String> =
        of_unready.filter_map(|pod| pod.spec.as_ref()?.node_name.clone()).collect();
    for name in names {
        if let Some(found) = allowed(nodes.get_opt(&name).await)? {
            objects.nodes.insert(name, found);
        }
    }
    Ok(())
}

async fn add_stuck_volumes(
    client: &kube::Client,
    names: &Names,
    objects: &mut Objects,
) -> Result<(), kube::Error> {
    let volumes: Api<PersistentVolume> = Api::all(client.clone());
    for pod in objects.pods.iter().filter(|pod| is_unschedulable(pod)) {
        let Some(ordinal) = pod.metadata.name.as_deref().and_then(|name| names.ordinal_of_pod(name)) else {
            continue;
        };
        let name = names.claim(ordinal);
        let claim = objects.claims.iter().find(|claim| claim.metadata.name.as_deref() == Some(name.as_str()));
        let volume = claim.and_then(|claim| claim.spec.as_ref()?.volume_name.clone());
        if let Some(volume) = volume
            && let Some(Some(found)) = allowed(volumes.get_opt(&volume).await)?
        {
            objects.stuck_volumes.insert(name, found);
        }
    }
    if !objects.stuck_volumes.is_empty() {
        let nodes: Api<Node> = Api::all(client.clone());
        objects.all_nodes = allowed(nodes.list(&ListParams::default()).await)?.map(|list| list.items);
    }
    Ok(())
}

async fn add_classes(
    client: &kube::Client,
    volume_size_bytes: u64,
    objects: &mut Objects,
) -> Result<(), kube::Error> {
    let classes: Api<StorageClass> = Api::all(client.clone());
    let too_small = objects.claims.iter().filter(|claim| requested_bytes(claim) < volume_size_bytes);
    let names: std::collections::BTreeSet<String> =
        too_small.filter_map(|claim| claim.spec.as_ref()?.storage_class_name.clone()).collect();
    for name in names {
        // Where classes may not be read, growing is tried: the API server refuses it if the class does not allow it.
        let is_growable = match allowed(classes.get_opt(&name).await)? {
            None => true,
            Some(class) => class.is_some_and(|class| class.allow_volume_expansion == Some(true)),
        };
        objects.growable_classes.insert(name, is_growable);
    }
    Ok(())
}

/// Size that a claim asks for, in bytes.
#[must_use]
pub fn requested_bytes(claim: &PersistentVolumeClaim) -> u64 {
    let requests = claim.spec.as_ref().and_then(|spec| spec.resources.as_ref()?.requests.as_ref());
    requests.and_then(|all| quantity::bytes(&all.get("storage")?.0)).unwrap_or(0)
}

/// `None` in place of what the operator may not read.
fn allowed<T>(outcome: Result<T, kube::Error>) -> Result<Option<T>, kube::Error> {
    match outcome {
        Ok(found) => Ok(Some(found)),
        Err(kube::Error::Api(status)) if status.is_forbidden() => Ok(None),
        Err(error) => Err(error),
    }
}
