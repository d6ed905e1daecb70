//! Transactions that only read, answered from a view: compares choose the branch, the branch is read. Operations that
//! write or nest never come here; they go through the log.

use std::cmp::Ordering;

use holdfast_core::error::RangeError;
use holdfast_core::key_range::KeyRange;
use holdfast_core::read::{KeyValueRef, ReadView};
use holdfast_core::request::{Compare, CompareResult, CompareTarget, RangeRequest, TxnOperation, TxnRequest};
use holdfast_core::response::{TxnOperationResponse, TxnResponse};

/// Whether the transaction looks at single keys only.
pub(super) fn is_short(request: &TxnRequest) -> bool {
    let read = reads(&request.success).chain(reads(&request.failure)).map(|read| &read.range);
    let compared = request.compares.iter().map(|compare| &compare.range);
    read.chain(compared).all(|range| matches!(range, KeyRange::Single(_)))
}

/// Reads the branch that the compares choose.
pub(super) fn read(view: &ReadView, request: &TxnRequest) -> Result<TxnResponse, RangeError> {
    let mut succeeded = true;
    for compare in &request.compares {
        succeeded = succeeded && holds(view, compare)?;
    }
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

/// Every key of the range must satisfy the compare; where there is none, a key that was never written stands in.
fn holds(view: &ReadView, compare: &Compare) -> Result<bool, RangeError> {
    let keys_only = !matches!(compare.target, CompareTarget::Value(_));
    let range = RangeRequest { keys_only, ..RangeRequest::all(compare.range.clone()) };
    let (mut found, mut all) = (false, true);
    view.range_into(&range, &mut |kv| {
        found = true;
        all = all && satisfies(compare, &kv);
    })?;
    if found { Ok(all) } else { Ok(satisfies_missing(compare)) }
}

fn satisfies(compare: &Compare, stored: &KeyValueRef<'_>) -> bool {
    let order = match &compare.target {
        CompareTarget::Version(given) => stored.version.cmp(given),
        CompareTarget::Create(given) => stored.create_revision.0.cmp(given),
        CompareTarget::Mod(given) => stored.mod_revision.0.cmp(given),
        CompareTarget::Lease(given) => stored.lease.0.cmp(given),
        CompareTarget::Value(given) => stored.value.cmp(given),
    };
    relates(compare.result, order)
}

/// A key that is not there has zeros everywhere, and no value that anything could be said of.
fn satisfies_missing(compare: &Compare) -> bool {
    match compare.target {
        CompareTarget::Version(given)
        | CompareTarget::Create(given)
        | CompareTarget::Mod(given)
        | CompareTarget::Lease(given) => relates(compare.result, 0.cmp(&given)),
        CompareTarget::Value(_) => false,
    }
}

fn relates(result: CompareResult, stored_to_given: Ordering) -> bool {
    match result {
        CompareResult::Equal => stored_to_given.is_eq(),
        CompareResult::NotEqual => stored_to_given.is_ne(),
        CompareResult::Greater => stored_to_given.is_gt(),
        CompareResult::Less => stored_to_given.is_lt(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_core::ids::{LeaseId, Revision};

    fn compare(result: CompareResult, target: CompareTarget) -> Compare {
        Compare { range: KeyRange::Single("a".into()), result, target }
    }

    #[test]
    fn a_missing_key_counts_as_zeros_but_has_no_value() {
        assert!(satisfies_missing(&compare(CompareResult::Equal, CompareTarget::Version(0))));
        assert!(satisfies_missing(&compare(CompareResult::Less, CompareTarget::Mod(1))));
        assert!(!satisfies_missing(&compare(CompareResult::NotEqual, CompareTarget::Value("x".into()))));
        assert!(!satisfies_missing(&compare(CompareResult::Equal, CompareTarget::Value("".into()))));
    }

    #[test]
    fn each_property_is_compared_with_its_own_number() {
        let stored = KeyValueRef {
            key: b"a",
            value: b"m",
            create_revision: Revision(2),
            mod_revision: Revision(3),
            version: 4,
            lease: LeaseId(5),
        };
        let is = |target| satisfies(&compare(CompareResult::Equal, target), &stored);
        assert!(is(CompareTarget::Create(2)) && is(CompareTarget::Mod(3)) && is(CompareTarget::Version(4)));
        assert!(is(CompareTarget::Lease(5)) && is(CompareTarget::Value("m".into())));
        let greater = compare(CompareResult::Greater, CompareTarget::Value("l".into()));
        assert!(satisfies(&greater, &stored));
        let not_less = compare(CompareResult::Less, CompareTarget::Value("l".into()));
        assert!(!satisfies(&not_less, &stored));
    }
}
