//! Random histories on the real machine and on one that is obviously right: every answer, event, count and lease must
//! be the same, however entries are cut into runs, whatever the background filters have dropped, and after restarts.

#![allow(clippy::unwrap_used, reason = "a test that meets an error has failed")]

use std::hash::{BuildHasher, RandomState};

use holdfast_core::error::RangeError;
use holdfast_core::ids::{LeaseId, Revision};
use holdfast_core::key_range::KeyRange;
use holdfast_core::request::RangeRequest;
use holdfast_core::response::{EventKind, RevisionEvents};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use proptest::{prop_assert, prop_assert_eq};

#[path = "model/histories.rs"]
mod histories;
#[path = "model/naive.rs"]
mod naive;
#[path = "model/naive_v2.rs"]
mod naive_v2;
#[path = "model/nodes.rs"]
mod nodes;
#[path = "model/reading.rs"]
mod reading;
#[path = "store/mod.rs"]
mod store;

use histories::{Step, any_history};
use naive::Naive;
use store::Store;

/// Histories in one test run.
const HISTORIES: u32 = 12_000;

/// Names the variable that replays a run.
const SEED_VARIABLE: &str = "HOLDFAST_MODEL_SEED";

#[test]
fn random_histories_go_as_in_the_naive_model() {
    let given = std::env::var_os(SEED_VARIABLE).map(|seed| seed.to_str().unwrap().parse().unwrap());
    let seed: u64 = given.unwrap_or_else(|| RandomState::new().hash_one(0));
    println!("replay with: {SEED_VARIABLE}={seed} cargo test -p holdfast-core --test model");
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let config = Config { cases: HISTORIES, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    if let Err(failure) = runner.run(&any_history(), |steps| check(&steps)) {
        panic!("seed {seed}: {failure}");
    }
}

fn check(steps: &[Step]) -> Result<(), TestCaseError> {
    let mut store = Store::new();
    let mut naive = Naive::new();
    for step in steps {
        match step {
            Step::Run(operations) => {
                let told = naive.events.len();
                let mut expected = Vec::new();
                for operation in operations {
                    expected.push((naive.apply(operation), Revision(naive.revision())));
                }
                let (applied, effects) = store.run(operations);
                let applied: Vec<_> = applied.into_iter().map(|it| (it.result, it.revision)).collect();
                prop_assert_eq!(applied, expected);
                prop_assert_eq!(effects.events.as_slice(), &naive.events[told..]);
            }
            Step::Read(request) => check_range(&store, &naive, request)?,
            Step::Filter(pattern) => {
                let mut pattern = *pattern;
                store.filter(|| {
                    pattern = pattern.rotate_left(1);
                    pattern & 1 == 1
                });
            }
            Step::Restart => store.restart(),
        }
    }
    check_end(&store, &naive)
}

fn check_range(store: &Store, naive: &Naive, request: &RangeRequest) -> Result<(), TestCaseError> {
    match (store.view().range(request), naive.range(request)) {
        (Err(RangeError::Revision(error)), expected) => prop_assert_eq!(Err(error), expected),
        (Ok(response), expected) => prop_assert_eq!(Ok(response), expected),
        (Err(RangeError::Fault(fault)), _) => prop_assert!(false, "{}", fault),
    }
    Ok(())
}

/// Looks at everything that a history leaves behind.
fn check_end(store: &Store, naive: &Naive) -> Result<(), TestCaseError> {
    let view = store.view();
    let head = view.head();
    prop_assert_eq!(head.revision.0, naive.revision());
    prop_assert_eq!(head.compacted.0, naive.compacted);
    prop_assert_eq!(&head.alarms, &naive.alarms);
    prop_assert_eq!(view.recompute_accumulator().unwrap(), head.accumulator);
    for revision in 0..=naive.revision() + 1 {
        let all =
            RangeRequest { revision: Some(Revision(revision)), ..RangeRequest::all(KeyRange::prefix(b"")) };
        check_range(store, naive, &all)?;
        for range in [KeyRange::prefix(b""), KeyRange::prefix(b"a"), KeyRange::From("b".into())] {
            check_range(store, naive, &RangeRequest { range, count_only: true, ..all.clone() })?;
        }
    }
    nodes::check(store, naive)?;
    let leases = view.leases().unwrap();
    let expirations = leases.iter().filter_map(|it| Some((it.id, it.expiration_unix_nanos?))).collect();
    prop_assert_eq!(&naive.expirations, &expirations);
    let leases =
        leases.iter().map(|it| (it.id, (it.granted_ttl_seconds, it.remaining_ttl_seconds))).collect();
    prop_assert_eq!(&naive.leases, &leases);
    for id in naive.leases.keys().copied().chain((1..4).map(LeaseId)) {
        prop_assert_eq!(view.lease_keys(id).unwrap(), naive.lease_keys(id));
    }
    check_history(store, naive)
}

/// Reads the events that a watcher may ask for, in steps. The compacted revision itself is the first of them.
fn check_history(store: &Store, naive: &Naive) -> Result<(), TestCaseError> {
    let view = store.view();
    let first = naive.compacted.max(1);
    let mut read = Vec::new();
    let mut from = Revision(first);
    while from.0 <= naive.revision() {
        let (step, next) = view.events(from, 2, &mut |_| true).unwrap();
        prop_assert!(next > from);
        from = next;
        read.extend(step);
    }
    let mut expected: Vec<RevisionEvents> =
        naive.events.iter().filter(|events| events.revision.0 >= first).cloned().collect();
    if let Some(oldest) = expected.first_mut().filter(|events| events.revision.0 == naive.compacted) {
        forget_compacted(naive, oldest);
    }
    expected.retain(|events| !events.events.is_empty());
    prop_assert_eq!(read, expected);
    Ok(())
}

/// Leaves of the compacted revision's events what is still known: no version that ended at this revision.
fn forget_compacted(naive: &Naive, compacted: &mut RevisionEvents) {
    let left = naive.range(&RangeRequest {
        revision: Some(compacted.revision),
        ..RangeRequest::all(KeyRange::prefix(b""))
    });
    let left = left.unwrap().kvs;
    compacted.events.retain(|event| event.kind == EventKind::Delete || left.contains(&event.kv));
    compacted.events.iter_mut().for_each(|event| event.prev_kv = None);
}
