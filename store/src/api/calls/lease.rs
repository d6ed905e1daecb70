//! `etcdserverpb.Lease`. A stream of renewals is a row of single ones.

use holdfast_core::ids::LeaseId;
use holdfast_proto::etcdserverpb as pb;

use crate::api::convert::response;
use crate::api::error::Status;
use crate::auth::Claim;
use crate::node::Node;

/// `LeaseGrant`.
pub async fn grant(
    node: &Node,
    claim: &Claim,
    request: pb::LeaseGrantRequest,
) -> Result<pb::LeaseGrantResponse, Status> {
    let (header, id, ttl_seconds) = node.lease_grant(claim, LeaseId(request.id), request.ttl).await?;
    let header = Some(response::header(header));
    Ok(pb::LeaseGrantResponse { header, id: id.0, ttl: ttl_seconds, error: String::new() })
}

/// `LeaseRevoke`.
pub async fn revoke(
    node: &Node,
    claim: &Claim,
    request: pb::LeaseRevokeRequest,
) -> Result<pb::LeaseRevokeResponse, Status> {
    let header = node.lease_revoke(claim, LeaseId(request.id)).await?;
    Ok(pb::LeaseRevokeResponse { header: Some(response::header(header)) })
}

/// One renewal of `LeaseKeepAlive`; a lease that is gone is answered with a time to live of 0.
pub async fn keep_alive(
    node: &Node,
    claim: &Claim,
    request: pb::LeaseKeepAliveRequest,
) -> Result<pb::LeaseKeepAliveResponse, Status> {
    let (header, ttl_seconds) = node.lease_keep_alive(claim, LeaseId(request.id)).await?;
    let header = Some(response::header(header));
    Ok(pb::LeaseKeepAliveResponse { header, id: request.id, ttl: ttl_seconds })
}

/// `LeaseTimeToLive`; a lease that is not there is answered with -1.
pub async fn time_to_live(
    node: &Node,
    claim: &Claim,
    request: pb::LeaseTimeToLiveRequest,
) -> Result<pb::LeaseTimeToLiveResponse, Status> {
    let (header, lease) = node.lease_time_to_live(claim, LeaseId(request.id), request.keys).await?;
    Ok(pb::LeaseTimeToLiveResponse {
        header: Some(response::header(header)),
        id: request.id,
        ttl: lease.ttl_seconds,
        granted_ttl: lease.granted_ttl_seconds,
        keys: lease.keys,
    })
}

/// `LeaseLeases`.
pub async fn leases(node: &Node, claim: &Claim) -> Result<pb::LeaseLeasesResponse, Status> {
    let (header, leases) = node.leases(claim).await?;
    Ok(pb::LeaseLeasesResponse {
        header: Some(response::header(header)),
        leases: leases.into_iter().map(|id| pb::LeaseStatus { id: id.0 }).collect(),
    })
}
