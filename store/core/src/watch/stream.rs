//! The watchers of one client stream: what each has seen, and the messages that follow from requests, new events,
//! history and time. Whoever owns the stream hands these over one after another and sends the messages in order.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use super::index::WatchIndex;
use super::message::{EventList, WatchMessage, WatchRefusal};
use super::watcher::{WatchCreate, WatchId, Watcher};
use crate::ids::Revision;
use crate::key_range::KeyRange;
use crate::response::RevisionEvents;

/// Where the store stands when a request is taken up. Every event up to `revision` must have been handed over before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The store revision.
    pub revision: Revision,
    /// The compacted revision.
    pub compacted: Revision,
}

/// All watchers of a stream.
#[derive(Debug, Default)]
pub struct StreamWatches {
    watchers: BTreeMap<WatchId, Watcher>,
    /// The watchers that are not synced.
    behind: BTreeSet<WatchId>,
    /// The same, by what they watch; shared with a scan of history under way.
    behind_index: Arc<WatchIndex<WatchId>>,
    next_id: i64,
}

impl StreamWatches {
    /// Makes a watcher. Answers its id and range when new events are to be handed to it from the moment on.
    pub fn create<R>(
        &mut self,
        create: WatchCreate,
        moment: Moment,
        out: &mut VecDeque<WatchMessage<R>>,
    ) -> Option<(WatchId, KeyRange)> {
        let Moment { revision, compacted } = moment;
        let watch_id = match self.admit(&create) {
            Ok(watch_id) => watch_id,
            Err(refusal) => {
                out.push_back(WatchMessage::Refused { revision, refusal });
                return None;
            }
        };
        out.push_back(WatchMessage::Created { watch_id, revision });
        let start = Revision(create.start_revision);
        let is_synced = start.0 == 0 || start > revision;
        if !is_synced && start < compacted {
            out.push_back(WatchMessage::Compacted { watch_id, compacted });
            return None;
        }
        let range = create.range.clone();
        let next = if is_synced { start.max(revision.next()) } else { start };
        let watcher = Watcher { create, next, is_synced, is_indexed: is_synced, is_progress_due: true };
        self.watchers.insert(watch_id, watcher);
        if is_synced {
            return Some((watch_id, range));
        }
        self.behind.insert(watch_id);
        Arc::make_mut(&mut self.behind_index).insert(&range, watch_id);
        None
    }

    fn admit(&mut self, create: &WatchCreate) -> Result<WatchId, WatchRefusal> {
        if create.start_revision < 0 {
            return Err(WatchRefusal::NegativeStart);
        }
        if create.range.is_empty() {
            return Err(WatchRefusal::EmptyRange);
        }
        if create.watch_id == WatchId(0) {
            while self.watchers.contains_key(&WatchId(self.next_id)) {
                self.next_id += 1;
            }
            self.next_id += 1;
            return Ok(WatchId(self.next_id - 1));
        }
        if self.watchers.contains_key(&create.watch_id) {
            return Err(WatchRefusal::DuplicateId);
        }
        Ok(create.watch_id)
    }

    /// Ends a watcher; an unknown id is ignored. Answers its id and range when it was handed new events.
    pub fn cancel<R>(
        &mut self,
        watch_id: WatchId,
        revision: Revision,
        out: &mut VecDeque<WatchMessage<R>>,
    ) -> Option<(WatchId, KeyRange)> {
        let watcher = self.remove(watch_id)?;
        out.push_back(WatchMessage::Canceled { watch_id, revision });
        watcher.is_indexed.then_some((watch_id, watcher.create.range))
    }

    fn remove(&mut self, watch_id: WatchId) -> Option<Watcher> {
        let watcher = self.watchers.remove(&watch_id)?;
        if self.behind.remove(&watch_id) {
            Arc::make_mut(&mut self.behind_index).remove(&watcher.create.range, watch_id);
        }
        Some(watcher)
    }

