//! What Secrets are called and which names certificates are made for. Nothing here reads or writes.

use std::collections::BTreeSet;

use holdfast_plan::Ordinal;
use kube::ResourceExt as _;

use crate::crd::HoldfastCluster;
use crate::resources::Names;

/// The user that the operator is in every cluster; the common name of its certificate.
pub const OPERATOR_USER: &str = "holdfast-operator";

/// The user for applications; the common name of its certificate.
pub const APPLICATION_USER: &str = "app";

/// A Secret of the cluster `name`: `NAME-PURPOSE`.
fn secret(cluster: &HoldfastCluster, purpose: &str) -> String {
    format!("{}-{purpose}", cluster.name_any())
}

/// Certificates that members show clients.
#[must_use]
pub fn server_secret(cluster: &HoldfastCluster) -> String {
    Names::of(cluster).server_secret()
}

/// Certificates that members show each other.
#[must_use]
pub fn peer_secret(cluster: &HoldfastCluster) -> String {
    Names::of(cluster).peer_secret()
}

/// The operator's client certificate.
#[must_use]
pub fn operator_certificate_secret(cluster: &HoldfastCluster) -> String {
    secret(cluster, "operator-tls")
}

/// The application's client certificate.
#[must_use]
pub fn application_certificate_secret(cluster: &HoldfastCluster) -> String {
    secret(cluster, "client-tls")
}

/// The managed authority for connections of clients.
#[must_use]
pub fn client_authority_secret(cluster: &HoldfastCluster) -> String {
    secret(cluster, "client-ca")
}

/// The managed authority for connections among members.
#[must_use]
pub fn peer_authority_secret(cluster: &HoldfastCluster) -> String {
    secret(cluster, "peer-ca")
}

/// root's password, where the operator makes it.
#[must_use]
pub fn root_password_secret(cluster: &HoldfastCluster) -> String {
    secret(cluster, "root")
}

/// The application's password, where it has no certificate.
#[must_use]
pub fn application_password_secret(cluster: &HoldfastCluster) -> String {
    secret(cluster, "app")
}

/// The operator's password, where it has no certificate of its own.
#[must_use]
pub fn operator_password_secret(cluster: &HoldfastCluster) -> String {
    secret(cluster, "operator")
}

/// Where a member is reached within Kubernetes' DNS, without the domain: `NAME-N.NAME-peers.NS.svc`.
#[must_use]
pub fn member_host(cluster: &HoldfastCluster, ordinal: u32) -> String {
    Names::of(cluster).member_host(Ordinal(ordinal))
}

/// Names that members are reached by from clients.
#[must_use]
pub fn server_names(cluster: &HoldfastCluster) -> BTreeSet<String> {
    let (name, namespace) = (cluster.name_any(), namespace(cluster));
    let domain = &cluster.spec.cluster_domain;
    let mut names = peer_names(cluster);
    names.extend([
        format!("{name}-client"),
        format!("{name}-client.{namespace}"),
        format!("{name}-client.{namespace}.svc"),
        format!("{name}-client.{namespace}.svc.{domain}"),
    ]);
    names.extend(cluster.spec.tls.client.additional_names.iter().cloned());
    names
}

/// Names that members are reached by from each other.
#[must_use]
pub fn peer_names(cluster: &HoldfastCluster) -> BTreeSet<String> {
    let (name, namespace) = (cluster.name_any(), namespace(cluster));
    let domain = &cluster.spec.cluster_domain;
    let mut names = BTreeSet::from(["localhost", "127.0.0.1", "::1"].map(str::to_owned));
    names.extend([
        format!("*.{name}-peers.{namespace}.svc"),
        format!("*.{name}-peers.{namespace}.svc.{domain}"),
        format!("{name}-peers.{namespace}.svc"),
        format!("{name}-peers.{namespace}.svc.{domain}"),
    ]);
    names.extend(cluster.spec.tls.peer.additional_names.iter().cloned());
    names
}

/// The namespace of a namespaced resource.
pub(crate) fn namespace(cluster: &HoldfastCluster) -> String {
    cluster.namespace().expect("a HoldfastCluster that came from the API server has a namespace")
}
