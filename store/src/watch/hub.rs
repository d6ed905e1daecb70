//! The hub: hears of applied entries on the apply thread and leaves matched events in the inboxes of streams. Must not
//! wait for anybody: a stream that is slow is left behind and reads history.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::Waker;
use std::time::Duration;

use holdfast_consensus::handle::AppliedNews;
use holdfast_core::ids::{ClusterId, MemberId, Revision, Term};
use holdfast_core::key_range::KeyRange;
use holdfast_core::read::ReadView;
use holdfast_core::response::RevisionEvents;
use holdfast_core::watch::{Moment, WatchId, WatchIndex};
use parking_lot::{Mutex, MutexGuard};
use tokio::sync::Semaphore;

use super::asker::Asker;
use super::inbox::Inbox;
use super::recent::Recent;
use super::requests::WatchRequests;
use super::revision::SharedRevision;
use super::stream::WatchStream;
use super::wire::Encoder;
use crate::limits::{WATCH_PROGRESS_INTERVAL_MIN, WATCH_SCANS_CONCURRENT_MAX};
use crate::node::NodeSettings;

/// Connects applied entries with watch streams. One for each member.
pub struct Hub {
    state: Mutex<State>,
    term: AtomicU64,
    /// Number of watchers, for metrics.
    watchers: AtomicUsize,
    pub(super) encoder: Encoder,
    pub(super) progress_interval: Duration,
    /// Bounds how many streams read history at the same time.
    pub(super) scans: Arc<Semaphore>,
}

/// A place in the list of streams.
pub(super) type Slot = u32;

/// What the hub knows at one moment. Whoever holds it sees no event between two of its steps.
pub(super) struct State {
    /// The newest view; none before the first news.
    view: Option<ReadView>,
    moment: Moment,
    pub recent: Recent,
    index: WatchIndex<(Slot, WatchId)>,
    /// The inboxes of open streams.
    streams: Vec<Option<Arc<Inbox>>>,
    free: Vec<Slot>,
    /// Kept from one revision to the next for its memory.
    matches: Vec<(Slot, WatchId, u32)>,
    is_stopped: bool,
}

impl Hub {
    /// A hub that knows of nothing yet.
    pub fn new(cluster_id: ClusterId, member_id: MemberId, settings: &NodeSettings) -> Arc<Hub> {
        let state = State {
            view: None,
            moment: Moment { revision: Revision::FRESH, compacted: Revision(-1) },
            recent: Recent::default(),
            index: WatchIndex::default(),
            streams: Vec::new(),
            free: Vec::new(),
            matches: Vec::new(),
            is_stopped: false,
        };
        Arc::new(Hub {
            state: Mutex::new(state),
            term: AtomicU64::new(0),
            watchers: AtomicUsize::new(0),
            encoder: Encoder { cluster_id, member_id, request_bytes_max: settings.request_bytes_max },
            progress_interval: settings.watch_progress_interval.max(WATCH_PROGRESS_INTERVAL_MIN),
            scans: Arc::new(Semaphore::new(WATCH_SCANS_CONCURRENT_MAX)),
        })
    }

    /// Takes the state that consensus started with. News that came first are newer and stay.
    pub fn begin(&self, view: &ReadView) {
        self.raise_term(view.head().applied.term);
        let mut state = self.state.lock();
        if state.view.is_none() || view.head().revision > state.moment.revision {
            let wakers = state.replace(view.clone());
            drop(state);
            wake(wakers);
        }
    }

    /// Takes the news of applied entries. Called on the apply thread, in order, before proposers get their answers.
    pub fn applied(&self, news: AppliedNews) {
        self.raise_term(news.view.head().applied.term);
        let mut state = self.state.lock();
        let follows = news.events.first().is_none_or(|first| first.revision == state.moment.revision.next());
        let wakers = if news.replaced || state.view.is_none() || !follows {
            state.replace(news.view)
        } else {
            state.advance(news.view, news.events, news.auth_changed)
        };
        drop(state);
        wake(wakers);
    }

    /// Tells the term that headers carry. Terms only rise.
    pub fn raise_term(&self, term: Term) {
        self.term.fetch_max(term.0, Ordering::Relaxed);
    }

    /// Ends all streams, those to be opened too.
    pub fn stop(&self) {
        let mut state = self.state.lock();
        state.is_stopped = true;
        let wakers = state.streams.iter().flatten().filter_map(|inbox| inbox.close()).collect();
        drop(state);
        wake(wakers);
    }

