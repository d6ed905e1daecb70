//! Why a request of the v2 API is refused, with etcd's code, message and cause.

use std::fmt;

use super::V2Path;
use crate::ids::Revision;
use crate::rows::RowsFault;

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum V2Refusal {
    /// There is no such node.
    KeyNotFound(V2Path),
    /// The node is not as expected: the comparisons that failed.
    CompareFailed(String),
    /// The node is a directory.
    NotFile(V2Path),
    /// The path leads through a file.
    NotDirectory(V2Path),
    /// The node is there already.
    KeyExists(V2Path),
    /// The root cannot be changed.
    RootReadOnly,
    /// There are nodes in the directory.
    DirectoryNotEmpty(V2Path),
}

/// A refusal and the store's revision at that moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct V2Error {
    /// What is wrong.
    pub refusal: V2Refusal,
    /// The revision.
    pub index: Revision,
}

/// Why a node cannot be read.
#[derive(Debug, Clone, thiserror::Error)]
pub enum V2ReadError {
    /// The request cannot be satisfied.
    #[error(transparent)]
    Refused(#[from] V2Error),
    /// Storage failed.
    #[error(transparent)]
    Fault(#[from] RowsFault),
}

impl V2Refusal {
    /// etcd's error code.
    pub fn code(&self) -> u16 {
        match self {
            V2Refusal::KeyNotFound(_) => 100,
            V2Refusal::CompareFailed(_) => 101,
            V2Refusal::NotFile(_) => 102,
            V2Refusal::NotDirectory(_) => 104,
            V2Refusal::KeyExists(_) => 105,
            V2Refusal::RootReadOnly => 107,
            V2Refusal::DirectoryNotEmpty(_) => 108,
        }
    }

    /// etcd's words for the code.
    pub fn message(&self) -> &'static str {
        match self {
            V2Refusal::KeyNotFound(_) => "Key not found",
            V2Refusal::CompareFailed(_) => "Compare failed",
            V2Refusal::NotFile(_) => "Not a file",
            V2Refusal::NotDirectory(_) => "Not a directory",
            V2Refusal::KeyExists(_) => "Key already exists",
            V2Refusal::RootReadOnly => "Root is read only",
            V2Refusal::DirectoryNotEmpty(_) => "Directory not empty",
        }
    }

    /// Which node, or what else; empty where etcd names nothing.
    pub fn cause(&self) -> String {
        match self {
            V2Refusal::KeyNotFound(path)
            | V2Refusal::NotFile(path)
            | V2Refusal::NotDirectory(path)
            | V2Refusal::KeyExists(path)
            | V2Refusal::DirectoryNotEmpty(path) => {
                if path.is_root() {
                    String::new()
                } else {
                    path.to_string()
                }
            }
            V2Refusal::CompareFailed(failed) => failed.clone(),
            V2Refusal::RootReadOnly => "/".to_owned(),
        }
    }
}

impl fmt::Display for V2Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let refusal = &self.refusal;
        write!(formatter, "{} {} ({}) at {}", refusal.code(), refusal.message(), refusal.cause(), self.index)
    }
}

impl std::error::Error for V2Error {}
