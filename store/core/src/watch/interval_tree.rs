//! A balanced tree of key intervals, each with a value, that finds the intervals around a key without looking at the
//! others. Every node knows how far its subtree reaches; subtrees that end before the key are passed over.

use std::cmp::Ordering;

use bytes::Bytes;

/// Intervals of keys with an inclusive start and an exclusive end, `None` for no end.
#[derive(Debug, Clone)]
pub(super) struct IntervalTree<V> {
    root: Link<V>,
}

type Link<V> = Option<Box<Node<V>>>;

#[derive(Debug, Clone)]
struct Node<V> {
    start: Bytes,
    end: Option<Bytes>,
    value: V,
    /// The largest end in this subtree.
    reach: Option<Bytes>,
    height: u8,
    left: Link<V>,
    right: Link<V>,
}

impl<V> Default for IntervalTree<V> {
    fn default() -> IntervalTree<V> {
        IntervalTree { root: None }
    }
}

impl<V: Default> IntervalTree<V> {
    /// The value of an interval, made if there is none yet.
    pub fn entry(&mut self, start: &Bytes, end: Option<&Bytes>) -> &mut V {
        if self.get_mut(start, end).is_none() {
            self.root = Some(insert(self.root.take(), start, end));
        }
        self.get_mut(start, end).expect("the interval was found or inserted")
    }
}

impl<V> IntervalTree<V> {
    /// The value of exactly this interval.
    pub fn get_mut(&mut self, start: &Bytes, end: Option<&Bytes>) -> Option<&mut V> {
        let mut link = &mut self.root;
        while let Some(node) = link {
            match compare((start, end), node.interval()) {
                Ordering::Equal => return Some(&mut node.value),
                Ordering::Less => link = &mut node.left,
                Ordering::Greater => link = &mut node.right,
            }
        }
        None
    }

    /// Takes an interval out, if it is there.
    pub fn remove(&mut self, start: &Bytes, end: Option<&Bytes>) {
        self.root = remove(self.root.take(), (start, end));
    }

    /// Calls `found` with the value of every interval that contains `key`.
    pub fn for_each_containing(&self, key: &[u8], found: &mut impl FnMut(&V)) {
        visit(&self.root, key, &mut |value| {
            found(value);
            true
        });
    }

    /// Whether some interval contains `key`.
    pub fn contains(&self, key: &[u8]) -> bool {
        !visit(&self.root, key, &mut |_| false)
    }

    /// Whether there is no interval.
    pub fn is_empty(&self) -> bool {
        self.root.is_none()
    }
}

type Interval<'a> = (&'a Bytes, Option<&'a Bytes>);

fn compare(one: Interval<'_>, other: Interval<'_>) -> Ordering {
    one.0.cmp(other.0).then_with(|| compare_ends(one.1, other.1))
}

fn compare_ends(one: Option<&Bytes>, other: Option<&Bytes>) -> Ordering {
    match (one, other) {
        (Some(one), Some(other)) => one.cmp(other),
        (one, other) => one.is_none().cmp(&other.is_none()),
    }
}

fn is_before(key: &[u8], end: Option<&Bytes>) -> bool {
    end.is_none_or(|end| key < end.as_ref())
}

/// Shows the intervals around `key` until `found` says false; tells whether it never did.
fn visit<'a, V>(link: &'a Link<V>, key: &[u8], found: &mut impl FnMut(&'a V) -> bool) -> bool {
    let Some(node) = link else { return true };
    if !is_before(key, node.reach.as_ref()) {
        return true;
    }
    if !visit(&node.left, key, found) {
        return false;
    }
    if key < node.start.as_ref() {
        return true;
    }
    if is_before(key, node.end.as_ref()) && !found(&node.value) {
        return false;
    }
    visit(&node.right, key, found)
}

fn insert<V: Default>(link: Link<V>, start: &Bytes, end: Option<&Bytes>) -> Box<Node<V>> {
    let Some(mut node) = link else {
        let (start, end) = (start.clone(), end.cloned());
        let reach = end.clone();
        return Box::new(Node { start, end, value: V::default(), reach, height: 1, left: None, right: None });
    };
    if compare((start, end), node.interval()) == Ordering::Less {
        node.left = Some(insert(node.left.take(), start, end));
    } else {
        node.right = Some(insert(node.right.take(), start, end));
    }
    balance(node)
}

