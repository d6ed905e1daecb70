//! `etcdserverpb.KV.Txn`: a transaction that only reads is answered here, every other goes through the log.

use holdfast_core::command::Operation;
use holdfast_core::response::Response;
use holdfast_core::txn_check;
use holdfast_proto::etcdserverpb as pb;
use prost::Message;

use super::{check_request_len, offload, txn_read};
use crate::api::convert::txn::{Route, route};
use crate::api::convert::{self, response};
use crate::api::error::{Refusal, Status, mismatched_answer};
use crate::auth::Claim;
use crate::node::Node;

/// `Txn`.
pub async fn txn(node: &Node, claim: &Claim, request: pb::TxnRequest) -> Result<pb::TxnResponse, Status> {
    let request_len = request.encoded_len();
    let route = route(&request);
    let request = convert::txn::txn(request, node.settings().txn_operations_max)?;
    if route == Route::Log {
        txn_check::check_duplicate_keys(&request).map_err(|_| Refusal::DuplicateKey)?;
        check_request_len(node, request_len)?;
        return match node.propose_as(claim, Operation::Txn(request)).await? {
            (header, Response::Txn(answer)) => Ok(response::txn(response::header(header), answer)),
            _ => Err(mismatched_answer()),
        };
    }
    let view = node.read_as(claim, route == Route::LinearizableRead, |guard| guard.txn(&request)).await?;
    let header = response::header(node.header_at(view.head().revision));
    let answer = if txn_read::is_short(&request) {
        txn_read::read(&view, &request)?
    } else {
        offload::run(move || txn_read::read(&view, &request)).await??
    };
    Ok(response::txn(header, answer))
}
