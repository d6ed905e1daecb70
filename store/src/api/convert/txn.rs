//! Transactions: counted and checked as etcd checks them, then turned into core types.

use holdfast_core::key_range::KeyRange;
use holdfast_core::request::{Compare, CompareResult, CompareTarget, TxnOperation, TxnRequest};
use holdfast_proto::etcdserverpb as pb;
use pb::compare::{CompareResult as WireResult, CompareTarget as WireTarget, TargetUnion};
use pb::request_op::Request;

use super::request;
use crate::api::error::Refusal;

/// How a transaction may be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// It may write: through the log.
    Log,
    /// It only reads, after a barrier.
    LinearizableRead,
    /// It only reads, and what this member has will do.
    SerializableRead,
}

/// Decides the route from the operations at the top alone: a nested transaction always goes through the log, and one
/// without operations needs no barrier (etcd's rules).
pub fn route(request: &pb::TxnRequest) -> Route {
    let mut route = Route::SerializableRead;
    for operation in request.success.iter().chain(&request.failure) {
        match &operation.request {
            Some(Request::RequestRange(range)) if range.serializable => {}
            Some(Request::RequestRange(_)) => route = Route::LinearizableRead,
            _ => return Route::Log,
        }
    }
    route
}

/// A transaction with at most `operations_max` compares or operations in a branch; a nested one may use what its
/// parent leaves.
pub fn txn(request: pb::TxnRequest, operations_max: usize) -> Result<TxnRequest, Refusal> {
    let used = request.compare.len().max(request.success.len()).max(request.failure.len());
    let Some(left) = operations_max.checked_sub(used) else { return Err(Refusal::TooManyOperations) };
    if request.compare.iter().any(|compare| compare.key.is_empty()) {
        return Err(Refusal::EmptyKey);
    }
    Ok(TxnRequest {
        compares: request.compare.into_iter().map(compare).collect(),
        success: branch(request.success, left)?,
        failure: branch(request.failure, left)?,
    })
}

fn branch(operations: Vec<pb::RequestOp>, operations_max: usize) -> Result<Vec<TxnOperation>, Refusal> {
    operations.into_iter().map(|operation| self::operation(operation, operations_max)).collect()
}

fn operation(operation: pb::RequestOp, operations_max: usize) -> Result<TxnOperation, Refusal> {
    Ok(match operation.request.ok_or(Refusal::EmptyOperation)? {
        Request::RequestRange(range) => TxnOperation::Range(request::range(range)?),
        Request::RequestPut(put) => TxnOperation::Put(request::put(put)?),
        Request::RequestDeleteRange(delete) => TxnOperation::DeleteRange(request::delete_range(delete)?),
        Request::RequestTxn(nested) => TxnOperation::Txn(txn(nested, operations_max)?),
    })
}

fn compare(compare: pb::Compare) -> Compare {
    let target = WireTarget::try_from(compare.target);
    let result = WireResult::try_from(compare.result);
    let (result, target) = match (result, target) {
        (Ok(result), Ok(target)) => (self::result(result), self::target(target, compare.target_union)),
        // A relation that etcd does not know holds always, and a property that it does not know equals itself.
        (Err(_), _) | (Ok(WireResult::Equal), Err(_)) => (CompareResult::Greater, CompareTarget::Version(-1)),
        (Ok(_), Err(_)) => (CompareResult::Less, CompareTarget::Version(0)),
    };
    Compare { range: KeyRange::from_wire(compare.key, compare.range_end), result, target }
}

fn result(result: WireResult) -> CompareResult {
    match result {
        WireResult::Equal => CompareResult::Equal,
        WireResult::Greater => CompareResult::Greater,
        WireResult::Less => CompareResult::Less,
        WireResult::NotEqual => CompareResult::NotEqual,
    }
}

