//! What is in a directory, in steps of bounded size: how much there is is up to clients. Reads no more than it tells:
//! of a directory that is not descended into only the first key.

use bytes::Bytes;

use super::find::behind_directory;
use super::path::{is_hidden, is_name};
use super::{V2Node, V2Path};
use crate::ids::Revision;
use crate::layout::record::Record;
use crate::limits::{V2_IN_ORDER_BYTES, V2_PATH_BYTES_MAX, V2_PATH_DEPTH_MAX};
use crate::read::state::State;
use crate::rows::{Cursor, Direction, RowsFault, Table};

/// What a node costs in a step besides its key and its value.
const NODE_BYTES: usize = 64;

/// A walk through a directory, between two steps.
///
/// Keys are in the order of their bytes. That is the order of the names, too, but for one thing: what is in `a` has
/// keys that begin with `a/`, and these lie behind `a-b`, whose name comes later. A sorted walk therefore looks, before
/// it tells a name, for directories whose names are the beginning of it, tells those first, and passes over their keys
/// when it comes to them. In the order of keys a directory still stands right before what is in it.
#[derive(Debug, Clone)]
pub struct V2Walk {
    root_depth: usize,
    is_recursive: bool,
    is_sorted: bool,
    /// The directories that lead to where the walk is; the first is its root.
    open: Vec<OpenDirectory>,
    /// The key at which it goes on; none when it is over.
    next_key: Option<Bytes>,
}

#[derive(Debug, Clone)]
struct OpenDirectory {
    /// The key of its row, with which all keys in it begin.
    key: Bytes,
    /// The last name that was told or looked for, and whether as a directory, which comes behind a file of its name.
    last: (Bytes, bool),
    /// Names of the directories in it that were told before their keys were reached. Each begins with the one before.
    early: Vec<Bytes>,
    /// Whether it was itself told early.
    is_early: bool,
}

impl OpenDirectory {
    fn new(key: Bytes, is_early: bool) -> OpenDirectory {
        OpenDirectory { key, last: (Bytes::new(), false), early: Vec::new(), is_early }
    }

    /// The shortest beginning of `name` that could be a directory's and was not looked for.
    fn earlier_directory(&self, name: &Bytes) -> Option<Bytes> {
        (1..name.len())
            .filter(|len| name[*len] < b'/')
            .map(|len| name.slice(..len))
            .find(|name| is_name(name) && (name, true) > (&self.last.0, self.last.1))
    }
}

impl V2Walk {
    /// A walk through the directory at `path`.
    pub(super) fn new(path: &V2Path, is_recursive: bool, is_sorted: bool) -> V2Walk {
        let key = path.directory_key();
        V2Walk {
            root_depth: path.depth(),
            is_recursive,
            is_sorted,
            open: vec![OpenDirectory::new(key.clone(), false)],
            next_key: Some(key),
        }
    }

    /// Whether everything was told.
    pub fn is_over(&self) -> bool {
        self.next_key.is_none()
    }

    fn here(&mut self) -> &mut OpenDirectory {
        self.open.last_mut().expect("a walk never leaves its root")
    }

    /// Leaves the directories that `key` does not lie in; `None` lies in none. Returns where to go on when one of them
    /// was told early.
    fn leave(&mut self, key: Option<&[u8]>) -> Option<Bytes> {
        while self.open.len() > 1 && !key.is_some_and(|key| key.starts_with(&self.here().key)) {
            let left = self.open.pop().expect("it is not the root");
            if left.is_early {
                return Some(behind_file(&left.key));
            }
        }
        None
    }

    fn is_shown(&self, name: &[u8], path_len: usize) -> bool {
        is_name(name)
            && !is_hidden(name)
            && path_len <= V2_PATH_BYTES_MAX + V2_IN_ORDER_BYTES
            && self.root_depth + self.open.len() <= V2_PATH_DEPTH_MAX + 1
    }
}

