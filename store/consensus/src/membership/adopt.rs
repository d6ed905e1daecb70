//! How a blank member becomes one: the leader tells it which it is, once it has been announced and as long as it never
//! ran. Must not give the place of a member that has run to an empty folder.

use std::sync::Arc;

use holdfast_proto::peer;

use crate::limits::{ADOPT_PAUSE, STANDING_TIMEOUT};
use crate::member::Member;
use crate::peers::book::Purpose;
use crate::types::MemberNode;

/// Looks for announced members that have not begun to run, for as long as the member lives.
pub async fn run(member: Arc<Member>) {
    let mut look = tokio::time::interval(ADOPT_PAUSE);
    loop {
        look.tick().await;
        if !member.is_leader() {
            continue;
        }
        let Ok(effective) = member.effective_membership().await else { continue };
        if !effective.is_committed {
            continue;
        }
        for (id, found) in member.roster(&effective).members {
            if found.has_started {
                continue;
            }
            // What it acknowledged counted for nothing yet; a folder that was lost meanwhile may begin anew.
            let _ = member.raft.trigger().allow_next_revert(&id, true).await;
            if !found.is_active {
                member.adopt(id, &found.node).await;
            }
        }
    }
}

impl Member {
    async fn adopt(&self, id: u64, node: &MemberNode) {
        let Ok(mut client) = self.book.client(id, node, Purpose::Forward) else { return };
        let header = Some(self.book.header(id));
        let request = peer::AdoptRequest { header, peer_urls: node.peer_urls.clone() };
        let answer = tokio::time::timeout(STANDING_TIMEOUT, client.adopt(request)).await;
        match answer {
            Ok(Ok(answer)) if answer.get_ref().member == id => {}
            Ok(Ok(answer)) => tracing::warn!(
                member = format_args!("{id:x}"),
                found = format_args!("{:x}", answer.get_ref().member),
                "where a new member is expected another one runs"
            ),
            // Whoever cannot be reached is asked again; the log says so elsewhere.
            Ok(Err(_)) | Err(_) => {}
        }
    }
}
