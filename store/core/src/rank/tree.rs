//! A persistent B-tree of chunks: first key and live-key count of each, with sums in the inner nodes. Clones share
//! their nodes and cost nothing, so every reader keeps the tree of its own moment. Must not decide where chunks end.

use std::sync::Arc;

use bytes::Bytes;

use crate::limits::{RANK_NODE_LEN_MAX, RANK_NODE_LEN_MIN};

/// A chunk and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// First key that belongs to the chunk.
    pub first_key: Bytes,
    /// First key of the next chunk; `None` for the last.
    pub end: Option<Bytes>,
    /// Live keys in the chunk.
    pub live_keys: u32,
    /// Live keys in all chunks before it.
    pub live_keys_before: u64,
}

#[derive(Debug, Clone)]
enum Node {
    Leaf(Vec<(Bytes, u32)>),
    Inner(Vec<Child>),
}

#[derive(Debug, Clone)]
struct Child {
    first_key: Bytes,
    live_keys: u64,
    node: Arc<Node>,
}

/// The tree. Never empty: the first chunk begins at the empty key.
#[derive(Debug, Clone)]
pub struct ChunkTree {
    root: Arc<Node>,
    live_keys: u64,
}

impl ChunkTree {
    /// Builds the tree from chunks in key order. A first chunk at the empty key is added when it is missing.
    pub fn from_sorted(mut chunks: Vec<(Bytes, u32)>) -> ChunkTree {
        if chunks.first().is_none_or(|(first_key, _)| !first_key.is_empty()) {
            chunks.insert(0, (Bytes::new(), 0));
        }
        let mut level: Vec<Child> =
            evenly(chunks).into_iter().map(|part| child_of(Node::Leaf(part))).collect();
        while level.len() > 1 {
            level = evenly(level).into_iter().map(|part| child_of(Node::Inner(part))).collect();
        }
        let root = level.pop().expect("the first chunk always exists");
        ChunkTree { root: root.node, live_keys: root.live_keys }
    }

    /// Live keys in all chunks.
    pub fn live_keys(&self) -> u64 {
        self.live_keys
    }

    /// The chunk that `key` belongs to.
    pub fn locate(&self, key: &[u8]) -> Chunk {
        let mut node = &self.root;
        let mut live_keys_before = 0;
        let mut end = None;
        loop {
            match node.as_ref() {
                Node::Inner(children) => {
                    let at = position(children, |child| &child.first_key, key);
                    live_keys_before += children[..at].iter().map(|child| child.live_keys).sum::<u64>();
                    end = children.get(at + 1).map(|next| next.first_key.clone()).or(end);
                    node = &children[at].node;
                }
                Node::Leaf(chunks) => {
                    let at = position(chunks, |(first_key, _)| first_key, key);
                    live_keys_before +=
                        chunks[..at].iter().map(|(_, live_keys)| u64::from(*live_keys)).sum::<u64>();
                    let (first_key, live_keys) = chunks[at].clone();
                    let end = chunks.get(at + 1).map(|(next, _)| next.clone()).or(end);
                    return Chunk { first_key, end, live_keys, live_keys_before };
                }
            }
        }
    }

    /// The chunk before the one that begins at `first_key`.
    pub fn before(&self, first_key: &[u8]) -> Option<Chunk> {
        fn last_below(node: &Node, first_key: &[u8]) -> Option<Bytes> {
            match node {
                Node::Leaf(chunks) => {
                    chunks.iter().rev().find(|(key, _)| key < first_key).map(|(key, _)| key.clone())
                }
                Node::Inner(children) => children
                    .iter()
                    .rev()
                    .filter(|child| child.first_key < first_key)
                    .find_map(|child| last_below(&child.node, first_key)),
            }
        }
        last_below(&self.root, first_key).map(|key| self.locate(&key))
    }

    /// Sets the count of the chunk that begins at `first_key`, making the chunk when there is none.
    pub fn set(&mut self, first_key: &Bytes, live_keys: u32) {
        let (difference, split) = set_in(Arc::make_mut(&mut self.root), first_key, live_keys);
        self.live_keys = self.live_keys.wrapping_add_signed(difference);
        if let Some(right) = split {
            let left = Child {
                first_key: Bytes::new(),
                live_keys: self.live_keys - right.live_keys,
                node: Arc::clone(&self.root),
            };
            self.root = Arc::new(Node::Inner(vec![left, right]));
        }
    }

    /// Removes the chunk that begins at `first_key`; its keys then belong to the chunk before. Must not be the first.
    pub fn remove(&mut self, first_key: &[u8]) {
        debug_assert!(!first_key.is_empty(), "the first chunk stays");
        let difference = remove_in(Arc::make_mut(&mut self.root), first_key);
        self.live_keys = self.live_keys.wrapping_add_signed(difference);
        while let Node::Inner(children) = self.root.as_ref()
            && let [only] = children.as_slice()
        {
            self.root = Arc::clone(&only.node);
        }
    }
}

