//! How a member that hears of no leader learns that it was removed: it asks those that it knows of. Must not believe
//! anyone of another cluster; their answers do not come through.

use std::sync::Arc;

use futures::future::join_all;
use holdfast_proto::peer;

use crate::limits::STANDING_TIMEOUT;
use crate::member::Member;
use crate::peers::book::Purpose;

/// Asks whenever there is no leader, for as long as the member lives.
pub async fn run(member: Arc<Member>) {
    let mut look = tokio::time::interval(member.election_timeout);
    loop {
        look.tick().await;
        if member.leadership.leader().is_some() {
            continue;
        }
        let peers = member.leadership.peers.load_full();
        let others = peers.iter().map(|peer| peer.id.0).filter(|id| *id != member.id);
        let answers = join_all(others.map(|other| member.is_removed_says(other))).await;
        if answers.contains(&true) {
            member.was_removed();
        }
    }
}

impl Member {
    /// Whether `other` answers that this member was removed.
    async fn is_removed_says(&self, other: u64) -> bool {
        let Some(node) = self.leadership.node(other) else { return false };
        let Ok(mut client) = self.book.client(other, &node, Purpose::Forward) else { return false };
        let request = peer::StandingRequest { header: Some(self.book.header(other)) };
        let answer = tokio::time::timeout(STANDING_TIMEOUT, client.standing(request)).await;
        matches!(answer, Ok(Ok(answer)) if answer.get_ref().is_removed)
    }

    /// Ends this member: it belongs to the cluster no more. The folder remembers.
    pub fn was_removed(&self) {
        if self.failure.has_ended() {
            return;
        }
        if let Err(error) = self.data_dir.mark_removed() {
            tracing::warn!(%error, "the folder does not remember that this member was removed; the others do");
        }
        self.failure.report_removal();
    }
}
