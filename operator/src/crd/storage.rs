//! Where a member keeps its data. Shape and defaults only.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::lists;

/// Where each member keeps its data.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Storage {
    /// Size of each member's volume. May be raised at any time, also when the disk is full; never lowered.
    #[schemars(schema_with = "lists::quantity")]
    pub size: String,
    /// Storage class of the volumes. Without it, the cluster's default class. Cannot be changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub storage_class_name: Option<String>,
}

impl Default for Storage {
    fn default() -> Self {
        Self { size: "10Gi".to_owned(), storage_class_name: None }
    }
}
