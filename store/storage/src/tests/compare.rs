//! The same operations on RocksDB and in memory must leave the same rows, seen from both directions and from views
//! that are older than later writes.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use holdfast_core::rows::{Direction, RowChange, Rows, Table};
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

use crate::engine::Engine;
use crate::memory::{MemoryEngine, Reclaim};
use crate::rocks::{RocksEngine, RocksOptions};

/// Small enough that a few hundred rows cause flushes and compactions.
fn small() -> RocksOptions {
    RocksOptions { cache_bytes: 8 << 20, write_buffer_bytes: 1 << 20 }
}

fn open(path: &Path) -> RocksEngine {
    RocksEngine::open(path, small()).unwrap()
}

/// One step of a random run.
#[derive(Debug, Clone)]
enum Step {
    Write(Vec<RowChange>),
    Flush,
    Reopen,
    TakeView,
    DropView(usize),
    Look { table: Table, lower: Vec<u8>, upper: Option<Vec<u8>>, direction: Direction, seeks: Vec<Vec<u8>> },
}

/// Few, short keys, so that they meet again; empty ones and bytes at both ends among them.
fn key() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(prop::sample::select(vec![0u8, 1, b'a', b'b', 0xff]), 0..4)
}

fn table() -> impl Strategy<Value = Table> {
    prop::sample::select(Table::ALL.to_vec())
}

fn change() -> impl Strategy<Value = RowChange> {
    (table(), key(), prop::option::weighted(0.8, prop::collection::vec(any::<u8>(), 0..40))).prop_map(
        |(table, key, value)| RowChange { table, key: Bytes::from(key), value: value.map(Bytes::from) },
    )
}

fn direction() -> impl Strategy<Value = Direction> {
    prop::sample::select(vec![Direction::Forward, Direction::Backward])
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => prop::collection::vec(change(), 0..12).prop_map(Step::Write),
        1 => Just(Step::Flush),
        1 => Just(Step::Reopen),
        1 => Just(Step::TakeView),
        1 => any::<usize>().prop_map(Step::DropView),
        4 => (table(), key(), prop::option::of(key()), direction(), prop::collection::vec(key(), 0..4)).prop_map(
            |(table, lower, upper, direction, seeks)| Step::Look { table, lower, upper, direction, seeks }
        ),
    ]
}

/// A row, or `None` behind the last, as it was met.
type Seen = Option<(Vec<u8>, Vec<u8>)>;

/// Everything that a scan shows: all rows, then for every seek the row it lands on and the one behind it.
fn look(
    rows: &dyn Rows,
    table: Table,
    bounds: (&[u8], Option<&[u8]>),
    direction: Direction,
    seeks: &[Vec<u8>],
) -> Vec<Seen> {
    let owned = |row: Option<(&[u8], &[u8])>| row.map(|(key, value)| (key.to_vec(), value.to_vec()));
    let mut cursor = rows.scan(table, bounds.0, bounds.1, direction).unwrap();
    let mut seen = Vec::new();
    loop {
        seen.push(owned(cursor.current()));
        if cursor.current().is_none() {
            break;
        }
        cursor.advance().unwrap();
    }
    for key in seeks {
        cursor.seek(key).unwrap();
        seen.push(owned(cursor.current()));
        cursor.advance().unwrap();
        seen.push(owned(cursor.current()));
    }
    seen
}

fn assert_equal(left: &dyn Rows, right: &dyn Rows) {
    for table in Table::ALL {
        let all = look(left, table, (b"", None), Direction::Forward, &[]);
        assert_eq!(all, look(right, table, (b"", None), Direction::Forward, &[]), "{}", table.name());
        for (key, value) in all.into_iter().flatten() {
            assert_eq!(left.get(table, &key).unwrap().as_deref(), Some(value.as_slice()));
            assert_eq!(right.get(table, &key).unwrap().as_deref(), Some(value.as_slice()));
        }
        assert_eq!(left.get(table, b"not there").unwrap(), None);
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 40,
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..ProptestConfig::default()
    })]

    #[test]
    fn rocksdb_and_memory_agree(steps in prop::collection::vec(step(), 1..60)) {
        let folder = tempfile::tempdir().unwrap();
        let mut rocks = open(folder.path());
        let memory = MemoryEngine::new(Reclaim::AtOnce);
        let mut views: Vec<(Arc<dyn Rows>, Arc<dyn Rows>)> = Vec::new();
        for step in &steps {
            match step {
                Step::Write(changes) => {
                    rocks.write(changes).unwrap();
                    memory.write(changes).unwrap();
                }
                Step::Flush => {
                    rocks.flush().unwrap();
                    memory.flush().unwrap();
                }
                Step::Reopen => {
                    views.clear();
                    drop(rocks);
                    rocks = open(folder.path());
                }
                Step::TakeView => views.push((rocks.view(), memory.view())),
                Step::DropView(index) if !views.is_empty() => {
                    views.swap_remove(index % views.len());
                }
                Step::DropView(_) => {}
                Step::Look { table, lower, upper, direction, seeks } => {
                    let bounds = (lower.as_slice(), upper.as_deref());
                    let now = (rocks.view(), memory.view());
                    for (left, right) in views.iter().chain([&now]) {
                        prop_assert_eq!(
                            look(left.as_ref(), *table, bounds, *direction, seeks),
                            look(right.as_ref(), *table, bounds, *direction, seeks)
                        );
                    }
                }
            }
        }
        for (left, right) in &views {
            assert_equal(left.as_ref(), right.as_ref());
        }
        assert_equal(rocks.view().as_ref(), memory.view().as_ref());
    }
}

#[test]
fn a_checkpoint_opens_and_equals() {
    let folder = tempfile::tempdir().unwrap();
    let rocks = open(&folder.path().join("sm"));
    let memory = MemoryEngine::new(Reclaim::AtOnce);
    for round in 0..20u32 {
        let changes: Vec<RowChange> = Table::ALL
            .into_iter()
            .map(|table| RowChange {
                table,
                key: Bytes::from(format!("key {round}")),
                value: (round % 7 != 3).then(|| Bytes::from(vec![round as u8; 3000])),
            })
            .collect();
        rocks.write(&changes).unwrap();
        memory.write(&changes).unwrap();
    }
    let (rocks_copy, memory_copy) = (folder.path().join("rocks"), folder.path().join("memory"));
    rocks.checkpoint(&rocks_copy).unwrap();
    memory.checkpoint(&memory_copy).unwrap();
    rocks
        .write(&[RowChange { table: Table::Auth, key: Bytes::from("late"), value: Some(Bytes::new()) }])
        .unwrap();
    let opened_rocks = open(&rocks_copy);
    let opened_memory = MemoryEngine::open_checkpoint(&memory_copy, Reclaim::AtOnce).unwrap();
    assert_equal(opened_rocks.view().as_ref(), memory.view().as_ref());
    assert_equal(opened_memory.view().as_ref(), memory.view().as_ref());
    let fault = rocks.checkpoint(&rocks_copy).unwrap_err();
    assert!(!fault.out_of_space, "{fault}");
}
