//! Random histories: what is kept incrementally equals what is computed anew, and neither the background filters nor
//! the way entries are cut into runs can be seen in any answer.

use std::collections::BTreeMap;

use proptest::prelude::{BoxedStrategy, Just, Strategy, any, prop_assert_eq, prop_oneof, proptest};
use proptest::test_runner::Config;

use super::*;
use crate::read::StateHash;
use crate::request::{
    Compare, CompareResult, CompareTarget, RangeRequest, SortOrder, SortTarget, TxnOperation, TxnRequest,
};
use crate::response::RangeResponse;

fn any_key() -> impl Strategy<Value = Bytes> {
    proptest::collection::vec(prop_oneof![Just(0u8), Just(b'a'), Just(b'b'), Just(255u8)], 1..3)
        .prop_map(Bytes::from)
}

fn any_range() -> impl Strategy<Value = KeyRange> {
    prop_oneof![
        any_key().prop_map(KeyRange::Single),
        (any_key(), any_key()).prop_map(|(start, end)| KeyRange::Bounded { start, end }),
        any_key().prop_map(KeyRange::From),
        Just(KeyRange::From(Bytes::new())),
    ]
}

fn any_put() -> impl Strategy<Value = PutRequest> {
    (any_key(), 0u8..4, 0i64..4, any::<(bool, bool, bool)>()).prop_map(|(key, value, lease, flags)| {
        PutRequest {
            key,
            value: Bytes::copy_from_slice(&[value]),
            lease: LeaseId(lease),
            prev_kv: flags.0,
            ignore_value: flags.1 && flags.2,
            ignore_lease: flags.1 && !flags.2,
        }
    })
}

fn any_delete() -> impl Strategy<Value = DeleteRangeRequest> {
    (any_range(), any::<bool>()).prop_map(|(range, prev_kv)| DeleteRangeRequest { range, prev_kv })
}

fn any_txn_operation() -> BoxedStrategy<TxnOperation> {
    let leaf = prop_oneof![
        any_put().prop_map(TxnOperation::Put),
        any_delete().prop_map(TxnOperation::DeleteRange),
        (any_range(), proptest::option::of(1i64..40)).prop_map(|(range, revision)| {
            TxnOperation::Range(RangeRequest { revision: revision.map(Revision), ..RangeRequest::all(range) })
        }),
    ];
    leaf.prop_recursive(2, 6, 3, |inner| any_txn(inner).prop_map(TxnOperation::Txn)).boxed()
}

fn any_txn(operation: impl Strategy<Value = TxnOperation> + Clone) -> impl Strategy<Value = TxnRequest> {
    let compare = (any_range(), 0i64..4).prop_map(|(range, version)| Compare {
        range,
        result: CompareResult::Less,
        target: CompareTarget::Version(version),
    });
    let operations = proptest::collection::vec(operation, 0..4);
    (proptest::collection::vec(compare, 0..2), operations.clone(), operations)
        .prop_map(|(compares, success, failure)| TxnRequest { compares, success, failure })
}

fn any_operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        6 => any_put().prop_map(Operation::Put),
        2 => any_delete().prop_map(Operation::DeleteRange),
        4 => any_txn(any_txn_operation()).prop_map(Operation::Txn),
        2 => (1i64..4).prop_map(|id| Operation::LeaseGrant { id: LeaseId(id), ttl_seconds: 9 }),
        1 => (1i64..4).prop_map(|id| Operation::LeaseRevoke { id: LeaseId(id) }),
        1 => (1i64..4).prop_map(|id| Operation::LeaseExpire { ids: vec![LeaseId(id), LeaseId(3)], term: TERM }),
        1 => (0i64..40).prop_map(|revision| Operation::Compact { revision: Revision(revision) }),
    ]
}

type Snapshot = (RangeResponse, StateHash);

fn everything(store: &TestStore, revision: Option<Revision>) -> Snapshot {
    let view = store.view();
    let request = RangeRequest { revision, ..RangeRequest::all(KeyRange::From(Bytes::new())) };
    let hash = view.hash(revision).unwrap();
    // Revision and floor of the two moments differ; the hash itself must not.
    (view.range(&request).unwrap(), StateHash { revision: Revision(0), compacted: Revision(0), ..hash })
}

/// Reads history as it was when it was the newest.
fn check_history(store: &TestStore, snapshots: &BTreeMap<Revision, Snapshot>) {
    let view = store.view();
    let head = view.head();
    for (revision, snapshot) in snapshots.range(head.compacted..) {
        let mut reloaded = TestStore::new();
        reloaded.machine = Machine::load(&store.rows).unwrap();
        reloaded.rows = store.rows.clone();
        assert_eq!(&everything(store, Some(*revision)), snapshot, "at {revision}");
        assert_eq!(&everything(&reloaded, Some(*revision)), snapshot, "by a scan at {revision}");
    }
    if head.compacted.0 > 1 {
        assert!(view.check_revision(Revision(head.compacted.0 - 1)).is_err());
    }
}

