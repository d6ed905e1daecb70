//! What a member that does not lead hands to the leader.

pub mod client;
pub mod pending;
