//! A wait of the v2 API: the changes of a node, from history or as they come, out of an inbox of its own. Small, since
//! there may be many thousands of them. The rules are in `holdfast_core::v2`.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::Arc;

use holdfast_core::ids::Revision;
use holdfast_core::read::ReadView;
use holdfast_core::v2::{V2Event, V2Watch};
use holdfast_core::watch::{Moment, WatchId, WatchRefusal};

use super::asker::{Asker, refusal};
use super::hub::{Hub, Slot, State};
use super::inbox::Inbox;
use super::revision::SharedRevision;
use crate::limits::WATCH_SCAN_EVENTS_MAX;

/// Why nobody waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NodeWaitError {
    /// The history that is asked for is gone.
    #[error("history begins at {compacted}")]
    HistoryCleared {
        /// The first revision that can be asked for.
        compacted: Revision,
        /// The store's revision.
        revision: Revision,
    },
    /// The client may not read what it wants to wait for.
    #[error(transparent)]
    Refused(#[from] WatchRefusal),
}

/// A wait under way. It ends when it is dropped.
pub struct NodeWait {
    hub: Arc<Hub>,
    slot: Slot,
    inbox: Arc<Inbox>,
    watch: V2Watch,
    /// Changes before this revision are not wanted.
    since: Revision,
    begun_at: Revision,
    /// Changes from this revision on have to be read from history.
    behind_from: Option<Revision>,
    found: VecDeque<V2Event>,
    asker: Asker,
    is_over: bool,
}

impl Hub {
    /// Begins to wait for what happens from `since` on, or from now on when that is 0.
    ///
    /// # Errors
    /// When the history from there on is compacted, or the client may not read there.
    pub fn wait_node(
        self: &Arc<Hub>,
        mut asker: Asker,
        watch: V2Watch,
        since: u64,
    ) -> Result<NodeWait, NodeWaitError> {
        let inbox = Arc::new(Inbox::default());
        let mut state = self.lock();
        check(&state, &mut asker, &watch)?;
        let Moment { revision, compacted } = state.moment();
        let since = match i64::try_from(since) {
            Ok(0) => revision.next(),
            since => Revision(since.unwrap_or(i64::MAX)),
        };
        if since < compacted {
            return Err(NodeWaitError::HistoryCleared { compacted, revision });
        }
        let behind_from = (since <= revision).then_some(since);
        if let Some(from) = behind_from {
            inbox.miss(from);
        }
        let slot = state.add(&inbox);
        for (watch_id, range) in (0..).map(WatchId).zip(watch.key_ranges()) {
            state.insert(slot, watch_id, &range);
        }
        drop(state);
        self.count_watchers(0, 1);
        let found = VecDeque::new();
        let hub = self.clone();
        Ok(NodeWait {
            hub,
            slot,
            inbox,
            watch,
            since,
            begun_at: revision,
            behind_from,
            found,
            asker,
            is_over: false,
        })
    }
}

/// Whether a wait may begin or go on.
fn check(state: &State, asker: &mut Asker, watch: &V2Watch) -> Result<(), WatchRefusal> {
    let Some(view) = state.view().filter(|view| view.auth().is_enabled()) else { return Ok(()) };
    let caller = asker.caller(view.auth())?;
    view.guard(&caller).v2_wait(&watch.path, watch.is_recursive).map_err(refusal)
}

/// How a wait goes on that has to read history.
enum Next {
    /// The rest is in memory.
    Recent(Vec<SharedRevision>),
    /// A step has to be read from storage.
    Read(ReadView),
}

impl NodeWait {
    /// The store's revision when the wait began.
    pub fn begun_at(&self) -> Revision {
        self.begun_at
    }

    /// The next change; none when there will be no more, because the server stops or the history was compacted before
    /// it was read. Nothing is lost when the future is dropped before it is done.
    pub async fn next(&mut self) -> Option<V2Event> {
        loop {
            if let Some(event) = self.found.pop_front() {
                return Some(event);
            }
            if self.is_over {
                return None;
            }
            let is_open = match self.behind_from {
                Some(from) => self.catch_up(from).await,
                None => self.receive().await,
            };
            if !is_open {
                return None;
            }
        }
    }

    async fn receive(&mut self) -> bool {
        let received = poll_fn(|context| self.inbox.poll_receive(context)).await;
        for delivery in &received.deliveries {
            if delivery.revision.number() >= self.since {
                // Both ranges of a watch may match; a row is in one of them only.
                let mut positions: Vec<usize> =
                    delivery.matches.iter().map(|(_, position)| *position as usize).collect();
                positions.sort_unstable();
                self.found.extend(self.watch.events(delivery.revision.as_ref(), positions.into_iter()));
            }
        }
        self.behind_from = received.missed_from.map(|from| from.max(self.since));
        // Whoever may no longer wait gets what happened before, and then the end.
        self.is_over |=
            received.has_new_rights && check(&self.hub.clone().lock(), &mut self.asker, &self.watch).is_err();
        !received.is_closed
    }

    /// Reads a step of history; goes over to the inbox when there is no more.
    async fn catch_up(&mut self, from: Revision) -> bool {
        match self.next_step(from) {
            Some(Next::Recent(revisions)) => {
                self.behind_from = None;
                for revision in &revisions {
                    let revision = revision.as_ref();
                    let covers = |at: &usize| self.watch.covers(&revision.events[*at].kv.key);
                    let positions = (0..revision.events.len()).filter(covers);
                    self.found.extend(self.watch.events(revision, positions));
                }
                true
            }
            Some(Next::Read(view)) => self.read(view, from).await,
            None => false,
        }
    }

    /// Looks where the wait stands; when it needs no storage, new events are left in its inbox from this moment on.
    fn next_step(&self, from: Revision) -> Option<Next> {
        let state = self.hub.lock();
        let Moment { revision, compacted } = state.moment();
        if from < compacted {
            return None;
        }
        match (state.recent.since(from, revision), state.view()) {
            (Some(recent), _) => {
                self.inbox.resume();
                Some(Next::Recent(recent))
            }
            (None, Some(view)) => Some(Next::Read(view.clone())),
            (None, None) => {
                self.inbox.resume();
                Some(Next::Recent(Vec::new()))
            }
        }
    }

    async fn read(&mut self, view: ReadView, from: Revision) -> bool {
        let Ok(permit) = self.hub.scans.clone().acquire_owned().await else { return false };
        let watch = self.watch.clone();
        let read = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            view.v2_events(&watch, from, WATCH_SCAN_EVENTS_MAX)
        });
        match read.await {
            Ok(Ok((events, until))) => {
                self.found.extend(events);
                self.behind_from = Some(until);
                true
            }
            Ok(Err(error)) => {
                tracing::error!(%error, "a wait ends: history cannot be read");
                false
            }
            Err(error) => {
                tracing::error!(%error, "a wait ends: history cannot be read");
                false
            }
        }
    }
}

impl Drop for NodeWait {
    fn drop(&mut self) {
        let mut state = self.hub.lock();
        for (watch_id, range) in (0..).map(WatchId).zip(self.watch.key_ranges()) {
            state.remove(self.slot, watch_id, &range);
        }
        state.close(self.slot);
        drop(state);
        self.hub.count_watchers(1, 0);
    }
}
