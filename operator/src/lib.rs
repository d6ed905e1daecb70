//! The operator: watches custom resources and makes clusters of them. What to do is decided in `holdfast-plan`; here is
//! what reads from and writes to Kubernetes and the store.

pub mod access;
pub mod backoff;
pub mod causes;
pub mod cli;
pub mod context;
pub mod controller;
pub mod crd;
pub mod events;
pub mod execute;
pub mod failpoint;
pub mod finalizer;
pub mod health;
pub mod lease;
pub mod limits;
pub mod memory;
pub mod metrics;
pub mod observe;
pub mod plugin;
pub mod reconcile;
pub mod resources;
pub mod rest;
pub mod run;
pub mod status;
pub mod store;
pub mod trust;
pub mod validate;
pub mod written;
