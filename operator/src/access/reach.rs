//! Finds the cluster that a user or role belongs to, and its members. Must not decide what is done with them.

use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt as _;
use kube::api::{Api, ListParams};

use super::AccessError;
use super::cluster::{called, is_made};
use super::store::AccessStore;
use crate::crd::HoldfastCluster;
use crate::resources::labels;
use crate::store::{MemberAddress, MemberClient};
use crate::trust::{names, operator_connection};

/// The port for clients.
const CLIENT_PORT: u16 = 2379;

/// What was found.
pub(super) enum Reached {
    /// There is no such cluster, or it is being deleted.
    Gone(String),
    /// It cannot be asked yet, and why.
    NotYet(String),
    /// It can be asked.
    Store(Box<HoldfastCluster>, AccessStore),
}

/// Looks for a cluster by name.
pub(super) async fn reach(
    client: &kube::Client,
    namespace: &str,
    name: &str,
) -> Result<Reached, AccessError> {
    let api: Api<HoldfastCluster> = Api::namespaced(client.clone(), namespace);
    let found = api.get_opt(name).await.map_err(|source| {
        AccessError::kubernetes("read", format!("HoldfastCluster {namespace}/{name}"), source)
    })?;
    let Some(cluster) = found else {
        return Ok(Reached::Gone(format!("there is no HoldfastCluster {name} in namespace {namespace}")));
    };
    if cluster.metadata.deletion_timestamp.is_some() {
        return Ok(Reached::Gone(format!("{} is being deleted", called(&cluster))));
    }
    if !is_made(&cluster) {
        return Ok(Reached::NotYet(format!("waiting for {} to be made", called(&cluster))));
    }
    if cluster.spec.paused {
        return Ok(Reached::NotYet(format!("{} is paused", called(&cluster))));
    }
    let Some(connection) = operator_connection(client, &cluster).await? else {
        let what = format!("waiting for the operator's certificate for {}", called(&cluster));
        return Ok(Reached::NotYet(what));
    };
    let addresses = members(client, &cluster).await?;
    if addresses.is_empty() {
        return Ok(Reached::NotYet(format!("no member of {} runs", called(&cluster))));
    }
    let members = addresses
        .into_iter()
        .map(|address| MemberClient::new(address, connection.tls.clone(), connection.credentials.clone()));
    Ok(Reached::Store(Box::new(cluster), AccessStore::new(members.collect(), None)))
}

/// Members that can be asked, those that are ready first.
async fn members(
    client: &kube::Client,
    cluster: &HoldfastCluster,
) -> Result<Vec<MemberAddress>, AccessError> {
    let (name, namespace) = (cluster.name_any(), names::namespace(cluster));
    let api: Api<Pod> = Api::namespaced(client.clone(), &namespace);
    let pods = api
        .list(&ListParams::default().labels(&labels::query(&name)))
        .await
        .map_err(|source| AccessError::kubernetes("list", format!("pods of {namespace}/{name}"), source))?;
    let mut found: Vec<(bool, MemberAddress)> =
        pods.items.iter().filter_map(|pod| Some((!is_ready(pod), address(cluster, pod)?))).collect();
    found.sort_by(|(one, first), (other, second)| (one, &first.name).cmp(&(other, &second.name)));
    Ok(found.into_iter().map(|(_, address)| address).collect())
}

fn address(cluster: &HoldfastCluster, pod: &Pod) -> Option<MemberAddress> {
    let name = pod.name_any();
    let ordinal = name.strip_prefix(&cluster.name_any())?.strip_prefix('-')?.parse().ok()?;
    let address = pod.status.as_ref()?.pod_ip.as_ref()?.parse().ok()?;
    Some(MemberAddress {
        server_name: names::member_host(cluster, ordinal),
        socket: std::net::SocketAddr::new(address, CLIENT_PORT),
        name,
    })
}

fn is_ready(pod: &Pod) -> bool {
    let conditions = pod.status.as_ref().and_then(|status| status.conditions.as_ref());
    conditions.is_some_and(|all| all.iter().any(|it| it.type_ == "Ready" && it.status == "True"))
}
