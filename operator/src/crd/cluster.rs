//! The cluster resource: what people write. Shapes, defaults and the rules that the API server checks.
//!
//! Every field is applied, refused by a rule, or reported as pending; a field that does nothing must not be added.

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::lists;
use super::networking::{DisruptionBudget, NetworkPolicySettings, Services};
use super::pods::{PodTemplate, Scheduling};
use super::status::HoldfastClusterStatus;
use super::storage::Storage;
use super::tls::Tls;

/// A Holdfast cluster. Everything has a default that is safe: three members, encrypted, behind passwords and certificates.
#[derive(Clone, Debug, PartialEq, CustomResource, Deserialize, Serialize, KubeSchema)]
#[kube(
    group = "holdfast.dev",
    version = "v1alpha1",
    kind = "HoldfastCluster",
    namespaced,
    shortname = "hf",
    category = "holdfast",
    status = "HoldfastClusterStatus",
    scale(spec_replicas_path = ".spec.replicas", status_replicas_path = ".status.replicas", label_selector_path = ".status.selector"),
    printcolumn = r#"{"name":"Ready","type":"string","jsonPath":".status.ready","description":"Members that are ready, of those wanted"}"#,
    printcolumn = r#"{"name":"Version","type":"string","jsonPath":".status.currentVersion"}"#,
    printcolumn = r#"{"name":"Leader","type":"string","jsonPath":".status.leader"}"#,
    printcolumn = r#"{"name":"Quorum","type":"string","jsonPath":".status.quorum.text","description":"Healthy voters, of those needed"}"#,
    printcolumn = r#"{"name":"Status","type":"string","jsonPath":".status.phase"}"#,
    printcolumn = r#"{"name":"Age","type":"date","jsonPath":".metadata.creationTimestamp"}"#,
    printcolumn = r#"{"name":"Data","type":"string","jsonPath":".status.dataSize","priority":1}"#,
    printcolumn = r#"{"name":"Certificates","type":"date","jsonPath":".status.certificatesExpireAt","priority":1}"#,
    printcolumn = r#"{"name":"Paused","type":"boolean","jsonPath":".spec.paused","priority":1}"#,
    printcolumn = r#"{"name":"Next","type":"string","jsonPath":".status.plan[0]","priority":1}"#,
    validation = Rule::new("self.metadata.name.size() <= 40")
        .message("the name may have 40 characters at most, since pods and certificates are named after it"),
    validation = Rule::new("self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')")
        .message("the name must begin with a letter and hold only small letters, digits and dashes, since Services are named after it")
)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("self.replicas % 2 == 1")
    .message("replicas must be odd (1, 3, 5, 7 or 9): an even number adds risk and no fault tolerance; to stop all members use hibernate"))]
#[x_kube(validation = Rule::new("!has(self.bootstrap) || !has(self.bootstrap.clusterID) || !has(oldSelf.bootstrap) || !has(oldSelf.bootstrap.clusterID) || self.bootstrap.clusterID == oldSelf.bootstrap.clusterID")
    .message("bootstrap.clusterID cannot be changed"))]
#[x_kube(validation = Rule::new("has(self.bootstrap) == has(oldSelf.bootstrap)").message("bootstrap can only be set when the resource is made"))]
#[x_kube(validation = Rule::new("quantity(self.storage.size).compareTo(quantity(oldSelf.storage.size)) >= 0")
    .message("storage.size can only be raised: volumes do not shrink"))]
#[x_kube(validation = Rule::new("has(self.storage.storageClassName) == has(oldSelf.storage.storageClassName) && (!has(self.storage.storageClassName) || self.storage.storageClassName == oldSelf.storage.storageClassName)")
    .message("storage.storageClassName cannot be changed"))]
#[x_kube(validation = Rule::new("(self.tls.client.mode == 'Disabled') == (oldSelf.tls.client.mode == 'Disabled')")
    .message("tls.client cannot be switched on or off on a running cluster: clients would lose their connection for good"))]
#[x_kube(validation = Rule::new("(self.tls.peer.mode == 'Disabled') == (oldSelf.tls.peer.mode == 'Disabled')")
    .message("tls.peer cannot be switched on or off on a running cluster: members would not understand each other"))]