/// Cuts entries into half-full nodes of nearly equal length, so that none is small but an only one.
fn evenly<T>(mut entries: Vec<T>) -> Vec<Vec<T>> {
    let mut nodes = Vec::new();
    let count = entries.len().div_ceil(RANK_NODE_LEN_MAX / 2);
    for remaining in (1..=count).rev() {
        let rest = entries.split_off(entries.len().div_ceil(remaining));
        nodes.push(std::mem::replace(&mut entries, rest));
    }
    nodes
}

fn child_of(node: Node) -> Child {
    let live_keys = match &node {
        Node::Leaf(chunks) => chunks.iter().map(|(_, live_keys)| u64::from(*live_keys)).sum(),
        Node::Inner(children) => children.iter().map(|child| child.live_keys).sum(),
    };
    Child { first_key: first_key_of(&node), live_keys, node: Arc::new(node) }
}

fn first_key_of(node: &Node) -> Bytes {
    let first_key = match node {
        Node::Leaf(chunks) => chunks.first().map(|(first_key, _)| first_key),
        Node::Inner(children) => children.first().map(|child| &child.first_key),
    };
    first_key.cloned().unwrap_or_default()
}

/// Where `key` belongs: the last entry that begins at or before it.
fn position<T>(entries: &[T], first_key: impl Fn(&T) -> &Bytes, key: &[u8]) -> usize {
    entries.partition_point(|entry| first_key(entry) <= key).saturating_sub(1)
}

/// Returns the change of the node's sum, and a new right neighbour when the node had to be split.
fn set_in(node: &mut Node, first_key: &Bytes, live_keys: u32) -> (i64, Option<Child>) {
    match node {
        Node::Leaf(chunks) => {
            let difference = match chunks.binary_search_by(|(key, _)| key.cmp(first_key)) {
                Ok(at) => {
                    let before = std::mem::replace(&mut chunks[at].1, live_keys);
                    i64::from(live_keys) - i64::from(before)
                }
                Err(at) => {
                    chunks.insert(at, (first_key.clone(), live_keys));
                    i64::from(live_keys)
                }
            };
            let right = split_off_half(chunks).map(|half| child_of(Node::Leaf(half)));
            (difference, right)
        }
        Node::Inner(children) => {
            let at = position(children, |child| &child.first_key, first_key);
            let child = &mut children[at];
            let (difference, split) = set_in(Arc::make_mut(&mut child.node), first_key, live_keys);
            child.live_keys = child.live_keys.wrapping_add_signed(difference);
            if let Some(right) = split {
                child.live_keys -= right.live_keys;
                children.insert(at + 1, right);
            }
            let right = split_off_half(children).map(|half| child_of(Node::Inner(half)));
            (difference, right)
        }
    }
}

fn split_off_half<T>(entries: &mut Vec<T>) -> Option<Vec<T>> {
    (entries.len() > RANK_NODE_LEN_MAX).then(|| entries.split_off(entries.len() / 2))
}

/// Returns the change of the node's sum.
fn remove_in(node: &mut Node, first_key: &[u8]) -> i64 {
    match node {
        Node::Leaf(chunks) => match chunks.binary_search_by(|(key, _)| key.as_ref().cmp(first_key)) {
            Ok(at) => -i64::from(chunks.remove(at).1),
            Err(_) => 0,
        },
        Node::Inner(children) => {
            let at = position(children, |child| &child.first_key, first_key);
            let child = &mut children[at];
            let difference = remove_in(Arc::make_mut(&mut child.node), first_key);
            child.live_keys = child.live_keys.wrapping_add_signed(difference);
            child.first_key = first_key_of(&child.node);
            if node_len(&child.node) < RANK_NODE_LEN_MIN {
                balance(children, at);
            }
            difference
        }
    }
}

/// Joins the small child at `at` with a neighbour, and cuts the two evenly when they do not fit one node.
fn balance(children: &mut Vec<Child>, at: usize) {
    let left = if at + 1 < children.len() { at } else { at.saturating_sub(1) };
    if left + 1 >= children.len() {
        return;
    }
    let right = children.remove(left + 1);
    let target = &mut children[left];
    let split = match (Arc::make_mut(&mut target.node), Arc::unwrap_or_clone(right.node)) {
        (Node::Leaf(chunks), Node::Leaf(more)) => {
            chunks.extend(more);
            split_off_half(chunks).map(|half| child_of(Node::Leaf(half)))
        }
        (Node::Inner(children), Node::Inner(more)) => {
            children.extend(more);
            split_off_half(children).map(|half| child_of(Node::Inner(half)))
        }
        _ => unreachable!("all leaves lie at one depth"),
    };
    target.live_keys += right.live_keys;
    target.first_key = first_key_of(&target.node);
    if let Some(right) = split {
        target.live_keys -= right.live_keys;
        children.insert(left + 1, right);
    }
}

fn node_len(node: &Node) -> usize {
    match node {
        Node::Leaf(chunks) => chunks.len(),
        Node::Inner(children) => children.len(),
    }
}

#[cfg(test)]
mod tests;