/// Counts, limits and descending order agree with the whole range.
fn check_range(store: &TestStore, range: &KeyRange, revision: Revision, limit: u64) {
    let view = store.view();
    let base = RangeRequest { revision: Some(revision), ..RangeRequest::all(range.clone()) };
    let all = view.range(&base).unwrap();
    assert_eq!(all.count, all.kvs.len() as u64);
    assert_eq!(view.count(range, Some(revision)).unwrap(), all.count, "{range:?} at {revision}");
    for (order, target) in [(SortOrder::None, SortTarget::Key), (SortOrder::Descend, SortTarget::Key)] {
        let part = view.range(&RangeRequest { limit, order, target, ..base.clone() }).unwrap();
        let mut expected = all.kvs.clone();
        if order == SortOrder::Descend {
            expected.reverse();
        }
        let more = limit > 0 && all.count > limit;
        expected.truncate(if more { usize::try_from(limit).unwrap() } else { usize::MAX });
        assert_eq!(part, RangeResponse { kvs: expected, more, count: all.count });
    }
}

proptest! {
    #![proptest_config(Config { cases: 300, ..Config::default() })]

    #[test]
    fn random_histories_keep_the_invariants(
        operations in proptest::collection::vec(any_operation(), 1..50),
        drops in proptest::collection::vec(any::<bool>(), 1..20),
        ranges in proptest::collection::vec((any_range(), 0u64..5), 1..4),
    ) {
        let mut store = TestStore::new();
        let mut filtered = TestStore::new();
        let mut drops = drops.into_iter().cycle();
        let mut snapshots = BTreeMap::from([(Revision(1), everything(&store, None))]);
        let mut lived: Vec<RevisionEvents> = Vec::new();
        for operation in &operations {
            let answer = store.apply(operation.clone());
            prop_assert_eq!(filtered.apply(operation.clone()), answer);
            prop_assert_eq!(&filtered.effects.events, &store.effects.events);
            prop_assert_eq!(&filtered.effects.rows, &store.effects.rows);
            filtered.filter(|| drops.next().unwrap());
            lived.extend(store.effects.events.iter().cloned());
            snapshots.insert(store.revision(), everything(&store, None));
        }
        // An expiry may make two revisions in one entry; only the last was seen as the newest.
        store.check_invariants();
        filtered.check_invariants();
        let mut in_one_run = TestStore::new();
        in_one_run.run(&operations);
        for table in Table::ALL {
            prop_assert_eq!(in_one_run.table(table), store.table(table), "{:?}", table);
        }
        let compacted = store.machine.head().compacted;
        for store in [&store, &filtered] {
            check_history(store, &snapshots);
            for (range, limit) in &ranges {
                for revision in compacted.0.max(1)..=store.revision().0 {
                    check_range(store, range, Revision(revision), *limit);
                }
            }
            check_events(store, &lived);
        }
    }
}

/// What a late watcher reads is what a live one was told, but for what the compaction took.
fn check_events(store: &TestStore, lived: &[RevisionEvents]) {
    let view = store.view();
    let compacted = view.head().compacted;
    let from = Revision(compacted.0.max(1));
    let (read, next) = view.events(from, usize::MAX, &mut |_| true).unwrap();
    assert_eq!(next, view.head().revision.next());
    let above = |events: &&RevisionEvents| events.revision > compacted;
    let expected: Vec<_> = lived.iter().filter(above).collect();
    assert_eq!(read.iter().filter(above).collect::<Vec<_>>(), expected);
    let at_floor = read.iter().find(|events| events.revision == compacted);
    if let Some(full) = lived.iter().find(|events| events.revision == compacted) {
        let kept = at_floor.expect("the compacted revision can still be watched").events.iter();
        assert!(kept.clone().count() <= full.events.len());
        let without_prev = |event: &Event| Event { prev_kv: None, ..event.clone() };
        for event in kept {
            assert!(full.events.iter().map(without_prev).any(|told| told == *event));
        }
    }
    let mut pieces = Vec::new();
    let mut from = from;
    while from <= view.head().revision {
        let (piece, next) = view.events(from, 1, &mut |_| true).unwrap();
        assert!(next > from, "each call makes progress");
        pieces.extend(piece);
        from = next;
    }
    assert_eq!(pieces, read);
}
