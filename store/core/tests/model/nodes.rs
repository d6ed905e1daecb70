//! Reads and waits of the v2 API against what the naive store says.

use holdfast_core::ids::Revision;
use holdfast_core::response::{EventKind, KeyValue};
use holdfast_core::v2::{V2Event, V2Get, V2Node, V2Path, V2ReadError, V2Role, V2Watch};
use proptest::test_runner::TestCaseError;
use proptest::{prop_assert, prop_assert_eq};

use crate::naive::Naive;
use crate::reading::Keys;
use crate::store::Store;

const PATHS: [&str; 9] = ["/", "/a", "/a/b", "/a/b/c", "/b", "/b/_c", "/b/_c/d", "/a/c", "/none"];

/// Looks at every node that a history can have made.
pub fn check(store: &Store, naive: &Naive) -> Result<(), TestCaseError> {
    let everything = naive.everything();
    for path in PATHS.map(|path| V2Path::from_clean(path.into()).unwrap()) {
        for (is_recursive, is_directory) in [(false, false), (false, true), (true, false)] {
            let get = V2Get { is_recursive, is_sorted: true, is_directory };
            let expected = read(naive, everything, &path, get);
            match (store.view().v2_get(&path, get), expected) {
                (Ok(tree), Some((node, below))) => {
                    prop_assert_eq!(tree.node, node);
                    prop_assert_eq!(tree.below, below);
                }
                (Err(V2ReadError::Refused(error)), None) => {
                    prop_assert!([100, 104].contains(&error.refusal.code()), "{}", error);
                }
                (found, expected) => prop_assert!(false, "{found:?} instead of {expected:?}"),
            }
        }
        for is_recursive in [false, true] {
            check_wait(store, naive, &V2Watch { path: path.clone(), is_recursive })?;
        }
    }
    Ok(())
}

/// What a wait reads from history in steps is what it would have been told at once.
fn check_wait(store: &Store, naive: &Naive, watch: &V2Watch) -> Result<(), TestCaseError> {
    let ranges = watch.key_ranges();
    let first = Revision(naive.compacted.max(1) + 1);
    let mut expected = Vec::new();
    for revision in naive.events.iter().filter(|it| it.revision >= first) {
        let is_in_range = |at: &usize| ranges.iter().any(|it| it.contains(&revision.events[*at].kv.key));
        let told = watch.events(revision, (0..revision.events.len()).filter(is_in_range));
        for event in &told {
            check_told(watch, event)?;
        }
        // The removal of a directory is told to whoever waits for a file in it.
        let went_along = revision.events.iter().any(|it| {
            it.kind == EventKind::Delete
                && it.v2.is_some_and(|it| it.role == V2Role::Part)
                && it.kv.key == *watch.path.as_bytes()
        });
        let is_replaced = revision.events.iter().any(|it| it.v2.is_some_and(|it| it.replaces_file));
        prop_assert!(
            !went_along || is_replaced || !told.is_empty(),
            "{:?} was not told {:?}",
            watch,
            revision
        );
        expected.extend(told);
    }
    let mut read = Vec::new();
    let mut from = first;
    while from.0 <= naive.revision() {
        let (step, next) = store.view().v2_events(watch, from, 1).unwrap();
        prop_assert!(next > from);
        from = next;
        read.extend(step);
    }
    prop_assert_eq!(read, expected);
    Ok(())
}

fn check_told(watch: &V2Watch, event: &V2Event) -> Result<(), TestCaseError> {
    let path = &event.node.path;
    let is_above = watch.path.is_below(path) && event.node.is_directory;
    let is_below = watch.is_recursive && path.is_below(&watch.path);
    prop_assert!(*path == watch.path || is_above || is_below, "{watch:?} was told {event:?}");
    Ok(())
}

fn read(naive: &Naive, keys: &Keys, path: &V2Path, get: V2Get) -> Option<(V2Node, Vec<V2Node>)> {
    let file = keys.get(path.as_bytes()).filter(|_| !path.is_root());
    let inside = in_directory(keys, path);
    let is_directory = path.is_root() || !inside.is_empty();
    let prefers_directory = get.is_directory || get.is_recursive;
    if let Some(file) = file.filter(|_| !(is_directory && prefers_directory)) {
        return Some((node(naive, path.clone(), file, false), Vec::new()));
    }
    if !is_directory {
        return None;
    }
    let mut below = Vec::new();
    list(naive, keys, path, get.is_recursive, &mut below);
    if path.is_root() {
        let none = Revision(0);
        let root = V2Node {
            path: path.clone(),
            value: None,
            is_directory: true,
            expiration_unix_nanos: None,
            modified_index: none,
            created_index: none,
        };
        return Some((root, below));
    }
    Some((node(naive, path.clone(), inside[0], true), below))
}

fn in_directory<'k>(keys: &'k Keys, path: &V2Path) -> Vec<&'k KeyValue> {
    let prefix = path.directory_key();
    keys.values().filter(|kv| kv.key.starts_with(&prefix)).collect()
}

/// Children by name, each with its own: a file before a directory of its name.
fn list(naive: &Naive, keys: &Keys, path: &V2Path, is_recursive: bool, nodes: &mut Vec<V2Node>) {
    let prefix_len = path.directory_key().len();
    let mut children: Vec<(String, bool)> = in_directory(keys, path)
        .iter()
        .map(|kv| {
            let rest = str::from_utf8(&kv.key[prefix_len..]).unwrap();
            rest.split_once('/').map_or((rest.to_owned(), false), |(name, _)| (name.to_owned(), true))
        })
        .filter(|(name, _)| !["", ".", ".."].contains(&name.as_str()) && !name.starts_with('_'))
        .collect();
    children.sort();
    children.dedup();
    for (name, is_directory) in children {
        let child = path.child(&name);
        if is_directory {
            nodes.push(node(naive, child.clone(), in_directory(keys, &child)[0], true));
            if is_recursive {
                list(naive, keys, &child, true, nodes);
            }
        } else {
            nodes.push(node(naive, child.clone(), &keys[child.as_bytes()], false));
        }
    }
}

fn node(naive: &Naive, path: V2Path, kv: &KeyValue, is_directory: bool) -> V2Node {
    let has_row = !is_directory || kv.key == path.directory_key();
    V2Node {
        path,
        value: (!is_directory).then(|| kv.value.clone()),
        is_directory,
        expiration_unix_nanos: if has_row { naive.expirations.get(&kv.lease).copied() } else { None },
        modified_index: if has_row { kv.mod_revision } else { kv.create_revision },
        created_index: kv.create_revision,
    }
}
