//! The PodDisruptionBudget of a cluster. Built from plain values; writes nothing.

use serde_json::{Value, json};

use super::labels;
use super::names::Names;

/// The budget for a cluster with this many voters: as many may be evicted as the quorum can spare. A cluster of one can
/// spare none, and is not held back: else no node that it runs on could ever be drained.
#[must_use]
pub fn disruption_budget(names: &Names, owner: &Value, voters: usize) -> Value {
    let spare = voters.saturating_sub(1) / 2;
    json!({
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {
            "name": names.cluster(),
            "namespace": names.namespace(),
            "labels": labels::all(names.cluster()),
            "ownerReferences": [owner],
        },
        "spec": {
            "maxUnavailable": spare.max(1),
            "selector": { "matchLabels": labels::selecting(names.cluster()) },
            // A pod that does not become ready protects nobody; a node with it can be drained.
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
        },
    })
}
