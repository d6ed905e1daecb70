//! Changes through the v2 API: each decided here, in one revision with the parents that it makes and whatever it
//! removes. Must refuse before it writes anything.

use bytes::Bytes;

use super::keys::Life;
use super::{ApplyBatch, Stop};
use crate::ids::LeaseId;
use crate::read::state::Stored;
use crate::response::Event;
use crate::rows::RowsFault;
use crate::v2::{
    Found, NotFound, V2Action, V2Error, V2Event, V2Mark, V2Operation, V2Path, V2Refusal, V2Request,
    V2TimeToLive, primary_event,
};

mod remove;
mod time_to_live;

/// A node that is to be written.
struct NewNode<'r> {
    path: &'r V2Path,
    /// None for a directory.
    value: Option<Bytes>,
    time_to_live: Option<&'r V2TimeToLive>,
    is_refresh: bool,
}

/// What a file must be like.
#[derive(Clone, Copy)]
struct Expected<'r> {
    /// Empty for any.
    value: &'r [u8],
    /// 0 for any.
    index: u64,
}

impl ApplyBatch<'_> {
    pub(super) fn v2(&mut self, request: &V2Request) -> Result<V2Event, Stop> {
        let mut pending = Vec::new();
        self.v2_change(&mut pending, request)?;
        let event = primary_event(&pending).expect("every change of a node has a row that tells of it");
        self.commit(pending);
        Ok(event)
    }

    fn v2_change(&mut self, pending: &mut Vec<Event>, request: &V2Request) -> Result<(), Stop> {
        let path = &request.path;
        match &request.operation {
            V2Operation::Set { value, is_directory, time_to_live, is_refresh } => {
                let value = (!is_directory).then(|| value.clone());
                let (time_to_live, is_refresh) = (time_to_live.as_ref(), *is_refresh);
                self.set(pending, NewNode { path, value, time_to_live, is_refresh })
            }
            V2Operation::Create { value, is_directory, time_to_live, is_in_order } => {
                let path = if *is_in_order { path.next_in_order(self.head.revision) } else { path.clone() };
                let value = (!is_directory).then(|| value.clone());
                let time_to_live = time_to_live.as_ref();
                self.create(pending, NewNode { path: &path, value, time_to_live, is_refresh: false })
            }
            V2Operation::Update { value, time_to_live, is_refresh } => {
                let (time_to_live, is_refresh) = (time_to_live.as_ref(), *is_refresh);
                let value = Some(value.clone());
                self.update(pending, NewNode { path, value, time_to_live, is_refresh })
            }
            V2Operation::CompareAndSwap { prev_value, prev_index, value, time_to_live, is_refresh } => {
                let expected = Expected { value: prev_value, index: *prev_index };
                let (time_to_live, is_refresh) = (time_to_live.as_ref(), *is_refresh);
                let value = Some(value.clone());
                self.compare_and_swap(pending, expected, NewNode { path, value, time_to_live, is_refresh })
            }
            V2Operation::Delete { is_directory, is_recursive } => {
                self.delete_node(pending, path, *is_directory, *is_recursive)
            }
            V2Operation::CompareAndDelete { prev_value, prev_index } => {
                let expected = Expected { value: prev_value, index: *prev_index };
                self.compare_and_delete(pending, path, expected)
            }
        }
    }

    fn refuse(&self, refusal: V2Refusal) -> Stop {
        V2Error { refusal, index: self.head.revision }.into()
    }

    fn not_found(&self, reason: NotFound) -> Stop {
        match reason {
            NotFound::Refused(refusal) => self.refuse(refusal),
            NotFound::Fault(fault) => fault.into(),
        }
    }

    /// The node, or the refusal.
    fn find(&self, path: &V2Path, prefers_directory: bool) -> Result<Found, Stop> {
        self.state(&[]).find_node(path, prefers_directory).map_err(|reason| self.not_found(reason))
    }

    /// The file, or the refusal.
    fn find_file(&self, path: &V2Path) -> Result<Stored, Stop> {
        match self.find(path, false)? {
            Found::File(file) => Ok(file),
            Found::Directory { .. } => Err(self.refuse(V2Refusal::NotFile(path.clone()))),
        }
    }

    fn set(&mut self, pending: &mut Vec<Event>, mut new: NewNode<'_>) -> Result<(), Stop> {
        if new.path.is_root() {
            return Err(self.refuse(V2Refusal::RootReadOnly));
        }
        let old = match self.state(&[]).find_node(new.path, new.value.is_none()) {
            Ok(Found::File(file)) => Some(file),
            Ok(Found::Directory { .. }) => return Err(self.refuse(V2Refusal::NotFile(new.path.clone()))),
            Err(NotFound::Refused(V2Refusal::KeyNotFound(_))) if !new.is_refresh => None,
            Err(reason) => return Err(self.not_found(reason)),
        };
        if let Some(old) = old.as_ref().filter(|_| new.is_refresh) {
            new.value = new.value.map(|_| old.value());
        }
        self.make_node(pending, &new, V2Action::Set, old.as_ref())
    }

    fn create(&mut self, pending: &mut Vec<Event>, new: NewNode<'_>) -> Result<(), Stop> {
        if new.path.is_root() {
            return Err(self.refuse(V2Refusal::RootReadOnly));
        }
        match self.state(&[]).find_node(new.path, false) {
            Ok(_) => Err(self.refuse(V2Refusal::KeyExists(new.path.clone()))),
            Err(NotFound::Refused(V2Refusal::KeyNotFound(_))) => {
                self.make_node(pending, &new, V2Action::Create, None)
            }
            Err(reason) => Err(self.not_found(reason)),
        }
    }

    /// Makes a node and the directories that lead to it, over the file `old` of its name.
    fn make_node(
        &mut self,
        pending: &mut Vec<Event>,
        new: &NewNode<'_>,
        action: V2Action,
        old: Option<&Stored>,
    ) -> Result<(), Stop> {
        self.make_parents(pending, new.path)?;
        let old_lease = old.map_or(LeaseId::NONE, |old| old.record.lease);
        let mut mark = self.mark(action, new, old_lease)?;
        let lease = self.new_lease(new.time_to_live)?;
        if let Some(value) = &new.value {
            let key = new.path.as_bytes();
            let content = (value.clone(), lease);
            // A file that is there is the newest version of its key.
            let newest = if old.is_some() { None } else { self.state(&[]).newest(key)? };
            self.write_version(pending, key, content, old.or(newest.as_ref()), Life::BeginsMarked(mark))?;
        } else {
            if let Some(old) = old {
                self.erase_key(pending, new.path.as_bytes().clone(), old, Some(V2Mark::PART))?;
                mark.replaces_file = true;
            }
            let key = new.path.directory_key();
            let newest = self.state(&[]).newest(&key)?;
            self.write_version(
                pending,
                &key,
                (Bytes::new(), lease),
                newest.as_ref(),
                Life::BeginsMarked(mark),
            )?;
        }
        self.release(old_lease)?;
        Ok(())
    }

    /// Gives a row to each directory on the way that has none, the outer first. Where one has a row, those around it
    /// are directories, too.
    fn make_parents(&mut self, pending: &mut Vec<Event>, path: &V2Path) -> Result<(), RowsFault> {
        let mut missing = Vec::new();
        for ancestor in path.ancestors() {
            let key = ancestor.directory_key();
            let newest = self.state(&[]).newest(&key)?;
            if newest.as_ref().is_some_and(|newest| newest.record.live) {
                break;
            }
            missing.push((key, newest));
        }
        for (key, newest) in missing.into_iter().rev() {
            let content = (Bytes::new(), LeaseId::NONE);
            self.write_version(pending, &key, content, newest.as_ref(), Life::BeginsMarked(V2Mark::PART))?;
        }
        Ok(())
    }

    fn update(&mut self, pending: &mut Vec<Event>, new: NewNode<'_>) -> Result<(), Stop> {
        if new.path.is_root() {
            return Err(self.refuse(V2Refusal::RootReadOnly));
        }
        match self.find(new.path, false)? {
            Found::File(file) => self.change_file(pending, new, V2Action::Update, &file),
            Found::Directory { .. } if new.value.as_ref().is_some_and(|value| !value.is_empty()) => {
                Err(self.refuse(V2Refusal::NotFile(new.path.clone())))
            }
            Found::Directory { row, .. } => {
                let old_lease = row.as_ref().map_or(LeaseId::NONE, |row| row.record.lease);
                let key = new.path.directory_key();
                let new = NewNode { value: None, ..new };
                let mark = self.mark(V2Action::Update, &new, old_lease)?;
                let lease = self.new_lease(new.time_to_live)?;
                let newest = self.state(&[]).newest(&key)?;
                let content = (Bytes::new(), lease);
                self.write_version(pending, &key, content, newest.as_ref(), Life::GoesMarked(mark))?;
                Ok(self.release(old_lease)?)
            }
        }
    }

    fn compare_and_swap(
        &mut self,
        pending: &mut Vec<Event>,
        expected: Expected<'_>,
        new: NewNode<'_>,
    ) -> Result<(), Stop> {
        if new.path.is_root() {
            return Err(self.refuse(V2Refusal::RootReadOnly));
        }
        let file = self.find_file(new.path)?;
        self.compare(&file, expected)?;
        self.change_file(pending, new, V2Action::CompareAndSwap, &file)
    }

    fn change_file(
        &mut self,
        pending: &mut Vec<Event>,
        new: NewNode<'_>,
        action: V2Action,
        old: &Stored,
    ) -> Result<(), Stop> {
        let key = new.path.as_bytes();
        let value = if new.is_refresh { old.value() } else { new.value.clone().unwrap_or_default() };
        let old_lease = old.record.lease;
        let mark = self.mark(action, &new, old_lease)?;
        let lease = self.new_lease(new.time_to_live)?;
        self.write_version(pending, key, (value, lease), Some(old), Life::GoesMarked(mark))?;
        Ok(self.release(old_lease)?)
    }

    fn compare(&self, file: &Stored, expected: Expected<'_>) -> Result<(), Stop> {
        let modified = file.record.id.main.0.cast_unsigned();
        let value = file.value();
        let is_value = expected.value.is_empty() || value == expected.value;
        let is_index = expected.index == 0 || expected.index == modified;
        let text = String::from_utf8_lossy;
        let values = || format!("[{} != {}]", text(expected.value), text(&value));
        let indexes = || format!("[{} != {modified}]", expected.index);
        let failed = match (is_value, is_index) {
            (true, true) => return Ok(()),
            (false, true) => values(),
            (true, false) => indexes(),
            (false, false) => format!("{} {}", values(), indexes()),
        };
        Err(self.refuse(V2Refusal::CompareFailed(failed)))
    }

    /// The mark of the row that tells of a written node.
    fn mark(&self, action: V2Action, new: &NewNode<'_>, old_lease: LeaseId) -> Result<V2Mark, RowsFault> {
        Ok(V2Mark {
            is_refresh: new.is_refresh,
            directory_len: new.value.is_none().then(|| path_len(new.path)),
            expiration_unix_nanos: new.time_to_live.map(|it| it.expiration_unix_nanos),
            previous_expiration_unix_nanos: self.state(&[]).expiration(old_lease)?,
            ..V2Mark::of(action)
        })
    }
}

fn path_len(path: &V2Path) -> u32 {
    u32::try_from(path.as_bytes().len()).expect("paths are bounded far below")
}
