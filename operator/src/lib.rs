//! The operator: watches custom resources and makes clusters of them. What to do is decided in `holdfast-plan`; here is
//! what reads from and writes to Kubernetes and the store.

pub mod access;
pub mod crd;
pub mod limits;
pub mod store;
pub mod trust;
