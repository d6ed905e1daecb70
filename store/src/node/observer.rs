//! Hands the news of applied entries to those who derive something from them, in a fixed order. Runs on the apply
//! thread: must not block.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use holdfast_consensus::handle::{AppliedNews, ApplyObserver};
use holdfast_core::response::Event;
use holdfast_core::v2::{V2Action, V2Role};

use super::lease_clock::LeaseClock;
use crate::watch::Hub;

/// The node's listener.
pub(super) struct NodeObserver {
    pub(super) hub: Arc<Hub>,
    pub(super) lease_clock: Arc<LeaseClock>,
    /// Nodes of the v2 API whose time ran out.
    pub(super) expired_nodes: Arc<AtomicU64>,
}

impl ApplyObserver for NodeObserver {
    fn applied(&self, news: AppliedNews) {
        self.lease_clock.applied(&news.leases);
        let events = news.events.iter().flat_map(|revision| &revision.events);
        let expired = events.filter(|event| is_expiry(event)).count() as u64;
        self.expired_nodes.fetch_add(expired, Ordering::Relaxed);
        self.hub.applied(news);
    }
}

fn is_expiry(event: &Event) -> bool {
    event.v2.is_some_and(|mark| mark.role == V2Role::Primary(V2Action::Expire))
}
