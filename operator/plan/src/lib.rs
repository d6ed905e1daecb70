//! The deciding half of the operator: [`plan`] takes what a cluster should be and what was observed of it, and says
//! what to do next. It must not read a clock, a socket or a random source, and knows nothing of Kubernetes' client: any
//! moment of a cluster's life can be written down as YAML and planned again (`tests/scripts`).
//!
//! At most one action of a plan disturbs members; [`Action::disturbs`] tells which do.

mod action;
mod desired;
mod identity;
mod memory;
mod observed;
mod report;
pub mod trust;

pub use action::{Action, LearnerToAdd};
pub use desired::{Desired, NodeLossPolicy, Rollout, VolumePolicy};
pub use identity::{ClusterId, ConfigurationNumber, MemberId, Ordinal};
pub use memory::{Bootstrap, Memory};
pub use observed::{
    Claim, Membership, Observed, ObservedMember, Pod, PodPhase, Process, Role, Running, Slot, Workload,
};
pub use report::{Condition, ConditionKind, ConditionStatus, Plan};
