//! One client's watch stream: takes up requests, new events, history and time in an order that keeps etcd's promises,
//! and encodes what follows. Everything happens in the task that asks for the next message.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::hash::{BuildHasher, RandomState};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use holdfast_core::auth::Access;
use holdfast_core::ids::Revision;
use holdfast_core::key_range::KeyRange;
use holdfast_core::read::ReadView;
use holdfast_core::watch::{Moment, StreamWatches, WatchId, WatchMessage, WatchRefusal};
use holdfast_proto::etcdserverpb as pb;
use parking_lot::MutexGuard;
use pb::watch_request::RequestUnion;
use tokio::sync::mpsc;
use tokio::time::{Instant, Sleep};

use super::asker::{Asker, refusal};
use super::history::{Budget, Scan, ScanError, Scanned};
use super::hub::{Hub, Slot, State};
use super::inbox::{Delivery, Inbox, Received};
use super::requests::read_create;
use super::revision::SharedRevision;
use crate::limits::WATCH_PROGRESS_JITTER_DIVISOR;

/// One client's watch stream (a gRPC stream or one `/v3/watch` request).
pub struct WatchStream {
    hub: Arc<Hub>,
    slot: Slot,
    inbox: Arc<Inbox>,
    requests: Requests,
    watches: StreamWatches,
    /// What comes next, in order.
    work: VecDeque<Work>,
    /// Nothing is left in the inbox from here on; history is read from there once the deliveries are done.
    missed_from: Option<Revision>,
    /// History is being read by all watchers, and nothing is left in the inbox until it is done.
    is_paused: bool,
    /// Users or roles have changed since the watchers were last asked whether they may watch.
    has_new_rights: bool,
    is_ended: bool,
    asker: Asker,
    scan: Option<Scan>,
    budget: Budget,
    progress: Option<Pin<Box<Sleep>>>,
    messages: VecDeque<WatchMessage<SharedRevision>>,
    encoded: VecDeque<Bytes>,
}

/// What a stream has before it.
enum Work {
    /// Fetched from the inbox and not looked at yet.
    Delivery(Delivery),
    /// The answer to a request, which comes behind the events before it.
    Answer(WatchMessage<SharedRevision>),
}

/// Where requests come from, as long as the client may send more.
type Requests = Option<mpsc::Receiver<pb::WatchRequest>>;

impl WatchStream {
    pub(super) fn new(
        hub: Arc<Hub>,
        slot: Slot,
        inbox: Arc<Inbox>,
        requests: mpsc::Receiver<pb::WatchRequest>,
        asker: Asker,
    ) -> WatchStream {
        WatchStream {
            hub,
            slot,
            inbox,
            requests: Some(requests),
            watches: StreamWatches::default(),
            work: VecDeque::new(),
            missed_from: None,
            is_paused: false,
            has_new_rights: false,
            is_ended: false,
            asker,
            scan: None,
            budget: Budget::default(),
            progress: None,
            messages: VecDeque::new(),
            encoded: VecDeque::new(),
        }
    }

