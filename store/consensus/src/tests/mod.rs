//! Tests of the whole crate: openraft's storage suite, and clusters of members in one process over loopback.

mod engines;
mod node;
mod one_member;
mod suite;
mod three_members;
