//! Random histories: few keys, leases and values, so that operations meet each other often.

use bytes::Bytes;
use holdfast_core::command::Operation;
use holdfast_core::ids::{LeaseId, MemberId, Revision, Term};
use holdfast_core::key_range::KeyRange;
use holdfast_core::request::{
    Compare, CompareResult, CompareTarget, DeleteRangeRequest, PutRequest, RangeRequest, SortOrder,
    SortTarget, TxnOperation, TxnRequest,
};
use holdfast_core::response::AlarmKind;
use holdfast_core::txn_check;
use holdfast_core::v2::{V2Operation, V2Path, V2Request, V2TimeToLive};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::store::TERM;

/// What happens to a store.
#[derive(Debug, Clone)]
pub enum Step {
    /// Entries applied in one run.
    Run(Vec<Operation>),
    /// A look at the present or the past.
    Read(RangeRequest),
    /// Rows that may go are dropped; bit n of the pattern decides over the n-th of them.
    Filter(u64),
    /// The member starts anew.
    Restart,
}

pub fn any_history() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        8 => vec(any_operation(), 1..5).prop_map(Step::Run),
        5 => any_range_request().prop_map(Step::Read),
        1 => any::<u64>().prop_map(Step::Filter),
        1 => Just(Step::Restart),
    ];
    vec(step, 1..32)
}

fn any_key() -> impl Strategy<Value = Bytes> {
    let plain = vec!["a", "a\0", "aa", "b", "b\u{1}", "c", "\0"];
    let nodes = vec!["/", "/a", "/a/", "/a/b", "/a/b/c", "/a/b-", "/a//c", "/b/_c"];
    prop_oneof![3 => select(plain), 2 => select(nodes)].prop_map(|key| Bytes::from_static(key.as_bytes()))
}

fn any_range() -> impl Strategy<Value = KeyRange> {
    prop_oneof![
        4 => any_key().prop_map(KeyRange::Single),
        2 => (any_key(), any_key()).prop_map(|(start, end)| KeyRange::Bounded { start, end }),
        1 => any_key().prop_map(KeyRange::From),
        1 => Just(KeyRange::From(Bytes::new())),
    ]
}

fn any_value() -> impl Strategy<Value = Bytes> {
    select(vec!["", "1", "2", "3"]).prop_map(|value| Bytes::from_static(value.as_bytes()))
}

fn any_lease() -> impl Strategy<Value = LeaseId> {
    (1_i64..4).prop_map(LeaseId)
}

/// Revisions around those that a short history reaches; none and 0 are the newest.
fn any_revision() -> impl Strategy<Value = Option<Revision>> {
    prop_oneof![3 => Just(None), 4 => (0_i64..16).prop_map(|revision| Some(Revision(revision)))]
}

fn any_bound() -> impl Strategy<Value = i64> {
    prop_oneof![4 => Just(0_i64), 1 => 1_i64..12]
}

fn any_range_request() -> impl Strategy<Value = RangeRequest> {
    use SortOrder::{Ascend, Descend, None};
    use SortTarget::{Create, Key, Mod, Value, Version};
    let order = (select(vec![None, Ascend, Descend]), select(vec![Key, Key, Version, Create, Mod, Value]));
    let flags = (proptest::bool::weighted(0.2), proptest::bool::weighted(0.2));
    let bounds = (any_bound(), any_bound(), any_bound(), any_bound());
    (any_range(), 0_u64..4, any_revision(), order, flags, bounds).prop_map(
        |(range, limit, revision, (order, target), (keys_only, count_only), bounds)| RangeRequest {
            range,
            limit,
            revision,
            order,
            target,
            keys_only,
            count_only,
            min_mod_revision: bounds.0,
            max_mod_revision: bounds.1,
            min_create_revision: bounds.2,
            max_create_revision: bounds.3,
        },
    )
}

fn any_put() -> impl Strategy<Value = PutRequest> {
    let lease = prop_oneof![3 => Just(LeaseId::NONE), 2 => any_lease()];
    let ignore = prop_oneof![6 => Just((false, false)), 1 => Just((true, false)), 1 => Just((false, true))];
    (any_key(), any_value(), lease, any::<bool>(), ignore).prop_map(
        |(key, value, lease, prev_kv, (ignore_value, ignore_lease))| PutRequest {
            key,
            value: if ignore_value { Bytes::new() } else { value },
            lease: if ignore_lease { LeaseId::NONE } else { lease },
            prev_kv,
            ignore_value,
            ignore_lease,
        },
    )
}

fn any_delete() -> impl Strategy<Value = DeleteRangeRequest> {
    (any_range(), any::<bool>()).prop_map(|(range, prev_kv)| DeleteRangeRequest { range, prev_kv })
}

