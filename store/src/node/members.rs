//! Members as clients see them: Raft's membership joined with what each member published about itself.

use holdfast_consensus::handle::{Configuration, MemberChange, NewMember};
use holdfast_core::command::Operation;
use holdfast_core::ids::{LogIndex, MemberId};

use super::published::PublishedMember;
use super::{MemberInfo, Node, NodeError, unix_nanos};
use crate::config::added_member_id;

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

    /// Takes a member in and says which it is. It becomes a voter by itself once it has caught up, unless it is to stay
    /// a learner; either way the cluster does not depend on it before that.
    pub async fn add_member(
        &self,
        peer_urls: Vec<String>,
        is_learner: bool,
    ) -> Result<MemberInfo, NodeError> {
        let id = self.new_member_id(&peer_urls);
        let new = NewMember { id, peer_urls: peer_urls.clone(), is_learner };
        self.change_members(MemberChange::Add(new)).await?;
        Ok(MemberInfo { id, name: String::new(), peer_urls, client_urls: Vec::new(), is_learner })
    }

    /// The id of a member that is added now.
    pub fn new_member_id(&self, peer_urls: &[String]) -> MemberId {
        let unix_seconds = u64::try_from(unix_nanos() / 1_000_000_000).unwrap_or(0);
        added_member_id(peer_urls.iter().map(String::as_str), unix_seconds)
    }

    /// Has the leader change the membership and waits until this member knows. Returns the index of the new
    /// configuration.
    pub async fn change_members(&self, change: MemberChange) -> Result<LogIndex, NodeError> {
        Ok(self.consensus.change_members(change).await?)
    }

    /// The newest configuration in this member's log, after a barrier if it is to be the cluster's newest.
    pub async fn configuration(&self, linearizable: bool) -> Result<Configuration, NodeError> {
        self.read(linearizable).await?;
        Ok(self.consensus.configuration().await?)
    }

    /// Whether this member is a learner, which serves little.
    pub fn is_learner(&self) -> bool {
        self.consensus.is_learner()
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

    /// This member's name: as given, or else as the cluster knows it.
    pub fn name(&self) -> Result<String, NodeError> {
        let given = &self.settings.name;
        if self.settings.has_own_name {
            return Ok(given.clone());
        }
        let published = self.view().published_members()?;
        let own = published.iter().find(|(id, _)| *id == self.member_id);
        let known = own.map(|(_, bytes)| PublishedMember::read(bytes).name);
        let listed = || self.peers().into_iter().find(|peer| peer.id == self.member_id).map(|peer| peer.name);
        let name = known.filter(|name| !name.is_empty()).or_else(listed);
        Ok(name.filter(|name| !name.is_empty()).unwrap_or_else(|| given.clone()))
    }

    /// The proposal that makes this member's name and URLs known, `None` when the state has them already.
    pub(super) fn publication(&self) -> Result<Option<Operation>, NodeError> {
        let own =
            PublishedMember { name: self.name()?, client_urls: self.settings.advertise_client_urls.clone() };
        let attributes = own.encode_to_bytes();
        let known = self.view().published_members()?;
        if known.iter().any(|(id, bytes)| *id == self.member_id && *bytes == attributes) {
            return Ok(None);
        }
        Ok(Some(Operation::MemberPublish { member: self.member_id, attributes }))
    }
}
