//! Nodes, listings and events as clients of the v2 API see them. Plain data only.

use bytes::Bytes;

use super::V2Path;
use crate::ids::Revision;

/// What happened to a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum V2Action {
    /// It was made, in place of a file or not.
    Set,
    /// It was made and had not been there.
    Create,
    /// It was changed.
    Update,
    /// It was as expected and was changed.
    CompareAndSwap,
    /// It was as expected and was deleted.
    CompareAndDelete,
    /// It was deleted.
    Delete,
    /// Its time ran out.
    Expire,
}

impl V2Action {
    /// etcd's word for it.
    pub fn name(self) -> &'static str {
        match self {
            V2Action::Set => "set",
            V2Action::Create => "create",
            V2Action::Update => "update",
            V2Action::CompareAndSwap => "compareAndSwap",
            V2Action::CompareAndDelete => "compareAndDelete",
            V2Action::Delete => "delete",
            V2Action::Expire => "expire",
        }
    }
}

/// One node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct V2Node {
    /// Where it is.
    pub path: V2Path,
    /// A file's value; none for a directory and for what was deleted.
    pub value: Option<Bytes>,
    /// Whether it is a directory.
    pub is_directory: bool,
    /// When it ends, in nanoseconds since 1970, if it does.
    pub expiration_unix_nanos: Option<i64>,
    /// Revision of its last change; 0 for the root.
    pub modified_index: Revision,
    /// Revision at which it was made; 0 for the root and when it is not known.
    pub created_index: Revision,
}

/// A node and, when it is a directory, what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct V2Tree {
    /// The node.
    pub node: V2Node,
    /// What is in it: each directory before the nodes in it.
    pub below: Vec<V2Node>,
}

/// One change of one node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct V2Event {
    /// What happened.
    pub action: V2Action,
    /// The node after it.
    pub node: V2Node,
    /// The node before it, if there was one and it is known.
    pub prev_node: Option<V2Node>,
}

impl V2Event {
    /// Whether a node came into being.
    pub fn is_creation(&self) -> bool {
        match self.action {
            V2Action::Create => true,
            V2Action::Set => self.prev_node.is_none(),
            _ => false,
        }
    }
}
