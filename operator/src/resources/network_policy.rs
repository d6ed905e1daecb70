//! The NetworkPolicy of a cluster. Built from plain values; writes nothing.

use serde_json::{Value, json};

use super::labels;
use super::names::{CLIENT_PORT, METRICS_PORT, Names, PEER_PORT};

/// Peers come from the cluster itself; clients from its namespace, the operator, and where the specification says; probes
/// and metrics, which tell no data, from everywhere.
#[must_use]
pub fn network_policy(names: &Names, owner: &Value, operator_namespace: &str, allow_from: &[Value]) -> Value {
    let selector = json!({ "matchLabels": labels::selecting(names.cluster()) });
    let mut clients = vec![
        json!({ "podSelector": {} }),
        json!({
            "namespaceSelector": { "matchLabels": { "kubernetes.io/metadata.name": operator_namespace } },
            "podSelector": { "matchLabels": { "app.kubernetes.io/name": labels::MANAGER } },
        }),
    ];
    clients.extend(allow_from.iter().cloned());
    let port = |number: u16| json!([{ "port": number, "protocol": "TCP" }]);
    json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {
            "name": names.cluster(),
            "namespace": names.namespace(),
            "labels": labels::all(names.cluster()),
            "ownerReferences": [owner],
        },
        "spec": {
            "podSelector": selector,
            "policyTypes": ["Ingress"],
            "ingress": [
                { "from": [{ "podSelector": selector }], "ports": port(PEER_PORT) },
                { "from": clients, "ports": port(CLIENT_PORT) },
                { "ports": port(METRICS_PORT) },
            ],
        },
    })
}
