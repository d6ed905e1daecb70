//! Paths of nodes and the keys that they stand for. Must not read anything.

use std::fmt;

use bytes::Bytes;

use crate::ids::Revision;
use crate::limits::{V2_IN_ORDER_BYTES, V2_PATH_BYTES_MAX, V2_PATH_DEPTH_MAX};

/// A node's path: `/` or `/a/b`, with no empty, `.` or `..` segment and no slash at its end.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct V2Path(Bytes);

/// Why bytes name no node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum V2PathError {
    /// The path is too long.
    #[error("the key is longer than {V2_PATH_BYTES_MAX} bytes")]
    TooLong,
    /// The path has too many segments.
    #[error("the key has more than {V2_PATH_DEPTH_MAX} levels")]
    TooDeep,
}

impl V2Path {
    /// The root directory.
    pub fn root() -> V2Path {
        V2Path(Bytes::from_static(b"/"))
    }

    /// The path that `raw` comes to below the root: slashes are joined, `.` and `..` are followed and never lead
    /// above the root.
    pub fn clean(raw: &[u8]) -> Result<V2Path, V2PathError> {
        let mut segments: Vec<&[u8]> = Vec::new();
        for segment in raw.split(|byte| *byte == b'/') {
            match segment {
                b"" | b"." => {}
                b".." => {
                    segments.pop();
                }
                name => segments.push(name),
            }
        }
        if segments.len() > V2_PATH_DEPTH_MAX {
            return Err(V2PathError::TooDeep);
        }
        let mut path = Vec::with_capacity(raw.len() + 1);
        for segment in &segments {
            path.push(b'/');
            path.extend_from_slice(segment);
        }
        if path.len() > V2_PATH_BYTES_MAX {
            return Err(V2PathError::TooLong);
        }
        Ok(if path.is_empty() { V2Path::root() } else { V2Path(path.into()) })
    }

    /// `bytes` as they are, if they are a path that `clean` gives.
    pub fn from_clean(bytes: Bytes) -> Option<V2Path> {
        V2Path::clean(&bytes).ok().filter(|path| path.0 == bytes)
    }

    /// `bytes` as they are, if they name a node: one more level than in requests, for nodes made in order.
    fn from_key(bytes: Bytes) -> Option<V2Path> {
        let segments = bytes.strip_prefix(b"/")?.split(|byte| *byte == b'/');
        let is_path = bytes.len() <= V2_PATH_BYTES_MAX + V2_IN_ORDER_BYTES
            && segments.clone().count() <= V2_PATH_DEPTH_MAX + 1
            && segments.clone().all(is_name);
        is_path.then_some(V2Path(bytes))
    }

    /// The node that a key belongs to and whether the key is a directory's own row; `None` for a key that no path
    /// names, and for the root's row, which says nothing.
    pub fn of_key(key: &Bytes) -> Option<(V2Path, bool)> {
        match key.strip_suffix(b"/") {
            Some(directory) => Some((V2Path::from_key(key.slice(..directory.len()))?, true)),
            None => Some((V2Path::from_key(key.clone())?, false)),
        }
    }

    /// A path that is known to be one.
    pub(super) fn from_known(bytes: Bytes) -> V2Path {
        debug_assert!(V2Path::from_key(bytes.clone()).is_some());
        V2Path(bytes)
    }

    /// Whether this is the root directory.
    pub fn is_root(&self) -> bool {
        self.0.len() == 1
    }

    /// The path, which is the key of a file of this name.
    pub fn as_bytes(&self) -> &Bytes {
        &self.0
    }

    /// The key of the row of a directory of this name, and the prefix of every key in it.
    pub fn directory_key(&self) -> Bytes {
        if self.is_root() { self.0.clone() } else { [self.0.as_ref(), b"/"].concat().into() }
    }

    /// The path of the node `name` in this directory.
    pub fn child(&self, name: &str) -> V2Path {
        V2Path([self.directory_key().as_ref(), name.as_bytes()].concat().into())
    }

    /// The node that a creation in order makes in this directory at this revision: its name sorts behind those made
    /// before.
    pub(crate) fn next_in_order(&self, revision: Revision) -> V2Path {
        self.child(&format!("{:020}", revision.next().0))
    }

