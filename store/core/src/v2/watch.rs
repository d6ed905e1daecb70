//! Which events a wait of the v2 API is told, from history and at once.

use super::event::{Teller, event_at, removed_directory};
use super::{V2Event, V2Path, V2Role};
use crate::error::RangeError;
use crate::ids::Revision;
use crate::key_range::KeyRange;
use crate::read::ReadView;
use crate::response::{Event, EventKind, RevisionEvents};

/// What is waited for: changes of a node, or of everything below it, too. A directory's removal is told to whoever
/// waits for what was in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct V2Watch {
    /// The node.
    pub path: V2Path,
    /// Whether changes below it are wanted.
    pub is_recursive: bool,
}

impl V2Watch {
    /// The keys whose rows tell of what is waited for.
    pub fn key_ranges(&self) -> Vec<KeyRange> {
        let below = KeyRange::prefix(&self.path.directory_key());
        if self.path.is_root() {
            return vec![below];
        }
        vec![KeyRange::Single(self.path.as_bytes().clone()), below]
    }

    /// The wanted events of a whole revision of which the rows at `positions`, ascending, are in `key_ranges`.
    pub fn events(&self, revision: &RevisionEvents, positions: impl Iterator<Item = usize>) -> Vec<V2Event> {
        let mut teller = Teller::default();
        let mut told = None;
        let mut wanted = Vec::new();
        for position in positions {
            let primary = teller.position(&revision.events, position);
            if primary.is_some() && primary != told {
                told = primary;
                wanted.extend(primary.and_then(|primary| self.wanted(&revision.events, primary)));
            }
        }
        wanted
    }

    fn wanted(&self, events: &[Event], position: usize) -> Option<V2Event> {
        if events[position].v2.is_some_and(|mark| mark.is_refresh) {
            return None;
        }
        let removed = removed_directory(&events[position]);
        let event = event_at(events, position)?;
        let path = &event.node.path;
        let is_wanted = *path == self.path
            || removed.is_some_and(|directory| self.path.is_below(&directory))
            || (self.is_recursive && path.is_below(&self.path) && !path.is_hidden_from(&self.path));
        is_wanted.then_some(event)
    }

    /// Whether a key is in `key_ranges`.
    pub fn covers(&self, key: &[u8]) -> bool {
        self.path.is_root() && key.first() == Some(&b'/')
            || key
                .strip_prefix(self.path.as_bytes().as_ref())
                .is_some_and(|rest| rest.is_empty() || rest.first() == Some(&b'/'))
    }
}

impl ReadView {
    /// The wanted events of the revisions `from..`, in steps as in `ReadView::events`. Also returns the first revision
    /// that was not looked at.
    pub fn v2_events(
        &self,
        watch: &V2Watch,
        from: Revision,
        budget: usize,
    ) -> Result<(Vec<V2Event>, Revision), RangeError> {
        let (revisions, until) = self.events(from, budget, &mut |key| watch.covers(key))?;
        let mut wanted = Vec::new();
        for revision in revisions {
            match self.with_removal(watch, &revision)? {
                Some(removal) => wanted.extend(watch.events(&removal, 0..removal.events.len())),
                None => wanted.extend(watch.events(&revision, 0..revision.events.len())),
            }
        }
        Ok((wanted, until))
    }

    /// A revision in which covered rows went along with the removal of a directory, together with the row that tells
    /// of it, which need not be covered itself.
    fn with_removal(
        &self,
        watch: &V2Watch,
        revision: &RevisionEvents,
    ) -> Result<Option<RevisionEvents>, RangeError> {
        let went_along = |event: &Event| {
            event.kind == EventKind::Delete && event.v2.is_some_and(|mark| mark.role == V2Role::Part)
        };
        if watch.path.is_root() || !revision.events.iter().any(went_along) {
            return Ok(None);
        }
        let outermost = watch.path.ancestors().last().unwrap_or_else(|| watch.path.clone());
        let prefix = outermost.directory_key();
        let mut wanted = |key: &[u8]| key.starts_with(&prefix) || watch.covers(key);
        let (revisions, _) = self.events(revision.revision, 1, &mut wanted)?;
        Ok(revisions.into_iter().next())
    }
}