    /// Takes up a new revision of the store: `matches` are the watchers it concerns, each with the position of the
    /// event in the revision, sorted.
    pub fn live<R>(&mut self, revision: &R, matches: &[(WatchId, u32)], out: &mut VecDeque<WatchMessage<R>>)
    where
        R: AsRef<RevisionEvents> + Clone,
    {
        let RevisionEvents { revision: number, events } = revision.as_ref();
        for group in matches.chunk_by(|one, other| one.0 == other.0) {
            let watch_id = group[0].0;
            let Some(watcher) = self.watchers.get_mut(&watch_id) else { continue };
            if !watcher.is_synced || *number < watcher.next {
                continue;
            }
            watcher.next = number.next();
            let wanted = group.iter().filter(|(_, at)| watcher.wants(&events[*at as usize]));
            let list = wanted.map(|(_, at)| (revision.clone(), *at)).collect();
            send(watch_id, watcher, *number, list, out);
        }
    }

    /// New events up to `from` were handed over, later ones were not: every watcher has to read history from there.
    pub fn fall_behind(&mut self, from: Revision) {
        let index = Arc::make_mut(&mut self.behind_index);
        for (watch_id, watcher) in &mut self.watchers {
            if watcher.is_synced {
                watcher.is_synced = false;
                watcher.next = watcher.next.max(from);
                self.behind.insert(*watch_id);
                index.insert(&watcher.create.range, *watch_id);
            }
        }
    }

    /// The first revision that some watcher has to read from history.
    pub fn behind_from(&self) -> Option<Revision> {
        self.behind
            .iter()
            .filter_map(|watch_id| self.watchers.get(watch_id))
            .map(|watcher| watcher.next)
            .min()
    }

    /// The watchers that read history, by what they watch.
    pub fn behind_index(&self) -> &Arc<WatchIndex<WatchId>> {
        &self.behind_index
    }

    /// Takes up history: `scanned` are the revisions from `behind_from` up to, without, `until` that hold events for
    /// watchers of `behind_index`; `head` is the revision of the view they were read from. No watcher may have been
    /// made or ended between asking for these two and now.
    pub fn catch_up<R>(
        &mut self,
        scanned: &[R],
        until: Revision,
        head: Revision,
        out: &mut VecDeque<WatchMessage<R>>,
    ) where
        R: AsRef<RevisionEvents> + Clone,
    {
        let mut lists: BTreeMap<WatchId, EventList<R>> = BTreeMap::new();
        for revision in scanned {
            let RevisionEvents { revision: number, events } = revision.as_ref();
            for (at, event) in (0_u32..).zip(events) {
                self.behind_index.for_each(&event.kv.key, |watch_id| {
                    let watcher = self.watchers.get(&watch_id).filter(|watcher| watcher.next <= *number);
                    if watcher.is_some_and(|watcher| watcher.wants(event)) {
                        lists.entry(watch_id).or_default().push((revision.clone(), at));
                    }
                });
            }
        }
        for watch_id in &self.behind {
            let Some(watcher) = self.watchers.get_mut(watch_id) else { continue };
            watcher.next = watcher.next.max(until);
            if let Some(list) = lists.remove(watch_id) {
                send(*watch_id, watcher, head, list, out);
            }
        }
    }

    /// Ends the watchers for which history that they still have to read is compacted. Answers those of them that were
    /// handed new events.
    pub fn compact<R>(
        &mut self,
        compacted: Revision,
        out: &mut VecDeque<WatchMessage<R>>,
    ) -> Vec<(WatchId, KeyRange)> {
        let is_lost = |watch_id: &&WatchId| self.watchers.get(watch_id).is_some_and(|it| it.next < compacted);
        let lost: Vec<WatchId> = self.behind.iter().filter(is_lost).copied().collect();
        let mut indexed = Vec::new();
        for watch_id in lost {
            out.push_back(WatchMessage::Compacted { watch_id, compacted });
            if let Some(watcher) = self.remove(watch_id).filter(|watcher| watcher.is_indexed) {
                indexed.push((watch_id, watcher.create.range));
            }
        }
        indexed
    }