#[x_kube(validation = Rule::new("has(self.tls.client.secretName) == (self.tls.client.mode == 'Secret') && has(self.tls.peer.secretName) == (self.tls.peer.mode == 'Secret')")
    .message("tls: secretName goes with mode Secret, and only with it"))]
#[x_kube(validation = Rule::new("has(self.tls.client.issuerRef) == (self.tls.client.mode == 'CertManager') && has(self.tls.peer.issuerRef) == (self.tls.peer.mode == 'CertManager')")
    .message("tls: issuerRef goes with mode CertManager, and only with it"))]
#[x_kube(validation = Rule::new("!(oldSelf.auth.enabled && !self.auth.enabled)")
    .message("auth cannot be switched off here: it would open a running cluster; disable it in the store if you must"))]
#[x_kube(validation = Rule::new("self.version.matches('^[0-9]{1,4}[.][0-9]{1,4}[.][0-9]{1,4}(-[a-z0-9.]+)?$')")
    .message("version must be written as major.minor.patch"))]
pub struct HoldfastClusterSpec {
    /// Number of members: 1, 3, 5, 7 or 9.
    #[serde(default = "replicas_by_default")]
    #[schemars(range(min = 1, max = 9))]
    pub replicas: i32,
    /// Stops all members and keeps their volumes. Set it back to false to wake the cluster, with all data.
    #[serde(default)]
    pub hibernate: bool,
    /// Nothing of the cluster is changed while this is true; the status is still reported.
    #[serde(default)]
    pub paused: bool,
    /// Version of the server, also the image's tag unless `image.tag` says otherwise.
    #[serde(default = "version_by_default")]
    #[schemars(length(max = 64))]
    pub version: String,
    /// The server's image.
    #[serde(default)]
    pub image: Image,
    /// How pods are restarted for a new version or setting.
    #[serde(default)]
    pub upgrade: Upgrade,
    /// Where each member keeps its data.
    #[serde(default)]
    pub storage: Storage,
    /// How connections are made safe.
    #[serde(default)]
    pub tls: Tls,
    /// Who is let in.
    #[serde(default)]
    pub auth: Authentication,
    /// Settings of the server.
    #[serde(default)]
    pub options: Options,
    /// Requests and limits of the server's container, as in a container.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "lists::any_object")]
    pub resources: Option<serde_json::Value>,
    /// Where pods run.
    #[serde(default)]
    pub scheduling: Scheduling,
    /// What else is in a pod.
    #[serde(default)]
    pub pod_template: PodTemplate,
    /// How many members may be evicted at once.
    #[serde(default)]
    pub disruption_budget: DisruptionBudget,
    /// How the cluster is reached.
    #[serde(default)]
    pub services: Services,
    /// Who may connect.
    #[serde(default)]
    pub network_policy: NetworkPolicySettings,
    /// When a member is given up and replaced.
    #[serde(default)]
    pub recovery: Recovery,
    /// What becomes of volumes and Secrets when this resource is deleted.
    #[serde(default)]
    pub deletion_policy: DeletionPolicy,
    /// How the cluster begins. Only when the resource is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bootstrap: Option<BootstrapSpec>,
    /// How long something may take until the cluster is reported as stuck.
    #[serde(default = "progress_deadline_by_default")]
    #[schemars(range(min = 10, max = 86400))]
    pub progress_deadline_seconds: i64,
    /// Change this text to have all members restarted, one at a time, the leader last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub revision_tag: Option<String>,
    /// Domain of Kubernetes' DNS, if it is not `cluster.local`. It becomes part of the names in certificates.
    #[serde(default = "domain_by_default")]
    #[schemars(length(min = 1, max = 200))]
    pub cluster_domain: String,
}

fn replicas_by_default() -> i32 {
    3
}

fn version_by_default() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}

fn progress_deadline_by_default() -> i64 {
    600
}

fn domain_by_default() -> String {
    "cluster.local".to_owned()
}

/// The cluster that a user or role belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClusterReference {
    /// Name of a HoldfastCluster in the same namespace.
    #[schemars(length(min = 1, max = 63))]
    pub name: String,
}