impl State<'_> {
    /// Tells further nodes, each directory before what is in it, until `budget_bytes` are spent or all were told.
    pub(super) fn v2_walk(&self, walk: &mut V2Walk, budget_bytes: usize) -> Result<Vec<V2Node>, RowsFault> {
        let mut nodes = Vec::new();
        let Some(next_key) = walk.next_key.take() else { return Ok(nodes) };
        let root_key = walk.open[0].key.clone();
        let end = behind_directory(&root_key);
        let mut cursor = self.rows.scan(Table::Current, &root_key, Some(&end), Direction::Forward)?;
        cursor.seek(&next_key)?;
        let mut spent_bytes = 0;
        loop {
            if let Some(back) = walk.leave(cursor.current().map(|(key, _)| key)) {
                cursor.seek(&back)?;
                continue;
            }
            let Some((key, row)) = cursor.current() else { return Ok(nodes) };
            let (record, value) = Record::decode(row, Table::Current)?;
            if !record.live {
                cursor.advance()?;
                continue;
            }
            let key = Bytes::copy_from_slice(key);
            if spent_bytes >= budget_bytes {
                walk.next_key = Some(key);
                return Ok(nodes);
            }
            let in_directory = walk.here().key.len();
            let Some((name_end, is_file)) = first_name(&key, in_directory) else {
                // The row of the directory that is open.
                cursor.advance()?;
                continue;
            };
            let name = key.slice(in_directory..name_end);
            let value = if is_file { Bytes::copy_from_slice(value) } else { Bytes::new() };
            if !walk.is_shown(&name, name_end) {
                pass(cursor.as_mut(), &key, name_end, is_file)?;
                continue;
            }
            let is_early = walk.is_sorted && go_to_earlier_directory(walk, cursor.as_mut(), &key, &name)?;
            if is_early {
                self.enter(walk, cursor.as_mut(), true, &mut nodes)?;
            } else if walk.here().early.last() == Some(&name) && !is_file {
                walk.here().early.pop();
                pass(cursor.as_mut(), &key, name_end, false)?;
            } else if is_file {
                spent_bytes += key.len() + value.len() + NODE_BYTES;
                walk.here().last = (name, false);
                nodes.push(V2Node {
                    path: V2Path::from_known(key),
                    value: Some(value),
                    is_directory: false,
                    expiration_unix_nanos: self.expiration(record.lease)?,
                    modified_index: record.id.main,
                    created_index: record.create_revision,
                });
                cursor.advance()?;
            } else {
                spent_bytes += key.len() + NODE_BYTES;
                self.enter(walk, cursor.as_mut(), false, &mut nodes)?;
            }
        }
    }

    /// Tells the directory in the open one that the cursor's live row is the first of, and opens or leaves it.
    fn enter(
        &self,
        walk: &mut V2Walk,
        cursor: &mut dyn Cursor,
        is_early: bool,
        nodes: &mut Vec<V2Node>,
    ) -> Result<(), RowsFault> {
        let Some((key, row)) = cursor.current() else { return Ok(()) };
        let (record, _) = Record::decode(row, Table::Current)?;
        let key = Bytes::copy_from_slice(key);
        let in_directory = walk.here().key.len();
        let Some((name_end, _)) = first_name(&key, in_directory) else { return Ok(()) };
        let directory_key = key.slice(..=name_end);
        walk.here().last = (key.slice(in_directory..name_end), true);
        let has_row = directory_key == key;
        nodes.push(directory(key.slice(..name_end), record.create_revision));
        if let Some(node) = nodes.last_mut().filter(|_| has_row) {
            node.expiration_unix_nanos = self.expiration(record.lease)?;
            node.modified_index = record.id.main;
        }
        if walk.is_recursive {
            walk.open.push(OpenDirectory::new(directory_key, is_early));
            Ok(())
        } else if is_early {
            cursor.seek(&behind_file(&directory_key))
        } else {
            cursor.seek(&behind_directory(&directory_key))
        }
    }
}

/// Where the first name in a key ends that stands behind `from`, and whether the key ends with it; none if there is no
/// name.
fn first_name(key: &[u8], from: usize) -> Option<(usize, bool)> {
    let rest = &key[from..];
    let slash = rest.iter().position(|byte| *byte == b'/');
    let name_end = from + slash.unwrap_or(rest.len());
    (!rest.is_empty()).then_some((name_end, slash.is_none()))
}

/// Goes behind a file, or behind everything in a directory.
fn pass(cursor: &mut dyn Cursor, key: &[u8], name_end: usize, is_file: bool) -> Result<(), RowsFault> {
    if is_file { cursor.advance() } else { cursor.seek(&behind_directory(&key[..=name_end])) }
}

/// Goes to the first live row of a directory that is to be told before `name`, if there is one that was not told. The
/// names that were looked for in vain are noted, so that each is looked for once.
fn go_to_earlier_directory(
    walk: &mut V2Walk,
    cursor: &mut dyn Cursor,
    key: &[u8],
    name: &Bytes,
) -> Result<bool, RowsFault> {
    let mut has_moved = false;
    while let Some(earlier) = walk.here().earlier_directory(name) {
        let directory_key = [walk.here().key.as_ref(), &earlier, b"/"].concat();
        walk.here().last = (earlier.clone(), true);
        cursor.seek(&directory_key)?;
        has_moved = true;
        while let Some((key, row)) = cursor.current().filter(|(key, _)| key.starts_with(&directory_key)) {
            debug_assert!(key.len() >= directory_key.len());
            if Record::decode(row, Table::Current)?.0.live {
                walk.here().early.push(earlier);
                return Ok(true);
            }
            cursor.advance()?;
        }
    }
    if has_moved {
        cursor.seek(key)?;
    }
    Ok(false)
}

/// The first key behind the file that has the name of the directory of this row key.
fn behind_file(directory_key: &Bytes) -> Bytes {
    let path_len = directory_key.len() - 1;
    [&directory_key[..path_len], b"\0"].concat().into()
}

/// A directory as far as its first key tells.
fn directory(path: Bytes, created: Revision) -> V2Node {
    V2Node {
        path: V2Path::from_known(path),
        value: None,
        is_directory: true,
        expiration_unix_nanos: None,
        modified_index: created,
        created_index: created,
    }
}

#[cfg(test)]
mod tests;
