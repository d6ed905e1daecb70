//! From the rows of a revision to events of the v2 API. Must give the same from history as at once.

use super::{V2Action, V2Event, V2Mark, V2Node, V2Path, V2Role};
use crate::response::{Event, EventKind, KeyValue};

/// Where in a revision the change is told that a row belongs to, for rows in ascending order.
#[derive(Debug, Default)]
pub(super) struct Teller {
    looked_at: usize,
    primary: Option<usize>,
}

impl Teller {
    /// The position of the row that tells of the change; none for a parent that was made along with a node, and for
    /// the end of a file that a directory replaced, which the directory's own row tells.
    pub fn position(&mut self, events: &[Event], position: usize) -> Option<usize> {
        while self.looked_at <= position {
            let role = events[self.looked_at].v2.map(|mark| mark.role);
            if matches!(role, Some(V2Role::Primary(_))) {
                self.primary = Some(self.looked_at);
            }
            self.looked_at += 1;
        }
        let event = &events[position];
        match event.v2.map(|mark| mark.role) {
            None | Some(V2Role::Primary(_)) => Some(position),
            Some(V2Role::Part) if event.kind == EventKind::Put => None,
            Some(V2Role::Part) => self.primary.filter(|primary| {
                removed_directory(&events[*primary])
                    .is_some_and(|directory| event.kv.key.starts_with(&directory.directory_key()))
            }),
        }
    }
}

/// The directory that was removed with everything in it, if the row tells that.
pub(super) fn removed_directory(event: &Event) -> Option<V2Path> {
    let len = event.v2?.directory_len?;
    (event.kind == EventKind::Delete).then(|| node_path(event, len))
}

/// The event that the row at `position` tells of; none for a row that tells nothing and for a key that no path names.
pub(super) fn event_at(events: &[Event], position: usize) -> Option<V2Event> {
    let event = &events[position];
    let mark = event.v2;
    let (path, is_directory) = match mark.and_then(|mark| mark.directory_len) {
        Some(len) => (node_path(event, len), true),
        None => V2Path::of_key(&event.kv.key)?,
    };
    let action = match (mark.map(|mark| mark.role), event.kind) {
        (Some(V2Role::Part), _) => return None,
        (Some(V2Role::Primary(action)), _) => action,
        (None, EventKind::Put) => V2Action::Set,
        (None, EventKind::Delete) => V2Action::Delete,
    };
    let mark = mark.unwrap_or(V2Mark::PART);
    let prev_kv = if mark.replaces_file {
        position.checked_sub(1).and_then(|before| events[before].prev_kv.as_ref())
    } else {
        event.prev_kv.as_ref()
    };
    let was_directory = is_directory && !mark.replaces_file;
    let is_own_row = !was_directory || event.kv.key.len() == path.as_bytes().len() + 1;
    let prev_node = prev_kv.map(|kv| V2Node {
        path: path.clone(),
        value: (!was_directory).then(|| kv.value.clone()),
        is_directory: was_directory,
        expiration_unix_nanos: mark.previous_expiration_unix_nanos,
        // A directory without a row shows what its first key tells, see `Found::Directory`.
        modified_index: if is_own_row { kv.mod_revision } else { kv.create_revision },
        created_index: kv.create_revision,
    });
    let node = node_after(event, path, is_directory, mark, prev_kv);
    Some(V2Event { action, node, prev_node })
}

fn node_after(
    event: &Event,
    path: V2Path,
    is_directory: bool,
    mark: V2Mark,
    prev_kv: Option<&KeyValue>,
) -> V2Node {
    let is_there = event.kind == EventKind::Put;
    V2Node {
        path,
        value: (is_there && !is_directory).then(|| event.kv.value.clone()),
        is_directory,
        expiration_unix_nanos: mark.expiration_unix_nanos,
        modified_index: event.kv.mod_revision,
        created_index: if is_there {
            event.kv.create_revision
        } else {
            prev_kv.map_or_else(Default::default, |kv| kv.create_revision)
        },
    }
}

fn node_path(event: &Event, len: u32) -> V2Path {
    let len = usize::try_from(len).map_or(event.kv.key.len(), |len| len.min(event.kv.key.len()));
    V2Path::from_known(event.kv.key.slice(..len))
}

/// The event of the change that a revision of the v2 API made.
pub(crate) fn primary_event(events: &[Event]) -> Option<V2Event> {
    let is_primary = |event: &Event| event.v2.is_some_and(|mark| matches!(mark.role, V2Role::Primary(_)));
    event_at(events, events.iter().position(is_primary)?)
}
