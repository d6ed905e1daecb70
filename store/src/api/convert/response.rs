//! Answers of the core as wire messages.

use holdfast_core::ids::Revision;
use holdfast_core::response::{
    DeleteRangeResponse, KeyValue, PutResponse, RangeResponse, TxnOperationResponse, TxnResponse,
};
use holdfast_proto::{etcdserverpb as pb, mvccpb};
use pb::response_op::Response;

use crate::node::Header;

/// The header of an answer.
pub fn header(header: Header) -> pb::ResponseHeader {
    pb::ResponseHeader {
        cluster_id: header.cluster_id.0,
        member_id: header.member_id.0,
        revision: header.revision.0,
        raft_term: header.raft_term.0,
    }
}

/// One version of a key.
pub fn key_value(kv: KeyValue) -> mvccpb::KeyValue {
    mvccpb::KeyValue {
        key: kv.key,
        create_revision: kv.create_revision.0,
        mod_revision: kv.mod_revision.0,
        version: kv.version,
        value: kv.value,
        lease: kv.lease.0,
    }
}

/// The answer of a range.
pub fn range(header: pb::ResponseHeader, response: RangeResponse) -> pb::RangeResponse {
    pb::RangeResponse {
        header: Some(header),
        kvs: response.kvs.into_iter().map(key_value).collect(),
        more: response.more,
        count: wire_count(response.count),
    }
}

/// The answer of a put.
pub fn put(header: pb::ResponseHeader, response: PutResponse) -> pb::PutResponse {
    pb::PutResponse { header: Some(header), prev_kv: response.prev_kv.map(key_value) }
}

/// The answer of a deletion.
pub fn delete_range(header: pb::ResponseHeader, response: DeleteRangeResponse) -> pb::DeleteRangeResponse {
    pb::DeleteRangeResponse {
        header: Some(header),
        deleted: wire_count(response.deleted),
        prev_kvs: response.prev_kvs.into_iter().map(key_value).collect(),
    }
}

/// The answer of a transaction.
pub fn txn(header: pb::ResponseHeader, response: TxnResponse) -> pb::TxnResponse {
    let written_at = response.revision;
    let mut revision = if wrote(&response) { Revision(written_at.0 - 1) } else { written_at };
    pb::TxnResponse {
        header: Some(header),
        succeeded: response.succeeded,
        responses: operations(response.responses, &mut revision, written_at),
    }
}

/// A count on the wire, where numbers are signed.
pub fn wire_count(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Whether a transaction that gave this answer changed the store.
fn wrote(response: &TxnResponse) -> bool {
    response.responses.iter().any(|operation| match operation {
        TxnOperationResponse::Range(_) => false,
        TxnOperationResponse::Put(_) => true,
        TxnOperationResponse::DeleteRange(delete) => delete.deleted > 0,
        TxnOperationResponse::Txn(nested) => wrote(nested),
    })
}

/// Inside a transaction a header has only the revision: that before the transaction until its first effective write,
/// then that of the write. `revision` is carried from operation to operation.
fn operations(
    responses: Vec<TxnOperationResponse>,
    revision: &mut Revision,
    written_at: Revision,
) -> Vec<pb::ResponseOp> {
    let mut answered = Vec::with_capacity(responses.len());
    for operation in responses {
        let response = match operation {
            TxnOperationResponse::Range(response) => Response::ResponseRange(range(at(*revision), response)),
            TxnOperationResponse::Put(response) => {
                *revision = written_at;
                Response::ResponsePut(put(at(written_at), response))
            }
            TxnOperationResponse::DeleteRange(response) => {
                if response.deleted > 0 {
                    *revision = written_at;
                }
                Response::ResponseDeleteRange(delete_range(at(*revision), response))
            }
            TxnOperationResponse::Txn(nested) => Response::ResponseTxn(pb::TxnResponse {
                // etcd leaves the header of a nested transaction empty.
                header: Some(pb::ResponseHeader::default()),
                succeeded: nested.succeeded,
                responses: operations(nested.responses, revision, written_at),
            }),
        };
        answered.push(pb::ResponseOp { response: Some(response) });
    }
    answered
}

fn at(revision: Revision) -> pb::ResponseHeader {
    pb::ResponseHeader { revision: revision.0, ..Default::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn revisions(response: &pb::TxnResponse, found: &mut Vec<i64>) {
        for operation in &response.responses {
            match operation.response.as_ref().unwrap() {
                Response::ResponseRange(range) => found.push(range.header.unwrap().revision),
                Response::ResponsePut(put) => found.push(put.header.unwrap().revision),
                Response::ResponseDeleteRange(delete) => found.push(delete.header.unwrap().revision),
                Response::ResponseTxn(nested) => {
                    assert_eq!(nested.header, Some(pb::ResponseHeader::default()));
                    revisions(nested, found);
                }
            }
        }
    }

    #[test]
    fn headers_inside_a_transaction_turn_to_the_new_revision_with_the_first_write() {
        let read = || TxnOperationResponse::Range(RangeResponse::default());
        let delete = |deleted| {
            TxnOperationResponse::DeleteRange(DeleteRangeResponse { deleted, ..Default::default() })
        };
        let put = || TxnOperationResponse::Put(PutResponse::default());
        let of = |responses| TxnResponse { succeeded: true, responses, revision: Revision(8) };
        let found = |response| {
            let mut found = Vec::new();
            revisions(&txn(pb::ResponseHeader::default(), response), &mut found);
            found
        };
        assert_eq!(found(of(vec![read(), delete(0)])), [8, 8]);
        assert_eq!(found(of(vec![read(), delete(0), delete(2), read()])), [7, 7, 8, 8]);
        let nested = TxnOperationResponse::Txn(of(vec![read(), put()]));
        assert_eq!(found(of(vec![read(), nested, read()])), [7, 7, 8, 8]);
    }
}
