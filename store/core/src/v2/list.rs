//! Nodes with what is in them, as a view tells them. How a directory is walked through is in `walk`.

use super::{Found, NotFound, V2Error, V2Node, V2Path, V2ReadError, V2Tree, V2Walk};
use crate::ids::LeaseId;
use crate::read::ReadView;
use crate::read::state::State;
use crate::rows::RowsFault;

/// How a node is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct V2Get {
    /// With everything below it, not just what is in it.
    pub is_recursive: bool,
    /// Siblings by name.
    pub is_sorted: bool,
    /// The directory, where a file has the same name.
    pub is_directory: bool,
}

impl ReadView {
    /// The file at `path`, if there is one.
    pub fn v2_file(&self, path: &V2Path) -> Result<Option<V2Node>, RowsFault> {
        if path.is_root() {
            return Ok(None);
        }
        let state = self.state();
        let file = state.live(path.as_bytes())?;
        file.map(|file| state.node(path.clone(), Found::File(file))).transpose()
    }

    /// Finds a node of the v2 API and, when it is a directory, begins to walk through it.
    ///
    /// # Errors
    /// When there is no such node, or storage fails.
    pub fn v2_begin(&self, path: &V2Path, get: V2Get) -> Result<(V2Node, Option<V2Walk>), V2ReadError> {
        let state = self.state();
        let found = match state.find_node(path, get.is_directory || get.is_recursive) {
            Ok(found) => found,
            Err(NotFound::Refused(refusal)) => {
                return Err(V2Error { refusal, index: self.head().revision }.into());
            }
            Err(NotFound::Fault(fault)) => return Err(fault.into()),
        };
        let walk = found.is_directory().then(|| V2Walk::new(path, get.is_recursive, get.is_sorted));
        Ok((state.node(path.clone(), found)?, walk))
    }

    /// Goes on with a walk that began at this view, until about `budget_bytes` of keys and values are told or all are.
    ///
    /// # Errors
    /// When storage fails.
    pub fn v2_walk(&self, walk: &mut V2Walk, budget_bytes: usize) -> Result<Vec<V2Node>, RowsFault> {
        self.state().v2_walk(walk, budget_bytes)
    }

    /// Reads a node of the v2 API with everything that is to be told of it.
    ///
    /// # Errors
    /// As `v2_begin`.
    pub fn v2_get(&self, path: &V2Path, get: V2Get) -> Result<V2Tree, V2ReadError> {
        let (node, walk) = self.v2_begin(path, get)?;
        let below = match walk {
            Some(mut walk) => self.v2_walk(&mut walk, usize::MAX)?,
            None => Vec::new(),
        };
        Ok(V2Tree { node, below })
    }
}

impl State<'_> {
    fn node(&self, path: V2Path, found: Found) -> Result<V2Node, RowsFault> {
        Ok(match found {
            Found::File(file) => V2Node {
                path,
                value: Some(file.value()),
                is_directory: false,
                expiration_unix_nanos: self.expiration(file.record.lease)?,
                modified_index: file.record.id.main,
                created_index: file.record.create_revision,
            },
            Found::Directory { row, modified_index, created_index } => {
                let lease = row.map_or(LeaseId::NONE, |row| row.record.lease);
                let expiration_unix_nanos = self.expiration(lease)?;
                V2Node {
                    path,
                    value: None,
                    is_directory: true,
                    expiration_unix_nanos,
                    modified_index,
                    created_index,
                }
            }
        })
    }

    /// When a node with this lease ends; leases of the v3 API do not say.
    pub(crate) fn expiration(&self, lease: LeaseId) -> Result<Option<i64>, RowsFault> {
        if lease.is_none() {
            return Ok(None);
        }
        Ok(self.lease(lease)?.and_then(|lease| lease.expiration_unix_nanos))
    }
}
