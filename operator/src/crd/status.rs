//! What the operator reports of a cluster. Shapes only; `crate::status` fills them.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is known of a cluster.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct HoldfastClusterStatus {
    /// The generation that was looked at.
    pub observed_generation: i64,
    /// One word for people; machines read the conditions.
    pub phase: String,
    /// Ready members and wanted ones, as `2/3`.
    pub ready: String,
    /// The cluster's id, 16 hexadecimal digits.
    #[serde(rename = "clusterID", skip_serializing_if = "Option::is_none")]
    pub cluster_id: Option<String>,
    /// How far the making of the cluster has come. The operator's memory: not to be edited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bootstrap: Option<BootstrapStatus>,
    /// Lowest version that a running member has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_version: Option<String>,
    /// Version that is on its way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_version: Option<String>,
    /// Pods that exist.
    pub replicas: i32,
    /// Pods that are ready.
    pub ready_replicas: i32,
    /// Pods made from the newest template.
    pub updated_replicas: i32,
    /// Labels that select the pods, for autoscalers.
    pub selector: String,
    /// Pod that leads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leader: Option<String>,
    /// How many voters there are and may be lost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quorum: Option<QuorumStatus>,
    /// The members, by ordinal.
    #[schemars(length(max = 32))]
    pub members: Vec<MemberStatus>,
    /// URLs for clients: the Service, then each member.
    #[schemars(length(max = 32))]
    pub endpoints: Vec<String>,
    /// Secret with the certificates that a client needs (`ca.crt`, `tls.crt`, `tls.key`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secret_name: Option<String>,
    /// Secret with root's password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub root_secret_name: Option<String>,
    /// Version of the Secret whose password root has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub root_password_version: Option<String>,
    /// The certificates that the operator keeps.
    #[schemars(length(max = 32))]
    pub certificates: Vec<CertificateStatus>,
    /// When the first of them ends, in RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificates_expire_at: Option<String>,
    /// Value of `spec.tls.rotate` that was carried out last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rotated: Option<String>,
    /// Largest data of a member.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_size: Option<String>,
    /// What comes next, one line each.
    #[schemars(length(max = 64))]
    pub plan: Vec<String>,
    /// When the cluster last came closer to what is wanted, in RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_progress_at: Option<String>,
    /// The promises, and whether they hold.
    #[schemars(schema_with = "conditions")]
    pub conditions: Vec<Condition>,
}

/// Conditions merge by their type, so that two writers do not replace each other's.
fn conditions(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
    let items = generator.subschema_for::<Condition>();
    schemars::json_schema!({
        "type": "array",
        "maxItems": 32,
        "items": items,
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["type"]
    })
}

/// How far the making of a cluster has come.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct BootstrapStatus {
    /// `NotBegun`, `Begun` or `Done`.
    pub state: String,
    /// The member that was initialised.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ordinal: Option<i32>,
    /// UID of the claim that it was initialised on.
    #[serde(rename = "claimUID", skip_serializing_if = "Option::is_none")]
    pub claim_uid: Option<String>,
}

/// How many voters there are and may be lost.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct QuorumStatus {
    /// Voters.
    pub voters: i32,
    /// Learners.
    pub learners: i32,
    /// Voters that answer.
    pub healthy: i32,
    /// Voters that are needed.
    pub needed: i32,
    /// How many more may fail.
    pub margin: i32,
    /// `healthy/needed`.
    pub text: String,
}

/// A member.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct MemberStatus {
    /// Its pod's name.
    pub name: String,
    /// The number at the end of that.
    pub ordinal: i32,
    /// Its id, hexadecimal as etcdctl prints it.
    #[serde(rename = "memberID", skip_serializing_if = "Option::is_none")]
    pub member_id: Option<String>,
    /// `Leader`, `Voter`, `Learner`, `Blank` (waits to be taken in) or `Unknown`.
    pub role: String,
    /// Its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Its pod is ready.
    pub ready: bool,
    /// Its pod is made from the newest template.
    pub updated: bool,
    /// Size of its data in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_size_bytes: Option<i64>,
    /// Index of the last entry that it has applied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub applied_index: Option<i64>,
    /// Its node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// Size of its volume.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volume_size: Option<String>,
    /// What is wrong with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A certificate that the operator keeps.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct CertificateStatus {
    /// Secret that it is in.
    pub secret_name: String,
    /// When it ends, in RFC 3339.
    pub expires_at: String,
    /// When it will be renewed, in RFC 3339.
    pub renew_at: String,
    /// SHA-256 of it, in hexadecimal.
    pub fingerprint: String,
}