fn any_compare() -> impl Strategy<Value = Compare> {
    use CompareResult::{Equal, Greater, Less, NotEqual};
    let target = prop_oneof![
        (0_i64..3).prop_map(CompareTarget::Version),
        (0_i64..8).prop_map(CompareTarget::Create),
        (0_i64..8).prop_map(CompareTarget::Mod),
        any_value().prop_map(CompareTarget::Value),
        (0_i64..3).prop_map(CompareTarget::Lease),
    ];
    (any_range(), select(vec![Equal, Greater, Less, NotEqual]), target)
        .prop_map(|(range, result, target)| Compare { range, result, target })
}

fn any_txn() -> impl Strategy<Value = TxnRequest> {
    let leaf = prop_oneof![
        4 => any_put().prop_map(TxnOperation::Put),
        3 => any_range_request().prop_map(TxnOperation::Range),
        2 => any_delete().prop_map(TxnOperation::DeleteRange),
    ];
    let operation = leaf.prop_recursive(2, 8, 3, |operation| {
        (vec(any_compare(), 0..2), vec(operation.clone(), 0..3), vec(operation, 0..3)).prop_map(
            |(compares, success, failure)| TxnOperation::Txn(TxnRequest { compares, success, failure }),
        )
    });
    (vec(any_compare(), 0..3), vec(operation.clone(), 0..4), vec(operation, 0..3)).prop_map(
        |(compares, success, failure)| {
            let txn = TxnRequest { compares, success, failure };
            // A transaction that the border refuses never becomes an entry.
            if txn_check::check_duplicate_keys(&txn).is_ok() { txn } else { TxnRequest::default() }
        },
    )
}

fn any_v2() -> impl Strategy<Value = V2Request> {
    let path = select(vec!["/", "/a", "/a", "/a/b", "/a/b", "/a/b/c", "/b", "/b/_c/d"])
        .prop_map(|path| V2Path::from_clean(path.into()).unwrap());
    let time_to_live = proptest::option::weighted(0.4, (any_lease(), 0_i64..9)).prop_map(|it| {
        it.map(|(lease, ttl_seconds)| V2TimeToLive {
            lease,
            ttl_seconds,
            expiration_unix_nanos: ttl_seconds * 10 + lease.0,
        })
    });
    let flags = (proptest::bool::weighted(0.3), proptest::bool::weighted(0.3));
    let expected = (any_value(), prop_oneof![2 => Just(0_u64), 1 => 2_u64..12]);
    (path, 0..10, any_value(), time_to_live, flags, expected).prop_map(
        |(path, kind, value, time_to_live, (is_directory, flag), (prev_value, prev_index))| {
            let operation = match kind {
                0..4 => V2Operation::Set { value, is_directory, time_to_live, is_refresh: flag },
                4 => V2Operation::Create { value, is_directory, time_to_live, is_in_order: flag },
                5 | 6 => V2Operation::Update { value, time_to_live, is_refresh: flag },
                7 => V2Operation::CompareAndSwap {
                    prev_value,
                    prev_index,
                    value,
                    time_to_live,
                    is_refresh: flag,
                },
                8 => V2Operation::Delete { is_directory, is_recursive: flag },
                _ => V2Operation::CompareAndDelete { prev_value, prev_index },
            };
            V2Request { path, operation }
        },
    )
}

/// One entry of the log.
pub fn any_operation() -> impl Strategy<Value = Operation> {
    let alarm = || select(vec![AlarmKind::NoSpace, AlarmKind::Corrupt]);
    let member = || (1_u64..3).prop_map(MemberId);
    let ttl = 2_i64..9;
    prop_oneof![
        12 => any_put().prop_map(Operation::Put),
        16 => any_v2().prop_map(Operation::V2),
        5 => any_delete().prop_map(Operation::DeleteRange),
        10 => any_txn().prop_map(Operation::Txn),
        3 => (-1_i64..16).prop_map(|revision| Operation::Compact { revision: Revision(revision) }),
        4 => (any_lease(), ttl.clone()).prop_map(|(id, ttl_seconds)| Operation::LeaseGrant { id, ttl_seconds }),
        1 => any_lease().prop_map(|id| Operation::LeaseRevoke { id }),
        2 => (vec(any_lease(), 0..4), any::<bool>()).prop_map(|(ids, is_stale)| Operation::LeaseExpire {
            ids,
            term: if is_stale { Term(TERM.0 - 1) } else { TERM },
        }),
        1 => vec((any_lease(), ttl), 0..3)
            .prop_map(|remaining_seconds| Operation::LeaseCheckpoint { remaining_seconds }),
        // Rarely raised and mostly cleared at once, or nothing else would happen any more.
        1 => (proptest::bool::weighted(0.2), member(), alarm()).prop_map(|(is_raised, member, kind)| {
            if is_raised {
                Operation::AlarmRaise { member, kind }
            } else {
                Operation::AlarmClear { member: MemberId(0), kind: None }
            }
        }),
        1 => (member(), proptest::option::of(alarm()))
            .prop_map(|(member, kind)| Operation::AlarmClear { member, kind }),
        1 => Just(Operation::Noop),
    ]
}
