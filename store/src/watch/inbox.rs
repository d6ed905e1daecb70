//! What the hub leaves for one stream: matched revisions, up to a limit. A stream that does not fetch them in time is
//! told from where on it has missed something. Filling an inbox never waits.

use std::collections::VecDeque;
use std::task::{Context, Poll, Waker};

use holdfast_core::ids::Revision;
use holdfast_core::watch::WatchId;
use parking_lot::Mutex;

use super::revision::SharedRevision;
use crate::limits::{WATCH_BYTES_QUEUED_MAX, WATCH_REVISIONS_QUEUED_MAX};

/// A revision with the watchers it concerns and the positions of their events, sorted.
#[derive(Debug)]
pub(super) struct Delivery {
    pub revision: SharedRevision,
    pub matches: Box<[(WatchId, u32)]>,
}

/// What a stream found in its inbox.
#[derive(Debug, Default)]
pub(super) struct Received {
    pub deliveries: VecDeque<Delivery>,
    /// From this revision on nothing is left in the inbox until the stream calls `resume`.
    pub missed_from: Option<Revision>,
    pub is_closed: bool,
    /// Users or roles have changed behind what was left.
    pub has_new_rights: bool,
}

#[derive(Debug, Default)]
pub(super) struct Inbox {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    deliveries: VecDeque<Delivery>,
    size_bytes: usize,
    missed_from: Option<Revision>,
    is_closed: bool,
    has_new_rights: bool,
    /// Whether something happened that the stream has not seen.
    is_new: bool,
    waker: Option<Waker>,
}

impl State {
    fn notify(&mut self) -> Option<Waker> {
        self.is_new = true;
        self.waker.take()
    }
}

impl Inbox {
    /// Leaves a revision. Answers who is to be woken when all inboxes are filled.
    pub fn push(&self, revision: &SharedRevision, matches: Box<[(WatchId, u32)]>) -> Option<Waker> {
        let mut state = self.state.lock();
        if state.missed_from.is_some() {
            return None;
        }
        if state.deliveries.len() >= WATCH_REVISIONS_QUEUED_MAX || state.size_bytes > WATCH_BYTES_QUEUED_MAX {
            state.missed_from = Some(revision.number());
        } else {
            state.size_bytes += revision.size_bytes() + size_of_val(&*matches);
            state.deliveries.push_back(Delivery { revision: revision.clone(), matches });
        }
        state.notify()
    }

    /// Events from `from` on cannot be left here.
    pub fn miss(&self, from: Revision) -> Option<Waker> {
        let mut state = self.state.lock();
        state.missed_from.get_or_insert(from);
        state.notify()
    }

    /// Users or roles have changed: events from `from` on are left to history, which is read only by those who still may.
    pub fn ask_again(&self, from: Revision) -> Option<Waker> {
        let mut state = self.state.lock();
        state.missed_from.get_or_insert(from);
        state.has_new_rights = true;
        state.notify()
    }

    /// The server stops.
    pub fn close(&self) -> Option<Waker> {
        let mut state = self.state.lock();
        state.is_closed = true;
        state.notify()
    }

    /// Takes what was left, or is woken when there is something.
    pub fn poll_receive(&self, context: &mut Context<'_>) -> Poll<Received> {
        let mut state = self.state.lock();
        if state.is_new {
            return Poll::Ready(take(&mut state));
        }
        if !state.waker.as_ref().is_some_and(|waker| waker.will_wake(context.waker())) {
            state.waker = Some(context.waker().clone());
        }
        Poll::Pending
    }

    /// Takes what was left.
    pub fn receive(&self) -> Received {
        take(&mut self.state.lock())
    }

    /// Revisions may be left here again. The stream has made up for those it missed.
    pub fn resume(&self) {
        self.state.lock().missed_from = None;
    }
}

fn take(state: &mut State) -> Received {
    state.is_new = false;
    state.size_bytes = 0;
    Received {
        deliveries: std::mem::take(&mut state.deliveries),
        missed_from: state.missed_from,
        is_closed: state.is_closed,
        has_new_rights: std::mem::take(&mut state.has_new_rights),
    }
}
