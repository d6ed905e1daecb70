//! `etcdserverpb.KV` but its transactions. Must not know how an answer travels.

use bytes::BytesMut;
use holdfast_core::command::Operation;
use holdfast_core::ids::Revision;
use holdfast_core::response::Response;
use holdfast_proto::etcdserverpb as pb;
use prost::Message;

use super::{check_request_len, offload};
use crate::api::convert::wire::RangeWriter;
use crate::api::convert::{request, response};
use crate::api::error::{Status, mismatched_answer};
use crate::auth::Claim;
use crate::node::Node;

/// `Range`.
pub async fn range(node: &Node, claim: &Claim, range: pb::RangeRequest) -> Result<pb::RangeResponse, Status> {
    let linearizable = !range.serializable;
    let range = request::range(range)?;
    let view = node.read_as(claim, linearizable, |guard| Ok(guard.read(&range.range)?)).await?;
    let header = response::header(node.header_at(view.head().revision));
    let answer = offload::read_range(view, range, |view, range| Ok(view.range(range)?)).await?;
    Ok(response::range(header, answer))
}

/// `Range`, with the answer as encoded bytes after `prefix_len` zero bytes. The request is checked before the future is
/// made: futures of frequent calls are moved around, so they carry one form of it only.
pub fn range_encoded<'c>(
    node: &'c Node,
    claim: &'c Claim,
    range: pb::RangeRequest,
    prefix_len: usize,
) -> impl Future<Output = Result<BytesMut, Status>> + Send + 'c {
    let linearizable = !range.serializable;
    let range = request::range(range);
    async move {
        let range = range?;
        let view = node.read_as(claim, linearizable, |guard| Ok(guard.read(&range.range)?)).await?;
        let header = response::header(node.header_at(view.head().revision));
        offload::read_range(view, range, move |view, range| {
            let mut writer = RangeWriter::new(prefix_len, &header);
            let summary = view.range_into(range, &mut |kv| writer.key_value(kv))?;
            Ok(writer.finish(summary))
        })
        .await
    }
}

/// `Put`. As with `range_encoded`, the future carries the checked request only.
pub fn put<'c>(
    node: &'c Node,
    claim: &'c Claim,
    put: pb::PutRequest,
) -> impl Future<Output = Result<pb::PutResponse, Status>> + Send + 'c {
    let request_len = put.encoded_len();
    let put = request::put(put);
    async move {
        let put = put?;
        check_request_len(node, request_len)?;
        match node.propose_as(claim, Operation::Put(put)).await? {
            (header, Response::Put(answer)) => Ok(response::put(response::header(header), answer)),
            _ => Err(mismatched_answer()),
        }
    }
}

/// `DeleteRange`.
pub async fn delete_range(
    node: &Node,
    claim: &Claim,
    delete: pb::DeleteRangeRequest,
) -> Result<pb::DeleteRangeResponse, Status> {
    let request_len = delete.encoded_len();
    let delete = request::delete_range(delete)?;
    check_request_len(node, request_len)?;
    match node.propose_as(claim, Operation::DeleteRange(delete)).await? {
        (header, Response::DeleteRange(answer)) => {
            Ok(response::delete_range(response::header(header), answer))
        }
        _ => Err(mismatched_answer()),
    }
}

/// `Compact`. Space is always given back in the background, so `physical` has nothing to wait for: what is compacted
/// cannot be read from the moment of the answer on.
pub async fn compact(
    node: &Node,
    claim: &Claim,
    request: pb::CompactionRequest,
) -> Result<pb::CompactionResponse, Status> {
    let (header, _) =
        node.propose_as(claim, Operation::Compact { revision: Revision(request.revision) }).await?;
    Ok(pb::CompactionResponse { header: Some(response::header(header)) })
}
