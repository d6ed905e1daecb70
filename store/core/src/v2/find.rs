//! Where a path leads at one moment. Must not list anything.

use bytes::Bytes;

use super::{V2Path, V2Refusal};
use crate::ids::Revision;
use crate::layout::record::Record;
use crate::read::state::{State, Stored};
use crate::rows::{Direction, RowsFault, Table};

/// A node that is there.
#[derive(Debug, Clone)]
pub(crate) enum Found {
    /// A file.
    File(Stored),
    /// A directory.
    Directory {
        /// Its own row, which a directory that only v3 keys make does not have.
        row: Option<Stored>,
        /// Revision of its last change; without a row that of its first key's creation.
        modified_index: Revision,
        /// Revision at which it was made; without a row that of its first key's creation.
        created_index: Revision,
    },
}

impl Found {
    /// Whether it is a directory.
    pub fn is_directory(&self) -> bool {
        matches!(self, Found::Directory { .. })
    }
}

/// Why there is no node to be had.
pub(crate) enum NotFound {
    Refused(V2Refusal),
    Fault(RowsFault),
}

impl From<RowsFault> for NotFound {
    fn from(fault: RowsFault) -> NotFound {
        NotFound::Fault(fault)
    }
}

impl State<'_> {
    /// The newest version of a key that is there.
    pub(crate) fn live(&self, key: &[u8]) -> Result<Option<Stored>, RowsFault> {
        Ok(self.newest(key)?.filter(|stored| stored.record.live))
    }

    /// The node at `path`. Where v3 made a file and a directory of one name, it is the file unless the directory is
    /// preferred.
    pub(crate) fn find_node(&self, path: &V2Path, prefers_directory: bool) -> Result<Found, NotFound> {
        if prefers_directory && let Some(directory) = self.find_directory(path)? {
            return Ok(directory);
        }
        if !path.is_root()
            && let Some(file) = self.live(path.as_bytes())?
        {
            return Ok(Found::File(file));
        }
        if !prefers_directory && let Some(directory) = self.find_directory(path)? {
            return Ok(directory);
        }
        Err(NotFound::Refused(self.missing(path)?))
    }

    /// The directory at `path`.
    pub(crate) fn find_directory(&self, path: &V2Path) -> Result<Option<Found>, RowsFault> {
        if path.is_root() {
            let none = Revision(0);
            return Ok(Some(Found::Directory { row: None, modified_index: none, created_index: none }));
        }
        let key = path.directory_key();
        let row = self.live(&key)?;
        if let Some(row) = row {
            let Record { id, create_revision, .. } = row.record;
            let indexes = (id.main, create_revision);
            let (modified_index, created_index) = indexes;
            return Ok(Some(Found::Directory { row: Some(row), modified_index, created_index }));
        }
        let first = self.first_in(&key)?;
        Ok(first.map(|created| Found::Directory {
            row: None,
            modified_index: created,
            created_index: created,
        }))
    }

    /// The create revision of the first key in the directory of this row key, if there is any but the row.
    pub(crate) fn first_in(&self, directory_key: &[u8]) -> Result<Option<Revision>, RowsFault> {
        let end = behind_directory(directory_key);
        let lower = [directory_key, b"\0"].concat();
        let mut cursor = self.rows.scan(Table::Current, &lower, Some(&end), Direction::Forward)?;
        while let Some((_, row)) = cursor.current() {
            let (record, _) = Record::decode(row, Table::Current)?;
            if record.live {
                return Ok(Some(record.create_revision));
            }
            cursor.advance()?;
        }
        Ok(None)
    }

    /// Why there is no node at `path`: the first directory on the way that is not there, or is a file.
    fn missing(&self, path: &V2Path) -> Result<V2Refusal, RowsFault> {
        for ancestor in path.ancestors().rev() {
            if self.find_directory(&ancestor)?.is_some() {
                continue;
            }
            let is_file = self.live(ancestor.as_bytes())?.is_some();
            return Ok(if is_file {
                V2Refusal::NotDirectory(ancestor)
            } else {
                V2Refusal::KeyNotFound(ancestor)
            });
        }
        Ok(V2Refusal::KeyNotFound(path.clone()))
    }
}

/// The first key behind everything in the directory of this row key.
pub(super) fn behind_directory(directory_key: &[u8]) -> Bytes {
    let mut end = directory_key.to_vec();
    if let Some(last) = end.last_mut() {
        *last += 1;
    }
    end.into()
}
