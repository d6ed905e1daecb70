//! What a cluster consists of in Kubernetes: pure builders from the specification to the objects that are applied. Must
//! not read or write anything, nor depend on the operator's version.

mod arguments;
mod canonical;
pub mod disruption_budget;
pub mod labels;
pub mod names;
pub mod network_policy;
pub mod pod;
pub mod quantity;
pub mod services;
pub mod statefulset;

#[cfg(test)]
mod tests;

pub use canonical::{hash, holds};
pub use names::Names;
pub use pod::Template;
