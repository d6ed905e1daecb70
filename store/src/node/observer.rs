//! Hands the news of applied entries to those who derive something from them, in a fixed order. Runs on the apply
//! thread: must not block.

use std::sync::Arc;

use holdfast_consensus::handle::{AppliedNews, ApplyObserver};

use super::lease_clock::LeaseClock;
use crate::watch::Hub;

/// The node's listener.
pub(super) struct NodeObserver {
    pub(super) hub: Arc<Hub>,
    pub(super) lease_clock: Arc<LeaseClock>,
}

impl ApplyObserver for NodeObserver {
    fn applied(&self, news: AppliedNews) {
        self.lease_clock.applied(&news.leases);
        self.hub.applied(news);
    }
}
