//! Walks in steps and sorted walks against the plain one.

use std::cmp::Ordering;

use proptest::prelude::*;

use super::*;
use crate::test_store::TestStore;
use crate::v2::{V2Get, V2Tree};

fn store(keys: &[&str]) -> TestStore {
    let mut store = TestStore::new();
    for key in keys {
        store.put(key, "1");
    }
    store
}

fn root() -> V2Path {
    V2Path::root()
}

fn paths(nodes: &[V2Node]) -> Vec<String> {
    nodes.iter().map(|node| format!("{}{}", node.path, if node.is_directory { "/" } else { "" })).collect()
}

/// Order by the names on the way, in which a directory stands right before what is in it.
fn by_names(one: &V2Node, other: &V2Node) -> Ordering {
    let rank = |byte: &u8| if *byte == b'/' { 0 } else { u16::from(*byte) + 1 };
    one.path.as_bytes().iter().map(rank).cmp(other.path.as_bytes().iter().map(rank))
}

fn listed(store: &TestStore, is_recursive: bool, is_sorted: bool) -> V2Tree {
    store.view().v2_get(&root(), V2Get { is_recursive, is_sorted, is_directory: true }).unwrap()
}

/// The same in steps of one node.
fn in_steps(store: &TestStore, is_recursive: bool, is_sorted: bool) -> Vec<V2Node> {
    let view = store.view();
    let get = V2Get { is_recursive, is_sorted, is_directory: true };
    let (_, walk) = view.v2_begin(&root(), get).unwrap();
    let mut walk = walk.expect("the root is a directory");
    let mut nodes = Vec::new();
    while !walk.is_over() {
        let step = view.v2_walk(&mut walk, 1).unwrap();
        // A file's directories are told along with it at most.
        assert!(step.len() <= 1 || step[..step.len() - 1].iter().all(|node| node.is_directory), "{step:?}");
        nodes.extend(step);
    }
    assert_eq!(view.v2_walk(&mut walk, 1).unwrap(), [], "it is over");
    nodes
}

#[test]
fn a_sorted_walk_tells_a_directory_before_names_that_begin_with_its_own() {
    let store = store(&[
        "/a-b", "/a-b-c/x", "/a-b/y", "/a/1", "/a/2", "/a.c", "/a0", "/b-/z", "/both", "/both-x", "/both/i",
    ]);
    let expected = [
        "/a/", "/a/1", "/a/2", "/a-b", "/a-b/", "/a-b/y", "/a-b-c/", "/a-b-c/x", "/a.c", "/a0", "/b-/",
        "/b-/z", "/both", "/both/", "/both/i", "/both-x",
    ];
    assert_eq!(paths(&listed(&store, true, true).below), expected);
    let expected = ["/a/", "/a-b", "/a-b/", "/a-b-c/", "/a.c", "/a0", "/b-/", "/both", "/both/", "/both-x"];
    assert_eq!(paths(&listed(&store, false, true).below), expected);
}

#[test]
fn a_directory_that_is_gone_is_not_told() {
    let mut store = store(&["/a-b", "/a/1", "/c"]);
    store.delete("/a/1");
    assert_eq!(paths(&listed(&store, true, true).below), ["/a-b", "/c"]);
    assert_eq!(paths(&in_steps(&store, true, false)), ["/a-b", "/c"]);
}

proptest! {
    #[test]
    fn steps_and_order_change_nothing_else(keys in prop::collection::vec("/[ab_.-]{1,3}(/[ab_.-]{0,3}){0,2}", 0..24)) {
        let mut store = TestStore::new();
        for key in &keys {
            store.put(key, "1");
        }
        for key in keys.iter().step_by(5) {
            store.delete(key);
        }
        for is_recursive in [false, true] {
            let mut expected = listed(&store, is_recursive, false).below;
            prop_assert_eq!(&in_steps(&store, is_recursive, false), &expected);
            expected.sort_by(by_names);
            prop_assert_eq!(&listed(&store, is_recursive, true).below, &expected);
            prop_assert_eq!(&in_steps(&store, is_recursive, true), &expected);
        }
    }
}
