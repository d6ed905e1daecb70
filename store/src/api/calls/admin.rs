//! `holdfast.v1.Admin`: the membership with its number, and changes of it that name the number that they begin from.

use holdfast_consensus::handle::{ConfigurationMember, MemberChange, NewMember, Replacement};
use holdfast_core::ids::{LogIndex, MemberId};
use holdfast_proto::admin as pb;

use crate::api::convert::response;
use crate::api::error::{Code, Refusal, Status};
use crate::api::member_urls;
use crate::auth::Claim;
use crate::node::{MemberInfo, Node};

/// `Membership`.
pub async fn membership(
    node: &Node,
    claim: &Claim,
    request: pb::MembershipRequest,
) -> Result<pb::MembershipResponse, Status> {
    node.check_login(claim).await?;
    let configuration = node.configuration(!request.serializable).await?;
    let known = node.members(false).await?;
    let members = configuration.members.into_iter().map(|found| {
        let info = known.iter().find(|info| info.id == found.peer.id);
        member(found, info)
    });
    Ok(pb::MembershipResponse {
        header: Some(response::header(node.header())),
        leader: node.leadership().borrow().1.unwrap_or_default().0,
        configuration: configuration.index.0,
        is_changing: configuration.is_changing,
        members: members.collect(),
    })
}

/// `ChangeMembership`.
pub async fn change_membership(
    node: &Node,
    claim: &Claim,
    request: pb::ChangeMembershipRequest,
) -> Result<pb::MembershipResponse, Status> {
    node.check_root(claim).await?;
    let add = request.add.iter().map(|new| {
        let peer_urls =
            member_urls::parse(&new.peer_urls).map_err(|_| Status::from(Refusal::BadMemberUrls))?;
        Ok(NewMember { id: node.new_member_id(&peer_urls), peer_urls, is_learner: !new.is_voter })
    });
    let replacement = Replacement {
        expected: LogIndex(request.expected_configuration),
        add: add.collect::<Result<Vec<_>, Status>>()?,
        voters: request.voters.into_iter().map(MemberId).collect(),
        remove: request.remove.into_iter().map(MemberId).collect(),
    };
    node.change_members(MemberChange::Replace(replacement)).await?;
    membership(node, claim, pb::MembershipRequest::default()).await
}

/// `State`.
pub async fn state(node: &Node, claim: &Claim) -> Result<pb::StateResponse, Status> {
    node.check_login(claim).await?;
    let header = node.header();
    let own = node.peers().into_iter().find(|peer| peer.id == header.member_id);
    Ok(pb::StateResponse {
        is_blank: false,
        cluster_id: header.cluster_id.0,
        member_id: header.member_id.0,
        name: node.name()?,
        peer_urls: own.map_or_else(Vec::new, |own| own.peer_urls),
    })
}

/// `Initialize`, which only a blank member takes.
pub async fn initialize(node: &Node, claim: &Claim) -> Status {
    if let Err(error) = node.check_login(claim).await {
        return error.into();
    }
    let header = node.header();
    let text = format!(
        "holdfast: this is member {:x} of cluster {:x} already",
        header.member_id.0, header.cluster_id.0
    );
    Status::new(Code::FailedPrecondition, text)
}

fn member(found: ConfigurationMember, info: Option<&MemberInfo>) -> pb::ConfigurationMember {
    let role = match (found.votes, found.is_joining) {
        (true, _) => pb::MemberRole::Voter,
        (false, true) => pb::MemberRole::Joining,
        (false, false) => pb::MemberRole::Learner,
    };
    pb::ConfigurationMember {
        id: found.peer.id.0,
        name: info.map_or(found.peer.name, |info| info.name.clone()),
        peer_urls: found.peer.peer_urls,
        client_urls: info.map_or_else(Vec::new, |info| info.client_urls.clone()),
        role: role.into(),
        has_started: found.has_started,
        is_active: found.is_active,
        is_in_sync: found.is_in_sync,
    }
}
