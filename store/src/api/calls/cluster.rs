//! `etcdserverpb.Cluster`. The membership is static: only the list is answered.

use holdfast_core::ids::Revision;
use holdfast_proto::etcdserverpb as pb;

use crate::api::convert::response;
use crate::api::error::Status;
use crate::node::{MemberInfo, Node};

/// `MemberList`. Its header has no revision, as all headers of this service.
pub async fn member_list(
    node: &Node,
    request: pb::MemberListRequest,
) -> Result<pb::MemberListResponse, Status> {
    let members = node.members(request.linearizable).await?;
    Ok(pb::MemberListResponse {
        header: Some(response::header(node.header_at(Revision(0)))),
        members: members.into_iter().map(member).collect(),
    })
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
