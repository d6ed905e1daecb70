//! Everything that is known of a cluster in one round, brought into the plain values that planning takes. `objects` and
//! `members` read; all else is pure.

mod age;
pub mod members;
pub mod nodes;
pub mod objects;
pub mod pods;
mod slots;
#[cfg(test)]
mod tests;

pub use age::seconds_since;
pub use members::Members;
pub use objects::Objects;
pub use slots::{slots, workload};
