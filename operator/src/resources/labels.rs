//! Labels and annotations: what the operator's objects are found by, and what it notes on them. Nothing here decides.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// Label: the cluster that an object belongs to.
pub const CLUSTER: &str = "holdfast.dev/cluster";
/// Label of a claim: the id of the cluster whose data it holds.
pub const CLUSTER_ID: &str = "holdfast.dev/cluster-id";
/// Annotation of pods and the StatefulSet: hash of the pod template.
pub const TEMPLATE_HASH: &str = "holdfast.dev/template-hash";
/// Annotation of pods and their template: hash of what of the template cannot be changed while a pod runs.
pub const FIXED_HASH: &str = "holdfast.dev/fixed-hash";
/// Annotation of pods: hash of the template whose resources it could not be given while it runs.
pub const RESIZE_REFUSED: &str = "holdfast.dev/resize-refused";
/// Annotation of pods: the text that asks for a restart.
pub const REVISION_TAG: &str = "holdfast.dev/revision-tag";
/// Annotation of what the operator applies: hash of what was applied last.
pub const APPLIED_HASH: &str = "holdfast.dev/applied-hash";
/// Annotation of a cluster: ordinals of members that a person wants replaced, with commas.
pub const REPLACE: &str = "holdfast.dev/replace";
/// Value of `app.kubernetes.io/managed-by`, and the name as which the operator applies.
pub const MANAGER: &str = "holdfast-operator";

/// The labels of all objects of a cluster.
#[must_use]
pub fn all(cluster: &str) -> BTreeMap<String, String> {
    let mut labels = selecting(cluster);
    labels.insert("app.kubernetes.io/managed-by".to_owned(), MANAGER.to_owned());
    labels
}

/// The labels that select a cluster's pods. They are part of the StatefulSet's selector and can never change.
#[must_use]
pub fn selecting(cluster: &str) -> BTreeMap<String, String> {
    BTreeMap::from([
        ("app.kubernetes.io/name".to_owned(), "holdfast".to_owned()),
        ("app.kubernetes.io/instance".to_owned(), cluster.to_owned()),
        (CLUSTER.to_owned(), cluster.to_owned()),
    ])
}

/// The selector of a cluster's objects, as a query.
#[must_use]
pub fn query(cluster: &str) -> String {
    format!("{CLUSTER}={cluster}")
}

/// The selector of the objects of all clusters, as a query.
#[must_use]
pub fn query_all() -> String {
    CLUSTER.to_owned()
}

/// The owner reference of all objects that go when the cluster goes.
#[must_use]
pub fn owner(cluster_name: &str, cluster_uid: &str) -> Value {
    json!({
        "apiVersion": format!("{}/{}", crate::crd::GROUP, crate::crd::VERSION),
        "kind": "HoldfastCluster",
        "name": cluster_name,
        "uid": cluster_uid,
        "controller": true,
        "blockOwnerDeletion": true,
    })
}
