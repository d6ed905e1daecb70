//! The tree of chunk counts against a sorted map.

use std::collections::BTreeMap;

use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

use super::*;

fn check(tree: &ChunkTree, model: &BTreeMap<Vec<u8>, u32>) {
    assert_eq!(tree.live_keys(), model.values().map(|count| u64::from(*count)).sum::<u64>());
    let mut before = 0;
    let firsts: Vec<&Vec<u8>> = model.keys().collect();
    for (at, (first_key, count)) in model.iter().enumerate() {
        let inside = [first_key.as_slice(), &[0]].concat();
        for key in [first_key, &inside] {
            let chunk = tree.locate(key);
            assert_eq!((chunk.first_key.as_ref(), chunk.live_keys), (first_key.as_slice(), *count));
            assert_eq!(chunk.live_keys_before, before);
            assert_eq!(chunk.end.as_deref(), firsts.get(at + 1).map(|end| end.as_slice()));
        }
        let left = at.checked_sub(1).map(|left| firsts[left].as_slice());
        assert_eq!(tree.before(first_key).map(|chunk| chunk.first_key.to_vec()).as_deref(), left);
        before += u64::from(*count);
    }
    check_node(&tree.root, true);
}

fn check_node(node: &Node, is_root: bool) -> usize {
    assert!(node_len(node) <= RANK_NODE_LEN_MAX);
    assert!(is_root || node_len(node) >= RANK_NODE_LEN_MIN);
    match node {
        Node::Leaf(_) => 1,
        Node::Inner(children) => {
            let depths: Vec<usize> = children.iter().map(|child| check_node(&child.node, false)).collect();
            assert!(depths.windows(2).all(|pair| pair[0] == pair[1]), "all leaves lie at one depth");
            depths[0] + 1
        }
    }
}

fn key(number: u16) -> Vec<u8> {
    // An odd second byte leaves room for keys inside the chunk.
    [&(number / 7).to_be_bytes()[..], b"k"].concat()
}

proptest! {
    #[test]
    fn the_tree_is_a_sorted_map_with_sums(
        loaded in proptest::collection::btree_map(any::<u16>(), 0u32..300, 0..1500),
        changes in proptest::collection::vec((any::<u16>(), proptest::option::of(0u32..300)), 0..1500),
    ) {
        let mut model: BTreeMap<Vec<u8>, u32> = loaded.into_iter().map(|(k, count)| (key(k), count)).collect();
        let sorted = model.iter().map(|(k, count)| (Bytes::copy_from_slice(k), *count)).collect();
        let mut tree = ChunkTree::from_sorted(sorted);
        model.insert(Vec::new(), 0);
        check(&tree, &model);
        let (before, model_before) = (tree.clone(), model.clone());
        for (number, count) in changes {
            match count {
                Some(count) => {
                    tree.set(&key(number).into(), count);
                    model.insert(key(number), count);
                }
                None => {
                    tree.remove(&key(number));
                    model.remove(&key(number));
                }
            }
        }
        check(&tree, &model);
        check(&before, &model_before);
        for first_key in model.keys().skip(1).cloned().collect::<Vec<_>>() {
            tree.remove(&first_key);
        }
        prop_assert_eq!(tree.live_keys(), 0);
        prop_assert!(matches!(tree.root.as_ref(), Node::Leaf(chunks) if chunks.len() == 1));
    }
}

#[test]
fn nodes_that_readers_do_not_hold_are_changed_in_place() {
    let mut tree = ChunkTree::from_sorted(Vec::new());
    let root = Arc::as_ptr(&tree.root);
    tree.set(&Bytes::from_static(b"k"), 1);
    assert_eq!(root, Arc::as_ptr(&tree.root));
    let reader = tree.clone();
    tree.set(&Bytes::from_static(b"k"), 2);
    assert_ne!(root, Arc::as_ptr(&tree.root));
    assert_eq!((reader.live_keys(), tree.live_keys()), (1, 2));
}
