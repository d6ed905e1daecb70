//! Between wire messages and core types. `request` checks as etcd checks, in its order; `response` and `wire` build
//! what clients read. Must not decide anything that the state machine decides.

pub mod request;
pub mod response;
pub mod txn;
pub mod wire;
