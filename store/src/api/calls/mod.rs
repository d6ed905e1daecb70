//! One function for each call of the API: a wire message in, a wire message or a status out. Used alike by gRPC and by
//! the JSON gateway, so nothing here may know of either.

pub mod admin;
pub mod auth;
pub mod cluster;
pub mod health;
pub mod kv;
pub mod lease;
pub mod maintenance;
pub(in crate::api) mod offload;
pub mod range_stream;
pub mod txn;
mod txn_read;

use crate::api::error::{Refusal, Status};
use crate::node::Node;

/// Bytes that etcd's log entry has around a client's request: the entry's header with its id, and a tag.
const ENVELOPE_BYTES: usize = 15;

/// Refuses a write whose log entry would be larger than `--max-request-bytes`, as etcd does.
fn check_request_len(node: &Node, request_len: usize) -> Result<(), Status> {
    let entry_len = ENVELOPE_BYTES + prost::length_delimiter_len(request_len) + request_len;
    if entry_len > node.settings().request_bytes_max {
        return Err(Refusal::RequestTooLarge.into());
    }
    Ok(())
}