    /// Users or roles have changed: ends the watchers whose range `check` refuses. Answers those of them that were handed
    /// new events.
    pub fn revoke<R>(
        &mut self,
        revision: Revision,
        mut check: impl FnMut(&KeyRange) -> Result<(), WatchRefusal>,
        out: &mut VecDeque<WatchMessage<R>>,
    ) -> Vec<(WatchId, KeyRange)> {
        let check = |(watch_id, watcher): (&WatchId, &Watcher)| {
            check(&watcher.create.range).err().map(|refusal| (*watch_id, refusal))
        };
        let lost: Vec<(WatchId, WatchRefusal)> = self.watchers.iter().filter_map(check).collect();
        let mut indexed = Vec::new();
        for (watch_id, refusal) in lost {
            out.push_back(WatchMessage::Revoked { watch_id, revision, refusal });
            if let Some(watcher) = self.remove(watch_id).filter(|watcher| watcher.is_indexed) {
                indexed.push((watch_id, watcher.create.range));
            }
        }
        indexed
    }

    /// Prepares `join`: answers the watchers that read history and are not handed new events so far. Every event from
    /// the moment of this call on must be handed over, those before must have come by `catch_up` when `join` is called.
    pub fn index_behind(&mut self) -> Vec<(WatchId, KeyRange)> {
        let mut to_index = Vec::new();
        for watch_id in &self.behind {
            if let Some(watcher) = self.watchers.get_mut(watch_id).filter(|watcher| !watcher.is_indexed) {
                watcher.is_indexed = true;
                to_index.push((*watch_id, watcher.create.range.clone()));
            }
        }
        to_index
    }

    /// Lets the watchers that read history see new events from now on; all of them have caught up.
    pub fn join(&mut self) {
        for watch_id in std::mem::take(&mut self.behind) {
            if let Some(watcher) = self.watchers.get_mut(&watch_id) {
                watcher.is_synced = true;
            }
        }
        self.behind_index = Arc::default();
    }

    /// Answers a request for progress: once, on behalf of all watchers, if each of them has reached `revision`; else
    /// not at all.
    pub fn progress_request<R>(&self, revision: Revision, out: &mut VecDeque<WatchMessage<R>>) {
        let have_all = self.watchers.values().all(|watcher| watcher.has_reached(revision));
        if have_all && !self.watchers.is_empty() {
            out.push_back(WatchMessage::Progress { watch_id: None, revision });
        }
    }

    /// The time for regular progress has come: tells the watchers that asked for it, without those that had events
    /// since the last time.
    pub fn progress_round<R>(&mut self, revision: Revision, out: &mut VecDeque<WatchMessage<R>>) {
        for (watch_id, watcher) in self.watchers.iter_mut().filter(|(_, it)| it.create.progress_notify) {
            if watcher.is_progress_due && watcher.has_reached(revision) {
                out.push_back(WatchMessage::Progress { watch_id: Some(*watch_id), revision });
            }
            watcher.is_progress_due = true;
        }
    }

    /// The watchers that are handed new events: whoever hands them over has to forget these when the stream ends.
    pub fn indexed(&self) -> impl Iterator<Item = (WatchId, &KeyRange)> {
        let indexed = self.watchers.iter().filter(|(_, watcher)| watcher.is_indexed);
        indexed.map(|(watch_id, watcher)| (*watch_id, &watcher.create.range))
    }

    /// Number of watchers.
    pub fn len(&self) -> usize {
        self.watchers.len()
    }

    /// Whether there is no watcher.
    pub fn is_empty(&self) -> bool {
        self.watchers.is_empty()
    }
}

fn send<R>(
    watch_id: WatchId,
    watcher: &mut Watcher,
    revision: Revision,
    events: EventList<R>,
    out: &mut VecDeque<WatchMessage<R>>,
) {
    if events.is_empty() {
        return;
    }
    watcher.is_progress_due = false;
    let WatchCreate { prev_kv, fragment, .. } = watcher.create;
    out.push_back(WatchMessage::Events { watch_id, revision, prev_kv, fragment, events });
}

#[cfg(test)]
mod tests;
