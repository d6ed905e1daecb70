//! The same log gives the same bytes: whatever runs its entries are cut into, whatever the background filters have
//! dropped meanwhile, and however often the member started anew.

#![allow(clippy::unwrap_used, reason = "a test that meets an error has failed")]

use bytes::Bytes;
use holdfast_core::codec;
use holdfast_core::command::{Command, Operation};
use holdfast_core::ids::Revision;
use holdfast_core::key_range::KeyRange;
use holdfast_core::request::{DeleteRangeRequest, PutRequest, TxnOperation, TxnRequest};
use holdfast_core::rows::Table;
use proptest::collection::vec;
use proptest::prelude::*;

#[path = "model/histories.rs"]
#[allow(dead_code, reason = "the model test uses more of it")]
mod histories;
#[path = "store/mod.rs"]
mod store;

use store::Store;

/// Applies a log in runs of the given lengths, over and over; after each run the n-th droppable row may go and the
/// member may start anew. Then drops everything that may go.
fn replay(log: &[Operation], runs: &[Run]) -> Store {
    let mut store = Store::new();
    let mut rest = log;
    for run in runs.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (now, later) = rest.split_at(run.len.min(rest.len()));
        rest = later;
        store.run(now);
        let mut pattern = run.filter;
        store.filter(|| {
            pattern = pattern.rotate_left(1);
            pattern & 1 == 1
        });
        if run.restart {
            store.restart();
        }
    }
    store.filter(|| true);
    store
}

#[derive(Debug, Clone)]
struct Run {
    len: usize,
    filter: u64,
    restart: bool,
}

/// Runs of one length, without anything else happening.
fn plain(len: usize) -> Vec<Run> {
    vec![Run { len, filter: 0, restart: false }]
}

fn any_runs() -> impl Strategy<Value = Vec<Run>> {
    let run = (1_usize..20, any::<u64>(), proptest::bool::weighted(0.1));
    vec(run.prop_map(|(len, filter, restart)| Run { len, filter, restart }), 1..10)
}

fn assert_same(one: &Store, other: &Store) {
    for table in Table::ALL {
        assert_eq!(one.rows.table(table), other.rows.table(table), "table {}", table.name());
    }
    assert_eq!(one.machine.head(), other.machine.head());
}

/// Changes of thousands of keys, so that the rank index splits and joins its chunks.
fn any_crowded_log() -> impl Strategy<Value = Vec<Operation>> {
    let key = || (0_u16..2000).prop_map(|number| Bytes::copy_from_slice(&number.to_be_bytes()));
    let put = move || key().prop_map(|key| PutRequest { key, value: "v".into(), ..PutRequest::default() });
    let many = vec(put(), 1..100).prop_map(|puts| {
        let success = puts.into_iter().map(TxnOperation::Put).collect();
        Operation::Txn(TxnRequest { success, ..TxnRequest::default() })
    });
    let operation = prop_oneof![
        8 => put().prop_map(Operation::Put),
        4 => many,
        1 => (key(), key()).prop_map(|(start, end)| {
            let range = KeyRange::Bounded { start, end };
            Operation::DeleteRange(DeleteRangeRequest { range, prev_kv: false })
        }),
        1 => (1_i64..500).prop_map(|revision| Operation::Compact { revision: Revision(revision) }),
    ];
    vec(operation, 1..400)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn runs_filters_and_restarts_leave_no_trace(
        log in vec(histories::any_operation(), 1..80),
        runs in any_runs(),
    ) {
        assert_same(&replay(&log, &plain(1)), &replay(&log, &runs));
    }

    #[test]
    fn what_was_encoded_for_the_log_is_applied_as_it_was_meant(log in vec(histories::any_operation(), 1..40)) {
        let read: Vec<Operation> = log
            .iter()
            .map(|operation| codec::decode(codec::encode(&Command::from(operation.clone()))).unwrap().operation)
            .collect();
        assert_same(&replay(&log, &plain(8)), &replay(&read, &plain(8)));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn many_keys_leave_the_same_bytes_too(log in any_crowded_log(), runs in any_runs()) {
        let one_by_one = replay(&log, &plain(1));
        assert_same(&one_by_one, &replay(&log, &plain(usize::MAX)));
        assert_same(&one_by_one, &replay(&log, &runs));
    }
}
