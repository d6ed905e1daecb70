//! How a member that was announced to a running cluster finds out who it is: it asks members for the list and looks for
//! its own peer URLs. Must not take the place of a member that has run before: that one's votes and acknowledgements
//! would be forgotten.

use std::sync::Arc;

use holdfast_core::ids::{ClusterId, MemberId};
use holdfast_proto::peer;

use crate::handle::MemberIdentity;
use crate::limits::{INTRODUCE_CALL_TIMEOUT, INTRODUCE_RETRY_PAUSE, INTRODUCE_TIMEOUT};
use crate::member::Member;
use crate::peers::book::connect;
use crate::peers::dial::SecureDial;
use crate::peers::reach::root_reason;

/// Why a member does not know who it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JoinError {
    /// Nobody could be asked.
    #[error("no other member is named")]
    NobodyToAsk,
    /// Nobody answered.
    #[error("{url} does not answer: {reason}")]
    NoAnswer {
        /// The last that was asked.
        url: String,
        /// What came instead of an answer.
        reason: String,
    },
    /// The cluster has no such member.
    #[error("cluster {cluster:x} has no member with the peer URLs {peer_urls}")]
    NotAnnounced {
        /// The cluster.
        cluster: u64,
        /// What was looked for.
        peer_urls: String,
    },
    /// The member exists and has run before.
    #[error("member {member:x} of cluster {cluster:x} has run before")]
    HasRun {
        /// The cluster.
        cluster: u64,
        /// The member.
        member: u64,
    },
}

/// Asks the members at the URLs `ask` for the one with `peer_urls`.
///
/// `secure_dial` makes connections to `https` URLs.
pub async fn find_identity(
    peer_urls: &[String],
    ask: &[String],
    secure_dial: Option<&Arc<dyn SecureDial>>,
) -> Result<MemberIdentity, JoinError> {
    let mut last = JoinError::NobodyToAsk;
    let asking = async {
        loop {
            for url in ask {
                match ask_one(url, peer_urls, secure_dial).await {
                    Ok(response) => return recognise(peer_urls, &response),
                    Err(reason) => last = JoinError::NoAnswer { url: url.clone(), reason },
                }
            }
            if ask.is_empty() {
                return Err(JoinError::NobodyToAsk);
            }
            tokio::time::sleep(INTRODUCE_RETRY_PAUSE).await;
        }
    };
    match tokio::time::timeout(INTRODUCE_TIMEOUT, asking).await {
        Ok(found) => found,
        Err(_) => Err(last),
    }
}

async fn ask_one(
    url: &str,
    peer_urls: &[String],
    secure_dial: Option<&Arc<dyn SecureDial>>,
) -> Result<peer::IntroduceResponse, String> {
    let mut client = connect(url, secure_dial).map_err(|error| error.to_string())?;
    let request = peer::IntroduceRequest { peer_urls: peer_urls.to_vec() };
    match tokio::time::timeout(INTRODUCE_CALL_TIMEOUT, client.introduce(request)).await {
        Ok(Ok(response)) => Ok(response.into_inner()),
        Ok(Err(status)) => Err(root_reason(&status)),
        Err(_) => Err("no answer in time".to_owned()),
    }
}

/// Finds the member with these peer URLs.
fn recognise(peer_urls: &[String], response: &peer::IntroduceResponse) -> Result<MemberIdentity, JoinError> {
    let cluster = response.cluster_id;
    let own: Vec<String> = peer_urls.iter().map(|url| comparable(url)).collect();
    let is_own = |member: &&peer::introduce_response::Member| {
        member.peer_urls.iter().any(|url| own.contains(&comparable(url)))
    };
    match response.members.iter().find(is_own) {
        None => Err(JoinError::NotAnnounced { cluster, peer_urls: peer_urls.join(",") }),
        Some(found) if found.has_started => Err(JoinError::HasRun { cluster, member: found.id }),
        Some(found) => Ok(MemberIdentity { cluster_id: ClusterId(cluster), member_id: MemberId(found.id) }),
    }
}

/// `localhost` is the only name that can be resolved without asking anyone.
fn comparable(url: &str) -> String {
    url.replacen("://localhost:", "://127.0.0.1:", 1)
}

impl Member {
    /// The list for one that is to join, with everything in it that was acknowledged before, if that can be had.
    pub async fn introduce(self: &Arc<Self>) -> peer::IntroduceResponse {
        // A list that may be old is better than none: who finds itself in it was announced.
        let _ = tokio::time::timeout(self.election_timeout, self.read_barrier()).await;
        let published = self.published.view().published_members().unwrap_or_default();
        let peers = self.leadership.peers.load_full();
        let members = peers.iter().map(|peer| peer::introduce_response::Member {
            id: peer.id.0,
            peer_urls: peer.peer_urls.clone(),
            has_started: !peer.name.is_empty() || published.iter().any(|(id, _)| *id == peer.id),
        });
        peer::IntroduceResponse { cluster_id: self.book.cluster_id(), members: members.collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_member_that_never_ran_is_taken() {
        let member = |id: u64, has_started| peer::introduce_response::Member {
            id,
            peer_urls: vec![format!("http://127.0.0.1:{id}")],
            has_started,
        };
        let response =
            peer::IntroduceResponse { cluster_id: 9, members: vec![member(1, true), member(2, false)] };
        let look_for = |url: &str| recognise(&[url.to_owned()], &response);
        let found = MemberIdentity { cluster_id: ClusterId(9), member_id: MemberId(2) };
        assert_eq!(look_for("http://127.0.0.1:2"), Ok(found));
        assert_eq!(look_for("http://localhost:2"), Ok(found));
        assert_eq!(look_for("http://127.0.0.1:1"), Err(JoinError::HasRun { cluster: 9, member: 1 }));
        let peer_urls = "http://127.0.0.1:3".to_owned();
        assert_eq!(look_for("http://127.0.0.1:3"), Err(JoinError::NotAnnounced { cluster: 9, peer_urls }));
    }
}
