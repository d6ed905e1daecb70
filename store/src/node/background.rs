//! What a node does by itself: follow leadership, end leases, make its name known, look at the disk. Each is a small
//! loop that ends with the process; decisions live in the modules they call.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};

use holdfast_core::command::{Command, Operation};

use super::lease_clock::LeaseClock;
use super::{Node, unix_nanos};
use crate::limits::{DISK_LOOK_INTERVAL, LEASE_EXPIRE_RETRY, PUBLISH_RETRY, TOKEN_RENEWAL_INTERVAL};
use crate::version::CLUSTER_VERSION;

impl Node {
    /// Starts the loops. They hold the node weakly, so that a node that is dropped ends them.
    pub(super) fn start_background(self: &Arc<Self>) {
        tokio::spawn(follow_leadership(Arc::downgrade(self)));
        tokio::spawn(expire_leases(Arc::downgrade(self), self.lease_clock.clone()));
        tokio::spawn(publish(Arc::downgrade(self)));
        tokio::spawn(look_at_disk(Arc::downgrade(self)));
        tokio::spawn(renew_tokens(Arc::downgrade(self)));
    }

    async fn take_the_lead(&self) {
        // A new leader has not applied what its predecessor committed until its own first entry is through.
        while self.consensus.read_barrier().await.is_err() {
            if self.leadership.borrow().1 != Some(self.member_id) {
                return;
            }
        }
        let term = self.leadership.borrow().0;
        let led = self.lease_clock.lead(term, self.settings.election_timeout, || self.consensus.view());
        if let Err(fault) = led {
            tracing::error!(%fault, "leases cannot be read; none will expire while this member leads");
        }
        if self.view().cluster_version().ok().flatten().as_deref() != Some(CLUSTER_VERSION) {
            let set = Operation::ClusterVersionSet { version: CLUSTER_VERSION.to_owned() };
            if let Err(error) = self.consensus.propose(Command::of_member(set)).await {
                tracing::warn!(%error, "cluster version not set yet");
            }
        }
    }
}

async fn follow_leadership(node: Weak<Node>) {
    let Some(mut leadership) = node.upgrade().map(|node| node.leadership.clone()) else { return };
    let mut led_term = None;
    loop {
        let (term, leader) = *leadership.borrow_and_update();
        let Some(node) = node.upgrade() else { return };
        node.hub.raise_term(term);
        node.leader_since_unix_nanos.store(unix_nanos(), Ordering::Relaxed);
        if leader == Some(node.member_id) {
            if led_term != Some(term) {
                led_term = Some(term);
                node.take_the_lead().await;
            }
        } else if led_term.take().is_some() {
            node.lease_clock.follow();
        }
        drop(node);
        if leadership.changed().await.is_err() {
            return;
        }
    }
}

async fn expire_leases(node: Weak<Node>, clock: Arc<LeaseClock>) {
    loop {
        let (term, ids) = clock.next_expired().await;
        let Some(node) = node.upgrade() else { return };
        let expiry = Command::of_member(Operation::LeaseExpire { ids, term });
        if let Err(error) = node.consensus.propose(expiry).await {
            tracing::debug!(%error, "expiry of leases waits for a leader");
            tokio::time::sleep(LEASE_EXPIRE_RETRY).await;
        }
    }
}

async fn publish(node: Weak<Node>) {
    loop {
        let Some(node) = node.upgrade() else { return };
        match node.publication() {
            Ok(None) => return,
            Ok(Some(operation)) => {
                if let Err(error) = node.consensus.propose(Command::of_member(operation)).await {
                    tracing::debug!(%error, "this member's name is not published yet");
                    tokio::time::sleep(PUBLISH_RETRY).await;
                }
            }
            Err(error) => {
                tracing::error!(%error, "published members cannot be read");
                return;
            }
        }
    }
}

async fn look_at_disk(node: Weak<Node>) {
    let mut interval = tokio::time::interval(DISK_LOOK_INTERVAL);
    loop {
        interval.tick().await;
        let Some(node) = node.upgrade() else { return };
        node.disk_guard.look();
    }
}

/// Takes up changed keys of tokens, and extends the tokens that are in use, all of this member's in one entry.
async fn renew_tokens(node: Weak<Node>) {
    loop {
        tokio::time::sleep(TOKEN_RENEWAL_INTERVAL).await;
        let Some(node) = node.upgrade() else { return };
        node.authenticator.reload_keys();
        let Some(change) = node.authenticator.take_renewals() else { continue };
        // What is lost is asked for again at the token's next use.
        if let Err(error) = node.consensus.propose(Command::of_member(Operation::Auth(change))).await {
            tracing::debug!(%error, "tokens not renewed yet");
        }
    }
}
