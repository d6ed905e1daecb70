//! Which transactions write a key twice.

use super::*;
use crate::request::{DeleteRangeRequest, PutRequest, RangeRequest};

fn put(key: &'static str) -> TxnOperation {
    TxnOperation::Put(PutRequest { key: key.into(), ..PutRequest::default() })
}

fn delete(key: &'static str, end: &'static str) -> TxnOperation {
    let range = KeyRange::from_wire(key.into(), end.into());
    TxnOperation::DeleteRange(DeleteRangeRequest { range, prev_kv: false })
}

fn nested(success: Vec<TxnOperation>, failure: Vec<TxnOperation>) -> TxnOperation {
    TxnOperation::Txn(TxnRequest { compares: Vec::new(), success, failure })
}

#[track_caller]
fn accepted(success: Vec<TxnOperation>) {
    let both = [
        TxnRequest { success: success.clone(), ..TxnRequest::default() },
        TxnRequest { failure: success, ..TxnRequest::default() },
    ];
    for txn in both {
        assert_eq!(check_duplicate_keys(&txn), Ok(()));
    }
}

#[track_caller]
fn refused(success: Vec<TxnOperation>) {
    let both = [
        TxnRequest { success: success.clone(), ..TxnRequest::default() },
        TxnRequest { failure: success, ..TxnRequest::default() },
    ];
    for txn in both {
        assert_eq!(check_duplicate_keys(&txn), Err(TxnCheckError::DuplicateKey));
    }
}

#[test]
fn a_key_is_put_once() {
    accepted(vec![put("a"), put("b")]);
    refused(vec![put("a"), put("b"), put("a")]);
}

#[test]
fn a_put_key_is_not_deleted_whatever_the_order() {
    refused(vec![put("a"), delete("a", "")]);
    refused(vec![delete("a", ""), put("a")]);
    refused(vec![put("b"), delete("a", "c")]);
    refused(vec![delete("a", "c"), delete("e", "g"), delete("b", "f"), put("d")]);
    accepted(vec![put("c"), delete("a", "c")]);
    accepted(vec![put("ab"), delete("a", "")]);
}

#[test]
fn deletions_may_overlap() {
    accepted(vec![delete("a", "c"), delete("b", "d"), delete("a", ""), delete("a", "")]);
}

#[test]
fn ranges_without_an_upper_end_or_with_a_reversed_one_overlap_nothing() {
    accepted(vec![delete("a", "\0"), put("b")]);
    accepted(vec![delete("c", "a"), put("b"), put("c")]);
}

#[test]
fn branches_of_one_nested_txn_may_write_the_same_key() {
    accepted(vec![nested(vec![put("a")], vec![put("a"), put("b")])]);
    refused(vec![nested(vec![put("a")], vec![put("b")]), put("b")]);
    refused(vec![nested(vec![put("a")], vec![]), nested(vec![], vec![put("a")])]);
    refused(vec![nested(vec![put("a"), put("a")], vec![])]);
    refused(vec![nested(vec![nested(vec![put("a")], vec![])], vec![]), put("a")]);
}

#[test]
fn nested_deletions_count_for_what_stands_around_and_behind() {
    refused(vec![nested(vec![delete("a", "c")], vec![]), put("b")]);
    refused(vec![put("b"), nested(vec![], vec![delete("a", "c")])]);
    refused(vec![delete("a", "c"), nested(vec![put("b")], vec![])]);
    refused(vec![nested(vec![delete("a", "c")], vec![]), nested(vec![put("b")], vec![])]);
    accepted(vec![nested(vec![put("b")], vec![]), nested(vec![delete("a", "c")], vec![])]);
    accepted(vec![nested(vec![delete("a", "c")], vec![put("b")])]);
}

#[test]
fn operations_are_counted_down_the_nesting() {
    let read = || TxnOperation::Range(RangeRequest::all(KeyRange::Single("a".into())));
    let txn = |success| TxnRequest { success, ..TxnRequest::default() };
    let too_many = Err(TxnCheckError::TooManyOperations);
    assert_eq!(check_operation_count(&txn(vec![read(), read()]), 2), Ok(()));
    assert_eq!(check_operation_count(&txn(vec![read(), read()]), 1), too_many);
    let inner = nested(vec![read(), read()], vec![]);
    assert_eq!(check_operation_count(&txn(vec![inner.clone()]), 3), Ok(()));
    assert_eq!(check_operation_count(&txn(vec![inner]), 2), too_many);
}

#[test]
fn a_big_txn_is_checked_fast() {
    let keys: Vec<String> = (0..200_000).map(|number| format!("k{number:08}")).collect();
    let puts = keys
        .iter()
        .map(|key| TxnOperation::Put(PutRequest { key: key.clone().into(), ..PutRequest::default() }));
    let deletes = keys.iter().map(|key| {
        let range = KeyRange::Single(format!("{key}x").into());
        TxnOperation::DeleteRange(DeleteRangeRequest { range, prev_kv: false })
    });
    let txn = TxnRequest { success: puts.chain(deletes).collect(), ..TxnRequest::default() };
    // A quadratic check of this many would outlast any patience.
    assert_eq!(check_duplicate_keys(&txn), Ok(()));
}