/// The server's image.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Image {
    /// Without it, what the operator was told (`--server-image`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 512))]
    pub repository: Option<String>,
    /// In place of the version.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128))]
    pub tag: Option<String>,
    /// In place of the tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 128), regex(pattern = "^sha256:[0-9a-f]{64}$"))]
    pub digest: Option<String>,
    /// `Always`, `IfNotPresent` or `Never`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 16))]
    pub pull_policy: Option<String>,
}

/// How pods are restarted for a new version or setting.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Upgrade {
    /// Who restarts them.
    pub strategy: UpgradeStrategy,
    /// Allows `version` to go back to an older minor version.
    pub allow_downgrade: bool,
}

/// Who restarts pods.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum UpgradeStrategy {
    /// The operator, one at a time, the leader last.
    #[default]
    RollingUpdate,
    /// A person, by deleting pods. The condition PendingRestart says which.
    OnDelete,
}

/// Who is let in.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Authentication {
    /// Users have to say who they are. Once on, it stays on.
    pub enabled: bool,
    /// Secret with the key `password` for the user root. Without it the operator makes one, named `NAME-root`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253))]
    pub root_secret_name: Option<String>,
    /// Makes a user `app` that may read and write all keys, with a certificate in the Secret `NAME-client-tls` (or, without
    /// managed certificates, a password in `NAME-app`). Switched off, neither is made.
    pub application_user: bool,
}

impl Default for Authentication {
    fn default() -> Self {
        Self { enabled: true, root_secret_name: None, application_user: true }
    }
}

/// Settings of the server. What is not set is left to the server's own default.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Options {
    /// Size of the data at which writes are refused; 0 for no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub quota_backend_bytes: Option<i64>,
    /// How history is thinned out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_compaction: Option<AutoCompaction>,
    /// How often the leader shows that it lives.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 10, max = 10000))]
    pub heartbeat_interval_milliseconds: Option<i64>,
    /// How long others wait for that; at least five heartbeats.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 50, max = 50000))]
    pub election_timeout_milliseconds: Option<i64>,
    /// Largest request.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1024))]
    pub max_request_bytes: Option<i64>,
    /// Largest number of operations in a transaction.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub max_transaction_operations: Option<i64>,
    /// `debug`, `info`, `warn` or `error`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 16))]
    pub log_level: Option<String>,
    /// Further flags of the server, without the dashes. Those that the operator sets itself are refused.
    #[serde(skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    pub extra_arguments: std::collections::BTreeMap<String, String>,
}

/// How history is thinned out.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AutoCompaction {
    /// What `retention` counts.
    pub mode: AutoCompactionMode,
    /// Hours (or a time such as `30m`) with mode Periodic, revisions with mode Revision.
    #[schemars(length(min = 1, max = 16))]
    pub retention: String,
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum AutoCompactionMode {
    /// Time.
    Periodic,
    /// Revisions.
    Revision,
}

/// When a member is given up and replaced.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Recovery {
    /// How long a member's node or volume must be gone before the member is replaced.
    #[schemars(range(min = 10, max = 86400))]
    pub replace_after_seconds: i64,
    /// Whether that is done unasked. With Manual: `kubectl holdfast replace`, or the annotation `holdfast.dev/replace`.
    pub node_lost: NodeLoss,
    /// Restarts after which a member whose own data stops it is replaced.
    #[schemars(range(min = 3, max = 100))]
    pub crash_loop_threshold: i32,
}

impl Default for Recovery {
    fn default() -> Self {
        Self { replace_after_seconds: 300, node_lost: NodeLoss::Auto, crash_loop_threshold: 5 }
    }
}

/// Whether a member on a lost node is replaced unasked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum NodeLoss {
    /// Yes, if the others have a quorum.
    #[default]
    Auto,
    /// No.
    Manual,
}

/// What becomes of what a cluster leaves.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct DeletionPolicy {
    /// The volumes, with the data.
    pub volumes: Retention,
}

/// Whether something stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum Retention {
    /// It stays.
    #[default]
    Retain,
    /// It goes.
    Delete,
}

/// How a cluster begins.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct BootstrapSpec {
    /// Takes over the volumes of an earlier cluster with this id (16 hexadecimal digits, its `status.clusterID`). Without it,
    /// volumes that belong to another cluster are refused.
    #[serde(rename = "clusterID", skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 16, max = 16), regex(pattern = "^[0-9a-f]{16}$"))]
    pub cluster_id: Option<String>,
}
