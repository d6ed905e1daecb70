//! Nodes with what is in them. Reads no more than it answers: of a directory that is not descended into only the
//! first key.

use bytes::Bytes;

use super::find::behind_directory;
use super::path::{is_hidden, is_name};
use super::{Found, NotFound, V2Error, V2Node, V2Path, V2ReadError, V2Tree};
use crate::ids::{LeaseId, Revision};
use crate::layout::record::Record;
use crate::limits::{V2_IN_ORDER_BYTES, V2_PATH_BYTES_MAX, V2_PATH_DEPTH_MAX};
use crate::read::ReadView;
use crate::read::state::State;
use crate::rows::{Direction, RowsFault, Table};

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

    /// Reads a node of the v2 API.
    pub fn v2_get(&self, path: &V2Path, get: V2Get) -> Result<V2Tree, V2ReadError> {
        let state = self.state();
        let found = match state.find_node(path, get.is_directory || get.is_recursive) {
            Ok(found) => found,
            Err(NotFound::Refused(refusal)) => {
                return Err(V2Error { refusal, index: self.head().revision }.into());
            }
            Err(NotFound::Fault(fault)) => return Err(fault.into()),
        };
        let is_directory = matches!(found, Found::Directory { .. });
        let node = state.node(path.clone(), found)?;
        let mut below = Vec::new();
        if is_directory {
            state.list(path, get.is_recursive, &mut below)?;
        }
        if get.is_sorted {
            below.sort_by(|one, other| by_names(one.path.as_bytes(), other.path.as_bytes()));
        }
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

    /// Appends what is in a directory, in key order.
    fn list(&self, path: &V2Path, is_recursive: bool, nodes: &mut Vec<V2Node>) -> Result<(), RowsFault> {
        let root_key = path.directory_key();
        let end = behind_directory(&root_key);
        let mut open = vec![root_key.clone()];
        let mut cursor = self.rows.scan(Table::Current, &root_key, Some(&end), Direction::Forward)?;
        while let Some((key, row)) = cursor.current() {
            let (record, value) = Record::decode(row, Table::Current)?;
            if !record.live {
                cursor.advance()?;
                continue;
            }
            let key = Bytes::copy_from_slice(key);
            while open.len() > 1 && open.last().is_some_and(|open| !key.starts_with(open)) {
                open.pop();
            }
            match enter(&key, path.depth(), is_recursive, &mut open) {
                Entered::File { directories } => {
                    push_directories(&key, directories, record.create_revision, nodes);
                    nodes.push(V2Node {
                        path: V2Path::from_known(key),
                        value: Some(Bytes::copy_from_slice(value)),
                        is_directory: false,
                        expiration_unix_nanos: self.expiration(record.lease)?,
                        modified_index: record.id.main,
                        created_index: record.create_revision,
                    });
                    cursor.advance()?;
                }
                Entered::Row { directories } => {
                    push_directories(&key, directories, record.create_revision, nodes);
                    if let Some(last) = nodes.last_mut().filter(|last| last.path.directory_key() == key) {
                        last.expiration_unix_nanos = self.expiration(record.lease)?;
                        last.modified_index = record.id.main;
                    }
                    if open.last().is_some_and(|open| *open == key) {
                        cursor.advance()?;
                    } else {
                        cursor.seek(&behind_directory(&key))?;
                    }
                }
                Entered::Skip { directories, behind } => {
                    push_directories(&key, directories, record.create_revision, nodes);
                    match behind {
                        Some(len) => cursor.seek(&behind_directory(&key[..len]))?,
                        None => cursor.advance()?,
                    }
                }
            }
        }
        Ok(())
    }
}

/// What a key is in the directories that are open. `directories` are the lengths of the paths of those that it makes
/// known, the outer first.
enum Entered {
    /// A file in the last of them.
    File { directories: Vec<usize> },
    /// The last one's own row.
    Row { directories: Vec<usize> },
    /// Nothing to be shown, nor anything else that begins with so much of the key.
    Skip { directories: Vec<usize>, behind: Option<usize> },
}

/// Walks from the innermost open directory down to the key, opening what it comes through.
fn enter(key: &Bytes, root_depth: usize, is_recursive: bool, open: &mut Vec<Bytes>) -> Entered {
    let mut directories = Vec::new();
    let mut at = open.last().map_or(0, Bytes::len);
    loop {
        let rest = &key[at..];
        if rest.is_empty() {
            return Entered::Row { directories };
        }
        let slash = rest.iter().position(|byte| *byte == b'/');
        let name = &rest[..slash.unwrap_or(rest.len())];
        let path_len = at + name.len();
        let is_shown = is_name(name)
            && !is_hidden(name)
            && path_len <= V2_PATH_BYTES_MAX + V2_IN_ORDER_BYTES
            && root_depth + open.len() <= V2_PATH_DEPTH_MAX + 1;
        match slash {
            None if is_shown => return Entered::File { directories },
            None => return Entered::Skip { directories, behind: None },
            Some(_) if !is_shown => return Entered::Skip { directories, behind: Some(path_len + 1) },
            Some(_) => directories.push(path_len),
        }
        at = path_len + 1;
        if is_recursive {
            open.push(key.slice(..at));
        } else if at == key.len() {
            return Entered::Row { directories };
        } else {
            return Entered::Skip { directories, behind: Some(at) };
        }
    }
}

/// Directories as far as their first key tells.
fn push_directories(key: &Bytes, lengths: Vec<usize>, created: Revision, nodes: &mut Vec<V2Node>) {
    for len in lengths {
        nodes.push(V2Node {
            path: V2Path::from_known(key.slice(..len)),
            value: None,
            is_directory: true,
            expiration_unix_nanos: None,
            modified_index: created,
            created_index: created,
        });
    }
}

/// Order by the names on the way, in which a directory stands right before what is in it.
fn by_names(one: &[u8], other: &[u8]) -> std::cmp::Ordering {
    let rank = |byte: &u8| if *byte == b'/' { 0 } else { u16::from(*byte) + 1 };
    one.iter().map(rank).cmp(other.iter().map(rank))
}
