//! Users and roles as resources. Shapes, defaults and rules only.

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cluster::ClusterReference;
use super::lists;

/// A user of a cluster.
#[derive(Clone, Debug, PartialEq, CustomResource, Deserialize, Serialize, KubeSchema)]
#[kube(
    group = "holdfast.dev",
    version = "v1alpha1",
    kind = "HoldfastUser",
    namespaced,
    shortname = "hfu",
    category = "holdfast",
    status = "AccessStatus",
    printcolumn = r#"{"name":"Cluster","type":"string","jsonPath":".spec.clusterRef.name"}"#,
    printcolumn = r#"{"name":"User","type":"string","jsonPath":".spec.username"}"#,
    printcolumn = r#"{"name":"Applied","type":"boolean","jsonPath":".status.applied"}"#,
    printcolumn = r#"{"name":"Message","type":"string","jsonPath":".status.message","priority":1}"#,
    printcolumn = r#"{"name":"Age","type":"date","jsonPath":".metadata.creationTimestamp"}"#,
    validation = Rule::new("self.spec.username != 'root' && self.spec.username != 'holdfast-operator'")
        .message("root and holdfast-operator belong to the operator; name another user"),
    validation = Rule::new("self.spec.clusterRef == oldSelf.spec.clusterRef && self.spec.username == oldSelf.spec.username")
        .message("clusterRef and username cannot be changed; make another HoldfastUser")
)]
#[serde(rename_all = "camelCase")]
pub struct HoldfastUserSpec {
    /// The cluster, in the same namespace.
    pub cluster_ref: ClusterReference,
    /// The user's name, as clients give it.
    #[schemars(length(min = 1, max = 128))]
    pub username: String,
    /// Secret with the key `password`. Without it the operator makes one, with a password, named like this resource with
    /// `-password` at its end. A Secret that is missing leaves the password as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253))]
    pub password_secret_name: Option<String>,
    /// The user has no password and is known by its certificate alone.
    #[serde(default)]
    pub no_password: bool,
    /// Roles that the user has.
    #[serde(default)]
    #[schemars(length(max = 64), inner(length(min = 1, max = 128)))]
    pub roles: Vec<String>,
    /// A certificate that says who the user is.
    #[serde(default)]
    pub client_certificate: UserCertificate,
    /// What becomes of the user when this resource is deleted.
    #[serde(default)]
    pub reclaim_policy: ReclaimPolicy,
}

/// A client certificate for a user, in the Secret named like the resource with `-tls` at its end.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct UserCertificate {
    /// Whether one is made. Only with managed certificates for clients.
    pub enabled: bool,
    /// How long it is good for; it is renewed after two thirds of that.
    #[schemars(schema_with = "lists::duration")]
    pub duration: String,
}

impl Default for UserCertificate {
    fn default() -> Self {
        Self { enabled: false, duration: "90d".to_owned() }
    }
}

/// What becomes of something in the store when its resource is deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum ReclaimPolicy {
    /// It is deleted, too.
    #[default]
    Delete,
    /// It stays.
    Retain,
}

/// A role of a cluster.
#[derive(Clone, Debug, PartialEq, CustomResource, Deserialize, Serialize, KubeSchema)]
#[kube(
    group = "holdfast.dev",
    version = "v1alpha1",
    kind = "HoldfastRole",
    namespaced,
    shortname = "hfr",
    category = "holdfast",
    status = "AccessStatus",
    printcolumn = r#"{"name":"Cluster","type":"string","jsonPath":".spec.clusterRef.name"}"#,
    printcolumn = r#"{"name":"Role","type":"string","jsonPath":".spec.roleName"}"#,
    printcolumn = r#"{"name":"Applied","type":"boolean","jsonPath":".status.applied"}"#,
    printcolumn = r#"{"name":"Message","type":"string","jsonPath":".status.message","priority":1}"#,
    printcolumn = r#"{"name":"Age","type":"date","jsonPath":".metadata.creationTimestamp"}"#,
    validation = Rule::new("self.spec.roleName != 'root'").message("the role root is the store's own; name another role"),
    validation = Rule::new("self.spec.clusterRef == oldSelf.spec.clusterRef && self.spec.roleName == oldSelf.spec.roleName")
        .message("clusterRef and roleName cannot be changed; make another HoldfastRole")
)]
#[serde(rename_all = "camelCase")]
pub struct HoldfastRoleSpec {
    /// The cluster, in the same namespace.
    pub cluster_ref: ClusterReference,
    /// The role's name.
    #[schemars(length(min = 1, max = 128))]
    pub role_name: String,
    /// What users with this role may do. Permissions that the role has beyond these are taken away.
    #[serde(default)]
    #[schemars(length(max = 256))]
    pub permissions: Vec<Permission>,
    /// What becomes of the role when this resource is deleted.
    #[serde(default)]
    pub reclaim_policy: ReclaimPolicy,
}

/// A right on a key, on all keys with a prefix, or on a range of keys.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("[has(self.key), has(self.prefix)].filter(x, x).size() == 1")
    .message("exactly one of key and prefix is needed"))]
#[x_kube(validation = Rule::new("!has(self.rangeEnd) || has(self.key)").message("rangeEnd needs key"))]
pub struct Permission {
    /// What is allowed.
    #[serde(rename = "type")]
    pub kind: PermissionKind,
    /// A key, or the first key of a range.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 4096))]
    pub key: Option<String>,
    /// The first key behind the range.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 4096))]
    pub range_end: Option<String>,
    /// All keys that begin with this. The empty text means all keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 4096))]
    pub prefix: Option<String>,
}

/// What is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum PermissionKind {
    /// To read and watch.
    Read,
    /// To write and delete.
    Write,
    /// Both.
    ReadWrite,
}

/// What has become of a user or role.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct AccessStatus {
    /// The generation that was looked at.
    pub observed_generation: i64,
    /// The store has what the resource says.
    pub applied: bool,
    /// What is wrong, or waited for.
    pub message: String,
    /// Version of the Secret whose password was applied last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_version: Option<String>,
}