    /// Opens a stream for a client. It ends when the stream is dropped; a client that only sends no more requests keeps it.
    pub fn open(self: &Arc<Self>, asker: Asker) -> (WatchRequests, WatchStream) {
        let inbox = Arc::new(Inbox::default());
        let slot = self.state.lock().add(&inbox);
        let (requests, receiver) = WatchRequests::channel();
        (requests, WatchStream::new(self.clone(), slot, inbox, receiver, asker))
    }

    /// Number of open streams.
    pub fn stream_count(&self) -> usize {
        let state = self.state.lock();
        state.streams.len() - state.free.len()
    }

    /// Number of watchers over all streams.
    pub fn watcher_count(&self) -> usize {
        self.watchers.load(Ordering::Relaxed)
    }

    pub(super) fn count_watchers(&self, before: usize, after: usize) {
        // Two steps of an unsigned counter; between them it is too high, never below zero.
        self.watchers.fetch_add(after, Ordering::Relaxed);
        self.watchers.fetch_sub(before, Ordering::Relaxed);
    }

    pub(super) fn term(&self) -> Term {
        Term(self.term.load(Ordering::Relaxed))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }
}

impl State {
    pub fn moment(&self) -> Moment {
        self.moment
    }

    pub fn view(&self) -> Option<&ReadView> {
        self.view.as_ref()
    }

    /// New events of this watcher go to the stream from now on.
    pub fn insert(&mut self, slot: Slot, watch_id: WatchId, range: &KeyRange) {
        self.index.insert(range, (slot, watch_id));
    }

    pub fn remove(&mut self, slot: Slot, watch_id: WatchId, range: &KeyRange) {
        self.index.remove(range, (slot, watch_id));
    }

    pub fn add(&mut self, inbox: &Arc<Inbox>) -> Slot {
        if self.is_stopped {
            inbox.close();
        }
        if let Some(slot) = self.free.pop() {
            self.streams[slot as usize] = Some(inbox.clone());
            return slot;
        }
        self.streams.push(Some(inbox.clone()));
        Slot::try_from(self.streams.len() - 1).expect("fewer streams than memory has bytes")
    }

    /// Forgets a stream. Its watchers must have been removed.
    pub fn close(&mut self, slot: Slot) {
        self.streams[slot as usize] = None;
        self.free.push(slot);
        if self.streams.len() == self.free.len() {
            self.recent.clear();
        }
    }

    fn set_view(&mut self, view: ReadView) {
        let head = view.head();
        self.moment = Moment { revision: head.revision, compacted: head.compacted };
        self.view = Some(view);
    }

    /// The store is another one than the events so far made it: everybody has to read it.
    fn replace(&mut self, view: ReadView) -> Vec<Waker> {
        let from = self.moment.revision.next();
        self.recent.clear();
        self.set_view(view);
        self.ask_again(from)
    }

    /// Everybody has to find out whether it may still watch, before it sees what happened from `from` on.
    fn ask_again(&mut self, from: Revision) -> Vec<Waker> {
        self.streams.iter().flatten().filter_map(|inbox| inbox.ask_again(from)).collect()
    }

    fn advance(
        &mut self,
        view: ReadView,
        events: Vec<RevisionEvents>,
        auth_changed: Option<Revision>,
    ) -> Vec<Waker> {
        let mut wakers = Vec::new();
        let mut new_rights_from = auth_changed.map(Revision::next);
        let is_anybody_here = self.streams.len() > self.free.len();
        for revision in events {
            if let Some(from) = new_rights_from.take_if(|from| *from <= revision.revision) {
                wakers.extend(self.ask_again(from));
            }
            if is_anybody_here {
                let revision = SharedRevision::new(revision);
                self.deliver(&revision, &mut wakers);
                self.recent.push(revision);
            }
        }
        if let Some(from) = new_rights_from {
            wakers.extend(self.ask_again(from));
        }
        self.set_view(view);
        wakers
    }

    fn deliver(&mut self, revision: &SharedRevision, wakers: &mut Vec<Waker>) {
        let State { index, streams, matches, .. } = self;
        for (position, event) in (0_u32..).zip(&revision.as_ref().events) {
            index.for_each(&event.kv.key, |(slot, watch_id)| matches.push((slot, watch_id, position)));
        }
        matches.sort_unstable();
        for group in matches.chunk_by(|one, other| one.0 == other.0) {
            if let Some(inbox) = &streams[group[0].0 as usize] {
                let group = group.iter().map(|(_, watch_id, position)| (*watch_id, *position)).collect();
                wakers.extend(inbox.push(revision, group));
            }
        }
        matches.clear();
    }
}

fn wake(wakers: Vec<Waker>) {
    wakers.into_iter().for_each(Waker::wake);
}
