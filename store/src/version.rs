//! The versions that this build claims. One place, because clients gate features on them.

/// The etcd version whose behaviour clients get; `Status.version` and `etcdserver` of `/version`.
pub const ETCD_VERSION: &str = "3.7.3";

/// The cluster version; three plain numbers, since clients parse each of them.
pub const CLUSTER_VERSION: &str = "3.7.0";

/// The storage version that `Status` and `/version` name.
pub const STORAGE_VERSION: &str = "3.7.0";

/// Holdfast's own version.
pub const HOLDFAST_VERSION: &str = env!("CARGO_PKG_VERSION");
