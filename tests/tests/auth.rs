//! Who may do what: every call and route by every kind of caller, at a real etcd and at Holdfast, with equal outcomes;
//! and past advisories of etcd, each shown to be of the past here. `auth/differences.rs` is the table of what may differ.

#![allow(clippy::unwrap_used, reason = "a test that meets an error has failed")]

#[path = "auth/advisories.rs"]
mod advisories;
#[path = "auth/auditing.rs"]
mod auditing;
#[path = "auth/calls.rs"]
mod calls;
#[path = "auth/differences.rs"]
mod differences;
#[path = "auth/jwt.rs"]
mod jwt;
#[path = "auth/matrix.rs"]
mod matrix;
#[path = "auth/nodes.rs"]
mod nodes;
#[path = "auth/revoking.rs"]
mod revoking;
#[path = "auth/subject.rs"]
mod subject;
#[path = "auth/tokens.rs"]
mod tokens;
#[path = "auth/watching.rs"]
mod watching;