/// A value of another kind than the target's counts as not given, that is as zero.
fn target(target: WireTarget, given: Option<TargetUnion>) -> CompareTarget {
    match (target, given) {
        (WireTarget::Version, Some(TargetUnion::Version(version))) => CompareTarget::Version(version),
        (WireTarget::Version, _) => CompareTarget::Version(0),
        (WireTarget::Create, Some(TargetUnion::CreateRevision(revision))) => CompareTarget::Create(revision),
        (WireTarget::Create, _) => CompareTarget::Create(0),
        (WireTarget::Mod, Some(TargetUnion::ModRevision(revision))) => CompareTarget::Mod(revision),
        (WireTarget::Mod, _) => CompareTarget::Mod(0),
        (WireTarget::Value, Some(TargetUnion::Value(value))) => CompareTarget::Value(value),
        (WireTarget::Value, _) => CompareTarget::Value(bytes::Bytes::new()),
        (WireTarget::Lease, Some(TargetUnion::Lease(lease))) => CompareTarget::Lease(lease),
        (WireTarget::Lease, _) => CompareTarget::Lease(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn op(request: Request) -> pb::RequestOp {
        pb::RequestOp { request: Some(request) }
    }

    fn get(serializable: bool) -> pb::RequestOp {
        op(Request::RequestRange(pb::RangeRequest { key: "a".into(), serializable, ..Default::default() }))
    }

    fn put(key: &'static str) -> pb::RequestOp {
        op(Request::RequestPut(pb::PutRequest { key: key.into(), ..Default::default() }))
    }

    fn nest(success: Vec<pb::RequestOp>) -> pb::RequestOp {
        op(Request::RequestTxn(pb::TxnRequest { success, ..Default::default() }))
    }

    fn of(success: Vec<pb::RequestOp>) -> pb::TxnRequest {
        pb::TxnRequest { success, ..Default::default() }
    }

    #[test]
    fn the_route_follows_the_top_operations() {
        assert_eq!(route(&of(vec![])), Route::SerializableRead);
        assert_eq!(route(&of(vec![get(true)])), Route::SerializableRead);
        assert_eq!(route(&of(vec![get(true), get(false)])), Route::LinearizableRead);
        assert_eq!(route(&of(vec![get(false), put("a")])), Route::Log);
        assert_eq!(route(&of(vec![nest(vec![get(true)])])), Route::Log);
        let failure = pb::TxnRequest { failure: vec![put("a")], ..Default::default() };
        assert_eq!(route(&failure), Route::Log);
    }

    #[test]
    fn nested_transactions_share_the_budget_of_their_parent() {
        assert_eq!(txn(of(vec![put("a"), put("b"), put("c")]), 2), Err(Refusal::TooManyOperations));
        assert!(txn(of(vec![nest(vec![put("a")])]), 2).is_ok());
        assert_eq!(txn(of(vec![nest(vec![put("a"), put("b")])]), 2), Err(Refusal::TooManyOperations));
        let compares = pb::TxnRequest {
            compare: vec![pb::Compare { key: "a".into(), ..Default::default() }; 3],
            ..Default::default()
        };
        assert_eq!(txn(compares, 2), Err(Refusal::TooManyOperations));
    }

    #[test]
    fn operations_are_checked_in_order() {
        assert_eq!(txn(of(vec![pb::RequestOp::default(), put("")]), 9), Err(Refusal::EmptyOperation));
        assert_eq!(txn(of(vec![put(""), pb::RequestOp::default()]), 9), Err(Refusal::EmptyKey));
        assert_eq!(txn(of(vec![nest(vec![put("")])]), 9), Err(Refusal::EmptyKey));
        let compare = pb::TxnRequest {
            compare: vec![pb::Compare::default()],
            success: vec![pb::RequestOp::default()],
            ..Default::default()
        };
        assert_eq!(txn(compare, 9), Err(Refusal::EmptyKey));
    }

    #[test]
    fn compares_are_read_leniently_where_etcd_is_lenient() {
        let of = |compare: pb::Compare| {
            let compare = super::compare(compare);
            (compare.result, compare.target)
        };
        let mismatched = pb::Compare {
            target: WireTarget::Version.into(),
            target_union: Some(TargetUnion::ModRevision(7)),
            ..Default::default()
        };
        assert_eq!(of(mismatched), (CompareResult::Equal, CompareTarget::Version(0)));
        let unknown_result = pb::Compare { result: 9, ..Default::default() };
        assert_eq!(of(unknown_result), (CompareResult::Greater, CompareTarget::Version(-1)));
        let unknown_target =
            pb::Compare { target: 9, result: WireResult::NotEqual.into(), ..Default::default() };
        assert_eq!(of(unknown_target), (CompareResult::Less, CompareTarget::Version(0)));
    }
}
