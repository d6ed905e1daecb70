//! The Services of a cluster. Built from plain values; writes nothing.

use serde_json::{Value, json};

use super::labels;
use super::names::{CLIENT_PORT, Names, PEER_PORT};
use crate::crd::{ServiceKind, ServiceSettings};

/// The headless Service: a DNS name for each member, before it is ready, since members find each other by it.
#[must_use]
pub fn peers(names: &Names, owner: &Value) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": names.peers_service(),
            "namespace": names.namespace(),
            "labels": labels::all(names.cluster()),
            "ownerReferences": [owner],
        },
        "spec": {
            "clusterIP": "None",
            "publishNotReadyAddresses": true,
            "selector": labels::selecting(names.cluster()),
            "ports": [
                { "name": "client", "port": CLIENT_PORT, "targetPort": "client", "protocol": "TCP" },
                { "name": "peer", "port": PEER_PORT, "targetPort": "peer", "protocol": "TCP" },
            ],
        },
    })
}

/// The Service for clients, who reach members that are ready. Addresses and node ports are left to Kubernetes.
#[must_use]
pub fn client(names: &Names, owner: &Value, settings: &ServiceSettings) -> Value {
    let kind = match settings.kind {
        ServiceKind::ClusterIp => "ClusterIP",
        ServiceKind::NodePort => "NodePort",
        ServiceKind::LoadBalancer => "LoadBalancer",
    };
    let mut all_labels = settings.labels.clone();
    all_labels.extend(labels::all(names.cluster()));
    json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": names.client_service(),
            "namespace": names.namespace(),
            "labels": all_labels,
            "annotations": settings.annotations,
            "ownerReferences": [owner],
        },
        "spec": {
            "type": kind,
            "selector": labels::selecting(names.cluster()),
            "ports": [{ "name": "client", "port": CLIENT_PORT, "targetPort": "client", "protocol": "TCP" }],
        },
    })
}
