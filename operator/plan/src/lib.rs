//! The deciding half of the operator: [`plan`] takes what a cluster should be and what was observed of it, and says
//! what to do next. It must not read a clock, a socket or a random source, and knows nothing of Kubernetes' client: any
//! moment of a cluster's life can be written down as YAML and planned again (`tests/scripts`).
//!
//! At most one action of a plan disturbs members; [`Action::disturbs`] tells which do.

mod action;
mod bootstrap;
mod conditions;
mod deletion;
mod desired;
mod draft;
mod hibernation;
mod identity;
mod limits;
mod membership;
mod memory;
mod observed;
mod planner;
mod reason;
mod replacement;
mod report;
mod rollout;
mod safety;
mod seat;
mod trouble;
pub mod trust;
mod version;
mod view;
mod volumes;
mod words;
mod workload;

pub use action::{Action, LearnerToAdd};
pub use desired::{Desired, NodeLossPolicy, Rollout, VolumePolicy};
pub use identity::{ClusterId, ConfigurationNumber, MemberId, Ordinal};
pub use memory::{Bootstrap, Memory};
pub use observed::{
    Claim, Membership, Observed, ObservedMember, Pod, PodPhase, Process, Role, Running, Slot, Workload,
};
pub use planner::plan;
pub use reason::Reason;
pub use report::{Condition, ConditionKind, ConditionStatus, Plan};