fn remove<V>(link: Link<V>, interval: Interval<'_>) -> Link<V> {
    let mut node = link?;
    match compare(interval, node.interval()) {
        Ordering::Less => node.left = remove(node.left.take(), interval),
        Ordering::Greater => node.right = remove(node.right.take(), interval),
        Ordering::Equal => match (node.left.take(), node.right.take()) {
            (None, only) | (only, None) => return only,
            (left, Some(right)) => {
                let (rest, mut next) = take_first(right);
                next.left = left;
                next.right = rest;
                return Some(balance(next));
            }
        },
    }
    Some(balance(node))
}

/// Splits a subtree into its first node and the rest.
fn take_first<V>(mut node: Box<Node<V>>) -> (Link<V>, Box<Node<V>>) {
    let Some(left) = node.left.take() else { return (node.right.take(), node) };
    let (rest, first) = take_first(left);
    node.left = rest;
    (Some(balance(node)), first)
}

impl<V> Node<V> {
    fn interval(&self) -> Interval<'_> {
        (&self.start, self.end.as_ref())
    }

    /// Brings height and reach up to date with the children.
    fn refresh(&mut self) {
        self.height = 1 + height(&self.left).max(height(&self.right));
        let mut reach = self.end.as_ref();
        for child in [&self.left, &self.right].into_iter().flatten() {
            if compare_ends(child.reach.as_ref(), reach) == Ordering::Greater {
                reach = child.reach.as_ref();
            }
        }
        self.reach = reach.cloned();
    }
}

fn height<V>(link: &Link<V>) -> u8 {
    link.as_ref().map_or(0, |node| node.height)
}

/// Restores the balance of a node whose children are balanced and differ in height by two at most.
fn balance<V>(mut node: Box<Node<V>>) -> Box<Node<V>> {
    if height(&node.left) > height(&node.right) + 1 {
        let left = node.left.take().expect("the higher child is there");
        node.left = Some(if height(&left.left) < height(&left.right) { rotate_left(left) } else { left });
        return rotate_right(node);
    }
    if height(&node.right) > height(&node.left) + 1 {
        let right = node.right.take().expect("the higher child is there");
        node.right =
            Some(if height(&right.right) < height(&right.left) { rotate_right(right) } else { right });
        return rotate_left(node);
    }
    node.refresh();
    node
}

fn rotate_left<V>(mut node: Box<Node<V>>) -> Box<Node<V>> {
    let Some(mut top) = node.right.take() else { return node };
    node.right = top.left.take();
    node.refresh();
    top.left = Some(node);
    top.refresh();
    top
}

fn rotate_right<V>(mut node: Box<Node<V>>) -> Box<Node<V>> {
    let Some(mut top) = node.left.take() else { return node };
    node.left = top.right.take();
    node.refresh();
    top.right = Some(node);
    top.refresh();
    top
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(link: &Link<u32>) -> u8 {
        let Some(node) = link else { return 0 };
        let (left, right) = (check(&node.left), check(&node.right));
        assert!(left.abs_diff(right) <= 1, "unbalanced at {:?}", node.start);
        assert_eq!(node.height, 1 + left.max(right));
        node.height
    }

    #[test]
    fn stays_balanced_when_intervals_come_and_go_in_order() {
        let mut tree = IntervalTree::default();
        let key = |number: u32| Bytes::copy_from_slice(&number.to_be_bytes());
        for number in 0..1000 {
            *tree.entry(&key(number), Some(&key(number + 10))) = number;
            check(&tree.root);
        }
        assert!(height(&tree.root) <= 14);
        for number in (0..1000).filter(|number| number % 3 > 0) {
            tree.remove(&key(number), Some(&key(number + 10)));
            check(&tree.root);
        }
        let mut found = Vec::new();
        tree.for_each_containing(&key(500), &mut |number| found.push(*number));
        assert_eq!(found, [492, 495, 498]);
    }

    #[test]
    fn looks_only_at_subtrees_that_reach_the_key() {
        let mut tree = IntervalTree::default();
        for number in 0..10_000_u32 {
            let start = number.to_be_bytes();
            *tree.entry(
                &Bytes::copy_from_slice(&start),
                Some(&Bytes::copy_from_slice(&(number + 1).to_be_bytes())),
            ) = number;
        }
        let mut found = Vec::new();
        tree.for_each_containing(&9_999_u32.to_be_bytes(), &mut |number| found.push(*number));
        assert_eq!(found, [9_999]);
        assert!(!tree.contains(&10_000_u32.to_be_bytes()));
    }
}
