//! Members as clients see them: Raft's membership joined with what each member published about itself.

use holdfast_core::command::Operation;
use holdfast_core::ids::MemberId;

use super::published::PublishedMember;
use super::{MemberInfo, Node, NodeError};

impl Node {
    /// All members by id; after a barrier when `linearizable`.
    pub async fn members(&self, linearizable: bool) -> Result<Vec<MemberInfo>, NodeError> {
        let view = self.read(linearizable).await?;
        let published = view.published_members()?;
        let mut members: Vec<MemberInfo> = self
            .peers()
            .into_iter()
            .map(|peer| {
                let attributes = published
                    .iter()
                    .find(|(id, _)| *id == peer.id)
                    .map(|(_, bytes)| PublishedMember::read(bytes))
                    .unwrap_or_default();
                MemberInfo {
                    id: peer.id,
                    name: if attributes.name.is_empty() { peer.name } else { attributes.name },
                    peer_urls: peer.peer_urls,
                    client_urls: attributes.client_urls,
                    is_learner: peer.is_learner,
                }
            })
            .collect();
        members.sort_by_key(|member| member.id);
        Ok(members)
    }

    /// Hands leadership to `target`.
    ///
    /// # Errors
    /// `NotLeader` when this member does not lead, `BadTransferee` when `target` is no voter.
    pub async fn move_leader(&self, target: MemberId) -> Result<(), NodeError> {
        if self.leadership.borrow().1 != Some(self.member_id) {
            return Err(NodeError::NotLeader);
        }
        let is_voter = self.peers().iter().any(|peer| peer.id == target && !peer.is_learner);
        if !is_voter {
            return Err(NodeError::BadTransferee);
        }
        if target != self.member_id {
            self.consensus.transfer_leadership(Some(target)).await?;
        }
        Ok(())
    }

    /// The proposal that makes this member's name and URLs known, `None` when the state has them already.
    pub(super) fn publication(&self) -> Result<Option<Operation>, NodeError> {
        let own = PublishedMember {
            name: self.settings.name.clone(),
            client_urls: self.settings.advertise_client_urls.clone(),
        };
        let attributes = own.encode_to_bytes();
        let known = self.view().published_members()?;
        if known.iter().any(|(id, bytes)| *id == self.member_id && *bytes == attributes) {
            return Ok(None);
        }
        Ok(Some(Operation::MemberPublish { member: self.member_id, attributes }))
    }
}
