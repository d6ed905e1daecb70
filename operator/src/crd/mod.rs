//! The custom resources: what people write, what the operator reports, and the rules that the API server checks by
//! itself (CEL, no webhooks). Shapes and defaults only; what follows from them is decided in `holdfast-plan`.
//!
//! `crds/` is generated from these types. Fields are only ever added: there is one version and no conversion.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{CustomResourceDefinition, JSON};
use kube::CustomResourceExt as _;

mod access;
mod cluster;
mod lists;
mod networking;
mod pods;
mod status;
mod storage;
mod tls;

pub use access::{
    AccessStatus, HoldfastRole, HoldfastRoleSpec, HoldfastUser, HoldfastUserSpec, Permission, PermissionKind,
    ReclaimPolicy, UserCertificate,
};
pub use cluster::{
    Authentication, AutoCompaction, AutoCompactionMode, BootstrapSpec, ClusterReference, DeletionPolicy,
    HoldfastCluster, HoldfastClusterSpec, Image, NodeLoss, Options, Recovery, Retention, Upgrade,
    UpgradeStrategy,
};
pub use networking::{DisruptionBudget, NetworkPolicySettings, ServiceKind, ServiceSettings, Services};
pub use pods::{AntiAffinity, PodTemplate, Scheduling};
pub use status::{BootstrapStatus, CertificateStatus, HoldfastClusterStatus, MemberStatus, QuorumStatus};
pub use storage::Storage;
pub use tls::{AuthorityTls, EndpointTls, IssuerReference, KeyAlgorithm, Tls, TlsMode};

/// The API group of all resources.
pub const GROUP: &str = "holdfast.dev";
/// The version of all resources.
pub const VERSION: &str = "v1alpha1";

/// The custom resource definitions, in the order in which they are printed and installed.
#[must_use]
pub fn definitions() -> Vec<CustomResourceDefinition> {
    vec![without_spec(HoldfastCluster::crd()), HoldfastRole::crd(), HoldfastUser::crd()]
}

/// Lets `spec` be left out where everything in it may be, which the derived definition does not. The default is whole:
/// the API server holds it against the rules before it fills in the defaults of what is in it.
fn without_spec(mut definition: CustomResourceDefinition) -> CustomResourceDefinition {
    let empty: HoldfastClusterSpec =
        serde_json::from_value(serde_json::json!({})).expect("every field has a default");
    let whole = serde_json::to_value(empty).expect("a specification is plain values");
    for version in &mut definition.spec.versions {
        let Some(schema) = version.schema.as_mut().and_then(|schema| schema.open_api_v3_schema.as_mut())
        else {
            continue;
        };
        schema.required = None;
        if let Some(spec) = schema.properties.as_mut().and_then(|properties| properties.get_mut("spec")) {
            spec.default = Some(JSON(whole.clone()));
        }
    }
    definition
}
