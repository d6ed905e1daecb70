//! Transactions that only read, answered from a view: compares choose the branch, the branch is read. Operations that
//! write or nest never come here; they go through the log.

use holdfast_core::error::RangeError;
use holdfast_core::key_range::KeyRange;
use holdfast_core::read::ReadView;
use holdfast_core::request::{RangeRequest, TxnOperation, TxnRequest};
use holdfast_core::response::{TxnOperationResponse, TxnResponse};

/// Whether the transaction looks at single keys only.
pub(super) fn is_short(request: &TxnRequest) -> bool {
    let read = reads(&request.success).chain(reads(&request.failure)).map(|read| &read.range);
    let compared = request.compares.iter().map(|compare| &compare.range);
    read.chain(compared).all(|range| matches!(range, KeyRange::Single(_)))
}

/// Reads the branch that the compares choose.
pub(super) fn read(view: &ReadView, request: &TxnRequest) -> Result<TxnResponse, RangeError> {
    let succeeded = view.all_hold(&request.compares)?;
    let branch = if succeeded { &request.success } else { &request.failure };
    let responses = reads(branch)
        .map(|range| view.range(range).map(TxnOperationResponse::Range))
        .collect::<Result<_, _>>()?;
    Ok(TxnResponse { succeeded, responses, revision: view.head().revision })
}

fn reads(branch: &[TxnOperation]) -> impl Iterator<Item = &RangeRequest> {
    branch.iter().filter_map(|operation| match operation {
        TxnOperation::Range(range) => Some(range),
        TxnOperation::Put(_) | TxnOperation::DeleteRange(_) | TxnOperation::Txn(_) => None,
    })
}
