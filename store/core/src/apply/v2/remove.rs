//! Removal of nodes: files, empty directories, directories with everything in them.

use super::{Expected, path_len};
use crate::apply::{ApplyBatch, Stop};
use crate::key_range::KeyRange;
use crate::read::state::Stored;
use crate::response::Event;
use crate::rows::RowsFault;
use crate::v2::{Found, V2Action, V2Mark, V2Path, V2Refusal};

impl ApplyBatch<'_> {
    pub(super) fn delete_node(
        &mut self,
        pending: &mut Vec<Event>,
        path: &V2Path,
        is_directory: bool,
        is_recursive: bool,
    ) -> Result<(), Stop> {
        if path.is_root() {
            return Err(self.refuse(V2Refusal::RootReadOnly));
        }
        let takes_directories = is_directory || is_recursive;
        match self.find(path, takes_directories)? {
            Found::File(file) => Ok(self.remove_file(pending, path, V2Action::Delete, &file)?),
            Found::Directory { .. } if !takes_directories => {
                Err(self.refuse(V2Refusal::NotFile(path.clone())))
            }
            Found::Directory { .. } => {
                if !is_recursive && self.state(&[]).first_in(&path.directory_key())?.is_some() {
                    return Err(self.refuse(V2Refusal::DirectoryNotEmpty(path.clone())));
                }
                Ok(self.remove_directory(pending, path, V2Action::Delete)?)
            }
        }
    }

    pub(super) fn compare_and_delete(
        &mut self,
        pending: &mut Vec<Event>,
        path: &V2Path,
        expected: Expected<'_>,
    ) -> Result<(), Stop> {
        let file = self.find_file(path)?;
        self.compare(&file, expected)?;
        Ok(self.remove_file(pending, path, V2Action::CompareAndDelete, &file)?)
    }

    fn remove_file(
        &mut self,
        pending: &mut Vec<Event>,
        path: &V2Path,
        action: V2Action,
        file: &Stored,
    ) -> Result<(), RowsFault> {
        let lease = file.record.lease;
        let previous_expiration_unix_nanos = self.state(&[]).expiration(lease)?;
        let mark = V2Mark { previous_expiration_unix_nanos, ..V2Mark::of(action) };
        self.erase_key(pending, path.as_bytes().clone(), file, Some(mark))?;
        self.release(lease)
    }

    /// Removes a directory and everything in it. The first row tells of it, whether or not it is the directory's own.
    pub(in crate::apply) fn remove_directory(
        &mut self,
        pending: &mut Vec<Event>,
        path: &V2Path,
        action: V2Action,
    ) -> Result<(), RowsFault> {
        let directory_key = path.directory_key();
        let mut mark = V2Mark { directory_len: Some(path_len(path)), ..V2Mark::of(action) };
        for (key, stored) in self.live_versions(&KeyRange::prefix(&directory_key))? {
            let lease = stored.record.lease;
            if key == directory_key {
                mark.previous_expiration_unix_nanos = self.state(&[]).expiration(lease)?;
            }
            self.erase_key(pending, key, &stored, Some(mark))?;
            self.release(lease)?;
            mark = V2Mark::PART;
        }
        Ok(())
    }
}