    /// The directories that this path leads through, the deepest first, without the root.
    pub fn ancestors(&self) -> impl DoubleEndedIterator<Item = V2Path> {
        let slashes: Vec<usize> = (1..self.0.len()).filter(|at| self.0[*at] == b'/').collect();
        slashes.into_iter().rev().map(|at| V2Path(self.0.slice(..at)))
    }

    /// Number of segments.
    pub(super) fn depth(&self) -> usize {
        if self.is_root() { 0 } else { self.0.iter().filter(|byte| **byte == b'/').count() }
    }

    /// What stands behind `directory` in this path, without the slash between; `None` when it does not lie in it.
    fn below(&self, directory: &V2Path) -> Option<&[u8]> {
        if directory.is_root() {
            return Some(&self.0[1..]).filter(|rest| !rest.is_empty());
        }
        self.0.strip_prefix(directory.0.as_ref())?.strip_prefix(b"/")
    }

    /// Whether the node lies in `directory`, at whatever depth.
    pub fn is_below(&self, directory: &V2Path) -> bool {
        self.below(directory).is_some()
    }

    /// Whether a name on the way from `directory` down to this node hides it from recursive watches.
    pub(super) fn is_hidden_from(&self, directory: &V2Path) -> bool {
        self.below(directory).is_some_and(|rest| rest.split(|byte| *byte == b'/').any(is_hidden))
    }
}

impl fmt::Display for V2Path {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        String::from_utf8_lossy(&self.0).fmt(formatter)
    }
}

impl fmt::Debug for V2Path {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?}", String::from_utf8_lossy(&self.0))
    }
}

/// Whether a segment can name a node.
pub(super) fn is_name(segment: &[u8]) -> bool {
    !matches!(segment, b"" | b"." | b"..")
}

/// Whether a node of this name is left out of listings.
pub(super) fn is_hidden(name: &[u8]) -> bool {
    name.first() == Some(&b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(path: &str) -> V2Path {
        V2Path::from_clean(path.to_owned().into()).unwrap()
    }

    #[test]
    fn paths_are_cleaned_and_end_at_the_root() {
        for (raw, expected) in [
            ("", "/"),
            ("/", "/"),
            ("//a///b/", "/a/b"),
            ("a/./b", "/a/b"),
            ("/a/../../b", "/b"),
            ("..", "/"),
        ] {
            assert_eq!(V2Path::clean(raw.as_bytes()).unwrap(), path(expected), "{raw}");
        }
        assert_eq!(V2Path::clean("/a".repeat(V2_PATH_DEPTH_MAX + 1).as_bytes()), Err(V2PathError::TooDeep));
        assert_eq!(V2Path::clean(&[b'a'; V2_PATH_BYTES_MAX]), Err(V2PathError::TooLong));
    }

    #[test]
    fn keys_that_no_path_names_belong_to_no_node() {
        assert_eq!(V2Path::of_key(&"/a/b".into()), Some((path("/a/b"), false)));
        assert_eq!(V2Path::of_key(&"/a/".into()), Some((path("/a"), true)));
        for key in ["", "a", "/", "//", "/a//", "/a//b", "/./a", "/a/..", "a/b"] {
            assert_eq!(V2Path::of_key(&Bytes::from_static(key.as_bytes())), None, "{key}");
        }
    }

    #[test]
    fn nodes_lie_below_their_ancestors_only() {
        let ancestors: Vec<V2Path> = path("/a/b/c").ancestors().collect();
        assert_eq!(ancestors, [path("/a/b"), path("/a")]);
        assert!(path("/a/b").is_below(&path("/a")) && path("/a").is_below(&V2Path::root()));
        assert!(!path("/ab").is_below(&path("/a")) && !path("/a").is_below(&path("/a")));
        assert!(path("/a/_b/c").is_hidden_from(&path("/a")));
        assert!(!path("/_a/b").is_hidden_from(&path("/_a")));
        assert_eq!((V2Path::root().depth(), path("/a/b").depth()), (0, 2));
    }
}