    /// The next encoded `etcdserverpb.WatchResponse`, in order; `None` when the server stops. Nothing is lost when
    /// the future is dropped before it is done.
    pub async fn next(&mut self) -> Option<Bytes> {
        poll_fn(|context| self.poll_next(context)).await
    }

    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        loop {
            if self.is_ended {
                return Poll::Ready(None);
            }
            if let Some(message) = self.encoded.pop_front() {
                return Poll::Ready(Some(message));
            }
            if let Some(message) = self.messages.pop_front() {
                let term = self.hub.term();
                self.hub.encoder.encode(message, term, &mut |bytes| self.encoded.push_back(bytes));
            } else if let Some(work) = self.work.pop_front() {
                self.work_on(work);
            } else if self.missed_from.is_some() {
                self.pause();
            } else if let Some(scan) = &mut self.scan {
                let outcome = ready!(scan.as_mut().poll(context));
                self.scan = None;
                self.scanned(outcome);
            } else if let Poll::Ready(request) = poll_request(&mut self.requests, context) {
                self.request(request);
            } else if let Poll::Ready(received) = self.inbox.poll_receive(context) {
                self.receive(received);
            } else if let Some(from) = self.watches.behind_from() {
                self.catch_up(from);
            } else if let Some(progress) = &mut self.progress {
                ready!(progress.as_mut().poll(context));
                self.progress_round();
            } else {
                return Poll::Pending;
            }
        }
    }

    fn work_on(&mut self, work: Work) {
        match work {
            Work::Delivery(delivery) => {
                self.watches.live(&delivery.revision, &delivery.matches, &mut self.messages);
            }
            Work::Answer(message) => self.messages.push_back(message),
        }
    }

    fn receive(&mut self, received: Received) {
        let Received { deliveries, missed_from, is_closed, has_new_rights } = received;
        self.has_new_rights |= has_new_rights;
        self.work.extend(deliveries.into_iter().map(Work::Delivery));
        if !self.is_paused {
            self.missed_from = missed_from;
        }
        self.is_ended |= is_closed;
    }

    /// Gives up waiting for new events: all watchers read history until nothing is missing.
    fn pause(&mut self) {
        if let Some(from) = self.missed_from.take() {
            self.is_paused = true;
            self.watches.fall_behind(from);
        }
    }

    /// Fetches everything that happened until now, so that what is said of this moment can be put behind it. The hub
    /// stays locked: nothing more happens until the caller has done what belongs to the moment.
    fn settle<'h>(&mut self, hub: &'h Hub) -> (MutexGuard<'h, State>, Moment) {
        loop {
            let state = hub.lock();
            let received = self.inbox.receive();
            self.receive(received);
            if self.missed_from.is_none() {
                let moment = state.moment();
                return (state, moment);
            }
            drop(state);
            while let Some(work) = self.work.pop_front() {
                self.work_on(work);
            }
            self.pause();
        }
    }

    fn answer(&mut self, messages: VecDeque<WatchMessage<SharedRevision>>) {
        self.work.extend(messages.into_iter().map(Work::Answer));
    }

    fn request(&mut self, request: pb::WatchRequest) {
        let before = self.watches.len();
        match request.request_union {
            Some(RequestUnion::CreateRequest(request)) => self.create(&request),
            Some(RequestUnion::CancelRequest(request)) => self.cancel(WatchId(request.watch_id)),
            Some(RequestUnion::ProgressRequest(_)) => self.progress_request(),
            // A kind of request that this version does not know (etcd passes over it, too).
            None => {}
        }
        self.hub.count_watchers(before, self.watches.len());
    }

    fn create(&mut self, request: &pb::WatchCreateRequest) {
        let create = read_create(request);
        if create.progress_notify && self.progress.is_none() {
            self.progress = Some(Box::pin(tokio::time::sleep(self.progress_interval())));
        }
        let hub = self.hub.clone();
        let (mut state, moment) = self.settle(&hub);
        let mut answer = VecDeque::new();
        if create.start_revision >= 0
            && let Err(refusal) = self.check_new(state.view(), &create.range)
        {
            answer.push_back(WatchMessage::Refused { revision: moment.revision, refusal });
            return self.answer(answer);
        }
        if let Some((watch_id, range)) = self.watches.create(create, moment, &mut answer) {
            state.insert(self.slot, watch_id, &range);
        }
        if self.is_paused {
            // The new watcher has missed nothing yet, but would from now on.
            self.watches.fall_behind(moment.revision.next());
        }
        self.answer(answer);
    }

    fn check_new(&mut self, view: Option<&ReadView>, range: &KeyRange) -> Result<(), WatchRefusal> {
        let Some(auth) = view.map(ReadView::auth).filter(|auth| auth.is_enabled()) else { return Ok(()) };
        let caller = self.asker.identify(auth)?;
        auth.check_range(&caller, range, Access::Read).map_err(refusal)
    }

    /// Ends the watchers that may no longer watch.
    fn ask_again(&mut self, state: &mut State) {
        self.has_new_rights = false;
        let Some(view) = state.view().cloned() else { return };
        let auth = view.auth();
        let revision = state.moment().revision;
        let caller = self.asker.caller(auth);
        let check = |range: &KeyRange| {
            auth.check_range(caller.as_ref().map_err(|refusal| *refusal)?, range, Access::Read)
                .map_err(refusal)
        };
        let before = self.watches.len();
        for (watch_id, range) in self.watches.revoke(revision, check, &mut self.messages) {
            state.remove(self.slot, watch_id, &range);
        }
        self.hub.count_watchers(before, self.watches.len());
    }

    fn cancel(&mut self, watch_id: WatchId) {
        let hub = self.hub.clone();
        let (mut state, moment) = self.settle(&hub);
        let mut answer = VecDeque::new();
        if let Some((watch_id, range)) = self.watches.cancel(watch_id, moment.revision, &mut answer) {
            state.remove(self.slot, watch_id, &range);
        }
        self.answer(answer);
    }

    fn progress_request(&mut self) {
        let hub = self.hub.clone();
        let (_state, moment) = self.settle(&hub);
        let mut answer = VecDeque::new();
        self.watches.progress_request(moment.revision, &mut answer);
        self.answer(answer);
    }

    /// Brings the watchers that are behind one step on: from memory and then in step with the others when that holds
    /// all that they miss, else from storage.
    fn catch_up(&mut self, from: Revision) {
        let hub = self.hub.clone();
        let mut state = hub.lock();
        if self.has_new_rights {
            return self.ask_again(&mut state);
        }
        let Moment { revision, compacted } = state.moment();
        if from < compacted {
            drop(state);
            return self.compacted(compacted);
        }
        let missed = match (state.recent.since(from, revision), state.view()) {
            (Some(missed), _) => missed,
            // Nothing was ever applied here, so that there is nothing to be read.
            (None, None) => Vec::new(),
            (None, Some(view)) => {
                let view = view.clone();
                drop(state);
                let wanted = self.watches.behind_index().clone();
                self.scan = Some(self.budget.scan(view, from, wanted, hub.scans.clone()));
                return;
            }
        };
        for (watch_id, range) in self.watches.index_behind() {
            state.insert(self.slot, watch_id, &range);
        }
        if std::mem::take(&mut self.is_paused) {
            self.inbox.resume();
        }
        drop(state);
        self.watches.catch_up(&missed, revision.next(), revision, &mut self.messages);
        self.watches.join();
    }

    fn scanned(&mut self, outcome: Result<Scanned, ScanError>) {
        match outcome {
            Ok(scanned) => {
                self.budget.adapt(&scanned);
                self.watches.catch_up(&scanned.revisions, scanned.until, scanned.head, &mut self.messages);
            }
            Err(ScanError::Compacted(compacted)) => self.compacted(compacted),
            Err(ScanError::Failed(reason)) => {
                tracing::error!(reason, "a watch stream ends: history cannot be read");
                self.is_ended = true;
            }
        }
    }

    fn compacted(&mut self, compacted: Revision) {
        let before = self.watches.len();
        let removed = self.watches.compact(compacted, &mut self.messages);
        self.hub.count_watchers(before, self.watches.len());
        if !removed.is_empty() {
            let mut state = self.hub.lock();
            for (watch_id, range) in removed {
                state.remove(self.slot, watch_id, &range);
            }
        }
    }

    fn progress_round(&mut self) {
        let interval = self.progress_interval();
        if let Some(progress) = &mut self.progress {
            progress.as_mut().reset(Instant::now() + interval);
        }
        let hub = self.hub.clone();
        let (_state, moment) = self.settle(&hub);
        let mut answer = VecDeque::new();
        self.watches.progress_round(moment.revision, &mut answer);
        self.answer(answer);
    }

    fn progress_interval(&self) -> Duration {
        let interval = self.hub.progress_interval;
        let jitter_max = (interval / WATCH_PROGRESS_JITTER_DIVISOR).as_micros().max(1);
        let random = u128::from(RandomState::new().hash_one(self.slot));
        interval + Duration::from_micros(u64::try_from(random % jitter_max).unwrap_or(0))
    }
}

impl Drop for WatchStream {
    fn drop(&mut self) {
        let mut state = self.hub.lock();
        for (watch_id, range) in self.watches.indexed() {
            state.remove(self.slot, watch_id, range);
        }
        state.close(self.slot);
        drop(state);
        self.hub.count_watchers(self.watches.len(), 0);
    }
}

/// The next request; never when there will be no more.
fn poll_request(requests: &mut Requests, context: &mut Context<'_>) -> Poll<pb::WatchRequest> {
    let Some(receiver) = requests else { return Poll::Pending };
    match ready!(receiver.poll_recv(context)) {
        Some(request) => Poll::Ready(request),
        None => {
            *requests = None;
            Poll::Pending
        }
    }
}
