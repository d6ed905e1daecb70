//! How a cluster is reached, and by whom. Shapes and defaults only.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::lists;

/// The Services of a cluster.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Services {
    /// The one that clients use, named `NAME-client`.
    pub client: ServiceSettings,
}

/// What may be set of a Service.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceSettings {
    /// Kind of Service.
    #[serde(rename = "type")]
    pub kind: ServiceKind,
    /// Annotations, for a load balancer say.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// Labels.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
}

/// Kind of a Service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum ServiceKind {
    /// Inside of Kubernetes only.
    #[default]
    #[serde(rename = "ClusterIP")]
    ClusterIp,
    /// On a port of each node.
    NodePort,
    /// By a load balancer.
    LoadBalancer,
}

/// The NetworkPolicy of a cluster.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct NetworkPolicySettings {
    /// Whether there is one: peers only from peers, clients only from the same namespace, the operator, and `allowFrom`.
    pub enabled: bool,
    /// Further peers of the rule for clients, as in NetworkPolicy.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "lists::any_objects")]
    pub allow_from: Vec<serde_json::Value>,
}

impl Default for NetworkPolicySettings {
    fn default() -> Self {
        Self { enabled: true, allow_from: Vec::new() }
    }
}

/// The PodDisruptionBudget of a cluster.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct DisruptionBudget {
    /// Whether there is one. It lets as many voters be evicted as the quorum can spare; a single member is not held back.
    pub enabled: bool,
}

impl Default for DisruptionBudget {
    fn default() -> Self {
        Self { enabled: true }
    }
}
