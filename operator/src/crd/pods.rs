//! Where pods run and what else is in them. Shapes and defaults only.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::lists;

/// Where pods run. Foreign parts are written as in a pod.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Scheduling {
    /// Whether two members may share a node.
    pub anti_affinity: AntiAffinity,
    /// Labels that nodes must have.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub node_selector: BTreeMap<String, String>,
    /// Taints of nodes that are put up with.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "lists::any_objects")]
    pub tolerations: Vec<serde_json::Value>,
    /// Affinity beyond `antiAffinity`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "lists::any_object")]
    pub affinity: Option<serde_json::Value>,
    /// In place of the default, which spreads over zones as far as it can.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "lists::any_objects")]
    pub topology_spread_constraints: Option<Vec<serde_json::Value>>,
    /// Priority class of the pods.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub priority_class_name: Option<String>,
}

/// Whether two members may share a node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum AntiAffinity {
    /// Rather not.
    #[default]
    Preferred,
    /// Never.
    Required,
    /// They may.
    None,
}

/// What else is in a pod.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct PodTemplate {
    /// Further labels. The operator's own cannot be replaced.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Further annotations.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// Further environment of the server, as in a container.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "lists::any_objects")]
    pub env: Vec<serde_json::Value>,
    /// Service account of the pods. They get no token of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub service_account_name: Option<String>,
    /// Secrets that images are pulled with.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), inner(length(max = 253)))]
    pub image_pull_secrets: Vec<String>,
    /// User and group in place of the image's own, as in a pod. Without it the platform may choose.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "lists::any_object")]
    pub security_context: Option<serde_json::Value>,
    /// How long a member may take to stop.
    #[schemars(range(min = 5, max = 3600))]
    pub termination_grace_period_seconds: Option<i64>,
}
