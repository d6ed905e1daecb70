//! What a learner serves: its status, and reads of what it has. Everything else needs a voter. Must not serve anything.

use holdfast_proto::etcdserverpb as pb;
use prost::Message as _;

use super::error::{Refusal, Status};
use super::grpc::Method;
use crate::node::Node;

/// Refuses what a learner does not serve, when this member is one. `message` is the request's wire form.
pub fn check(node: &Node, method: Method, message: impl FnOnce() -> bytes::Bytes) -> Result<(), Status> {
    if !node.is_learner() || is_served(method, message) {
        return Ok(());
    }
    Err(Refusal::LearnerUnsupported.into())
}

fn is_served(method: Method, message: impl FnOnce() -> bytes::Bytes) -> bool {
    match method {
        Method::Status | Method::Snapshot | Method::Membership | Method::State => true,
        Method::Range => pb::RangeRequest::decode(message()).is_ok_and(|range| range.serializable),
        _ => false,
    }
}
