//! What a write will cost in space, by etcd's estimate, and whether a quota admits it. Must not know how much is used.

use crate::command::Operation;
use crate::limits::{LEASE_OVERHEAD_BYTES, PUT_OVERHEAD_BYTES};
use crate::request::{PutRequest, TxnOperation, TxnRequest};
use crate::v2::{V2Operation, V2Request};

/// Estimated bytes that an operation adds; 0 for one that only reads, deletes or keeps house. A transaction costs as
/// much as the dearer of its branches (etcd's rule).
pub fn cost_bytes(operation: &Operation) -> u64 {
    match operation {
        Operation::Put(put) => put_bytes(put),
        Operation::Txn(txn) => txn_bytes(txn),
        Operation::LeaseGrant { .. } => LEASE_OVERHEAD_BYTES,
        Operation::V2(request) => v2_bytes(request),
        _ => 0,
    }
}

/// Whether `cost_bytes` more fit, where `quota_bytes` 0 is no quota. What adds nothing always fits.
pub fn admits(size_bytes: u64, cost_bytes: u64, quota_bytes: u64) -> bool {
    cost_bytes == 0 || quota_bytes == 0 || size_bytes.saturating_add(cost_bytes) < quota_bytes
}

fn put_bytes(put: &PutRequest) -> u64 {
    PUT_OVERHEAD_BYTES + put.key.len() as u64 + put.value.len() as u64
}

fn v2_bytes(request: &V2Request) -> u64 {
    let (value, time_to_live) = match &request.operation {
        V2Operation::Set { value, time_to_live, .. }
        | V2Operation::Create { value, time_to_live, .. }
        | V2Operation::Update { value, time_to_live, .. }
        | V2Operation::CompareAndSwap { value, time_to_live, .. } => (value, time_to_live),
        V2Operation::Delete { .. } | V2Operation::CompareAndDelete { .. } => return 0,
    };
    let lease_bytes = if time_to_live.is_some() { LEASE_OVERHEAD_BYTES } else { 0 };
    PUT_OVERHEAD_BYTES + request.path.as_bytes().len() as u64 + value.len() as u64 + lease_bytes
}

pub(crate) fn txn_bytes(txn: &TxnRequest) -> u64 {
    branch_bytes(&txn.success).max(branch_bytes(&txn.failure))
}

fn branch_bytes(operations: &[TxnOperation]) -> u64 {
    operations
        .iter()
        .map(|operation| match operation {
            TxnOperation::Put(put) => put_bytes(put),
            TxnOperation::Txn(nested) => txn_bytes(nested),
            TxnOperation::Range(_) | TxnOperation::DeleteRange(_) => 0,
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::LeaseId;

    fn put(key: &'static str, value: &'static str) -> TxnOperation {
        TxnOperation::Put(PutRequest { key: key.into(), value: value.into(), ..PutRequest::default() })
    }

    #[test]
    fn a_txn_costs_its_dearer_branch_with_nested_ones() {
        let nested = TxnRequest { failure: vec![put("k", "12345")], ..TxnRequest::default() };
        let txn = TxnRequest {
            success: vec![put("a", "1")],
            failure: vec![put("a", "1"), TxnOperation::Txn(nested)],
            ..TxnRequest::default()
        };
        assert_eq!(cost_bytes(&Operation::Txn(txn)), 258 + 262);
        assert_eq!(cost_bytes(&Operation::Txn(TxnRequest::default())), 0);
        assert_eq!(cost_bytes(&Operation::LeaseGrant { id: LeaseId(1), ttl_seconds: 1 }), 64);
    }

    #[test]
    fn the_quota_is_used_up_when_it_would_be_reached() {
        assert!(admits(10, 9, 20));
        assert!(!admits(10, 10, 20));
        assert!(admits(30, 0, 20), "deletions go on");
        assert!(admits(u64::MAX, 10, 0), "0 is no quota");
    }
}
