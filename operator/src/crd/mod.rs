//! The custom resources: what people write, what the operator reports, and the rules that the API server checks by
//! itself (CEL, no webhooks). Shapes and defaults only; what follows from them is decided in `holdfast-plan`.
//!
//! `crds/` is generated from these types. Fields are only ever added: there is one version and no conversion.

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
pub fn definitions()
-> Vec<k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition> {
    use kube::CustomResourceExt;
    vec![HoldfastCluster::crd(), HoldfastRole::crd(), HoldfastUser::crd()]
}
