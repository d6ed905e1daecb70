//! `etcdserverpb.Cluster`. Its headers have no revision.

use holdfast_consensus::handle::{MemberChange, MemberRefusal};
use holdfast_core::ids::{MemberId, Revision};
use holdfast_proto::etcdserverpb as pb;

use crate::api::convert::response;
use crate::api::error::{Refusal, Status};
use crate::api::member_urls;
use crate::auth::Claim;
use crate::node::{MemberInfo, Node};

/// `MemberList`.
pub async fn member_list(
    node: &Node,
    claim: &Claim,
    request: pb::MemberListRequest,
) -> Result<pb::MemberListResponse, Status> {
    node.check_login(claim).await?;
    let members = node.members(request.linearizable).await?;
    Ok(pb::MemberListResponse { header: header(node), members: members.into_iter().map(member).collect() })
}

/// `MemberAdd`.
pub async fn member_add(
    node: &Node,
    claim: &Claim,
    request: pb::MemberAddRequest,
) -> Result<pb::MemberAddResponse, Status> {
    let peer_urls = urls(&request.peer_ur_ls)?;
    node.check_root(claim).await?;
    let added = node.add_member(peer_urls, request.is_learner).await?;
    Ok(pb::MemberAddResponse {
        header: header(node),
        member: Some(member(added)),
        members: list(node).await?,
    })
}

/// `MemberRemove`.
pub async fn member_remove(
    node: &Node,
    claim: &Claim,
    request: pb::MemberRemoveRequest,
) -> Result<pb::MemberRemoveResponse, Status> {
    node.check_root(claim).await?;
    node.change_members(MemberChange::Remove(MemberId(request.id))).await?;
    Ok(pb::MemberRemoveResponse { header: header(node), members: list(node).await? })
}

/// `MemberUpdate`. etcd takes whatever it is given for a member that exists; peer URLs that nobody can connect to would
/// cut it off.
pub async fn member_update(
    node: &Node,
    claim: &Claim,
    request: pb::MemberUpdateRequest,
) -> Result<pb::MemberUpdateResponse, Status> {
    node.check_root(claim).await?;
    let member = MemberId(request.id);
    if node.peers().iter().all(|peer| peer.id != member) {
        return Err(MemberRefusal::NotFound(member).into());
    }
    let peer_urls = urls(&request.peer_ur_ls)?;
    node.change_members(MemberChange::Update { member, peer_urls }).await?;
    Ok(pb::MemberUpdateResponse { header: header(node), members: list(node).await? })
}

/// `MemberPromote`.
pub async fn member_promote(
    node: &Node,
    claim: &Claim,
    request: pb::MemberPromoteRequest,
) -> Result<pb::MemberPromoteResponse, Status> {
    node.check_root(claim).await?;
    node.change_members(MemberChange::Promote(MemberId(request.id))).await?;
    Ok(pb::MemberPromoteResponse { header: header(node), members: list(node).await? })
}

fn urls(texts: &[String]) -> Result<Vec<String>, Status> {
    member_urls::parse(texts).map_err(|_| Refusal::BadMemberUrls.into())
}

fn header(node: &Node) -> Option<pb::ResponseHeader> {
    Some(response::header(node.header_at(Revision(0))))
}

async fn list(node: &Node) -> Result<Vec<pb::Member>, Status> {
    Ok(node.members(false).await?.into_iter().map(member).collect())
}

fn member(member: MemberInfo) -> pb::Member {
    pb::Member {
        id: member.id.0,
        name: member.name,
        peer_ur_ls: member.peer_urls,
        client_ur_ls: member.client_urls,
        is_learner: member.is_learner,
    }
}
