//! Tests of the whole crate: openraft's storage suite, and clusters of members in one process over loopback.

mod cluster;
pub mod engines;
mod leadership;
mod membership;
mod node;
mod one_member;
mod suite;
mod three_members;
