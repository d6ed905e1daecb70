//! The members that were removed: who they are, and telling them. Must not decide about removals.

use std::collections::BTreeSet;
use std::sync::Arc;

use arc_swap::ArcSwap;
use holdfast_proto::peer;

use crate::limits::{FAREWELL_ATTEMPTS, FAREWELL_PAUSE, STANDING_LOOK_PAUSE, STANDING_TIMEOUT};
use crate::member::Member;
use crate::peers::book::Purpose;
use crate::types::MemberNode;

/// The ids of all members that were removed, as applied.
#[derive(Default)]
pub struct RemovedMembers {
    ids: ArcSwap<BTreeSet<u64>>,
}

impl RemovedMembers {
    /// These and no others.
    pub fn replace(&self, ids: impl IntoIterator<Item = u64>) {
        self.ids.store(Arc::new(ids.into_iter().collect()));
    }

    /// These too.
    pub fn extend(&self, ids: impl IntoIterator<Item = u64>) {
        let mut all = BTreeSet::clone(&self.ids.load());
        all.extend(ids);
        self.ids.store(Arc::new(all));
    }

    /// Whether this one was removed.
    pub fn contains(&self, id: u64) -> bool {
        self.ids.load().contains(&id)
    }

    /// All of them.
    pub fn all(&self) -> Arc<BTreeSet<u64>> {
        self.ids.load_full()
    }
}

/// Tells a member that it was removed, a few times if need be.
pub async fn tell(member: Arc<Member>, id: u64, node: MemberNode) {
    for _ in 0..FAREWELL_ATTEMPTS {
        if let Ok(mut client) = member.book.client(id, &node, Purpose::Forward) {
            let request = peer::RemovedRequest { header: Some(member.book.header(id)) };
            if let Ok(Ok(_)) = tokio::time::timeout(STANDING_TIMEOUT, client.removed(request)).await {
                break;
            }
        }
        tokio::time::sleep(FAREWELL_PAUSE).await;
    }
    member.book.forget(id);
}

/// Ends this member when it applies its own removal, once another has taken over what it led.
pub async fn watch_own(member: Arc<Member>) {
    let mut look = tokio::time::interval(STANDING_LOOK_PAUSE);
    while !member.removed.contains(member.id) {
        look.tick().await;
    }
    // Raft hands leadership on by itself, a moment after the entry is committed.
    let handed_on = async {
        while member.is_leader() {
            look.tick().await;
        }
    };
    let _ = tokio::time::timeout(member.election_timeout, handed_on).await;
    member.was_removed();
}
