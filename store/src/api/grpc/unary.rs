//! Unary calls: one message in, one framed message out.

use bytes::{Bytes, BytesMut};
use holdfast_proto::{admin, etcdserverpb as pb, health};
use http_body::Body;
use prost::Message;

use super::frame::{self, FrameReader, PREFIX_LEN, decode};
use super::metrics::CallCounter;
use super::{Begun, GrpcService, Method};
use crate::api::error::{Code, Status};
use crate::api::{audit, calls, learner};
use crate::auth::Claim;

impl GrpcService {
    pub(super) async fn unary<B>(&self, begun: &mut Begun<B>) -> Result<Bytes, Status>
    where
        B: Body<Data = Bytes> + Unpin,
        B::Error: std::fmt::Display,
    {
        let message = receive(&mut begun.reader, &begun.call).await?;
        learner::check(&self.node, begun.method, || message.clone())?;
        if audit::is_on(&self.node) {
            begun.audited = Some(message.clone());
        }
        self.check_leader(begun.metadata.requires_leader)?;
        let (node, method, claim) = (&*self.node, begun.method, &begun.metadata.claim);
        match method {
            Method::Range => {
                let answer = calls::kv::range_encoded(node, claim, decode(message)?, PREFIX_LEN).await?;
                with_prefix(answer)
            }
            Method::Put => encode(&calls::kv::put(node, claim, decode(message)?).await?),
            Method::Txn => encode(&calls::txn::txn(node, claim, decode(message)?).await?),
            // The others are boxed so that the frequent calls have a small future.
            Method::DeleteRange
            | Method::Compact
            | Method::LeaseGrant
            | Method::LeaseRevoke
            | Method::LeaseTimeToLive
            | Method::LeaseLeases => Box::pin(self.key_or_lease_call(method, claim, message)).await,
            _ => Box::pin(self.administration(method, claim, message)).await,
        }
    }

    async fn key_or_lease_call(
        &self,
        method: Method,
        claim: &Claim,
        message: Bytes,
    ) -> Result<Bytes, Status> {
        let node = &*self.node;
        match method {
            Method::DeleteRange => encode(&calls::kv::delete_range(node, claim, decode(message)?).await?),
            Method::Compact => encode(&calls::kv::compact(node, claim, decode(message)?).await?),
            Method::LeaseGrant => encode(&calls::lease::grant(node, claim, decode(message)?).await?),
            Method::LeaseRevoke => encode(&calls::lease::revoke(node, claim, decode(message)?).await?),
            Method::LeaseTimeToLive => {
                encode(&calls::lease::time_to_live(node, claim, decode(message)?).await?)
            }
            Method::LeaseLeases => {
                decode::<pb::LeaseLeasesRequest>(message)?;
                encode(&calls::lease::leases(node, claim).await?)
            }
            other => Err(Status::unimplemented(other.service(), other.name())),
        }
    }

    async fn administration(&self, method: Method, claim: &Claim, message: Bytes) -> Result<Bytes, Status> {
        let node = &*self.node;
        match method {
            Method::MemberAdd
            | Method::MemberRemove
            | Method::MemberUpdate
            | Method::MemberList
            | Method::MemberPromote
            | Method::Membership
            | Method::ChangeMembership
            | Method::State
            | Method::Initialize => self.membership(method, claim, message).await,
            Method::Alarm => encode(&calls::maintenance::alarm(node, claim, decode(message)?).await?),
            Method::Status => {
                decode::<pb::StatusRequest>(message)?;
                encode(&calls::maintenance::status(node, claim).await?)
            }
            Method::Defragment => {
                decode::<pb::DefragmentRequest>(message)?;
                encode(&calls::maintenance::defragment(node, claim).await?)
            }
            Method::Hash => {
                decode::<pb::HashRequest>(message)?;
                encode(&calls::maintenance::hash(node, claim).await?)
            }
            Method::HashKv => encode(&calls::maintenance::hash_kv(node, claim, decode(message)?).await?),
            Method::MoveLeader => {
                encode(&calls::maintenance::move_leader(node, claim, decode(message)?).await?)
            }
            Method::HealthCheck => {
                encode(&calls::health::check(&decode::<health::HealthCheckRequest>(message)?.service)?)
            }
            Method::AuthStatus => encode(&calls::auth::status(node, claim).await?),
            Method::AuthEnable => encode(&calls::auth::enable(node, claim).await?),
            Method::AuthDisable => encode(&calls::auth::disable(node, claim).await?),
            Method::Authenticate => encode(&calls::auth::authenticate(node, claim, decode(message)?).await?),
            other => self.users_and_roles(other, claim, message).await,
        }
    }

    async fn membership(&self, method: Method, claim: &Claim, message: Bytes) -> Result<Bytes, Status> {
        let node = &*self.node;
        match method {
            Method::MemberAdd => encode(&calls::cluster::member_add(node, claim, decode(message)?).await?),
            Method::MemberRemove => {
                encode(&calls::cluster::member_remove(node, claim, decode(message)?).await?)
            }
            Method::MemberUpdate => {
                encode(&calls::cluster::member_update(node, claim, decode(message)?).await?)
            }
            Method::MemberList => encode(&calls::cluster::member_list(node, claim, decode(message)?).await?),
            Method::MemberPromote => {
                encode(&calls::cluster::member_promote(node, claim, decode(message)?).await?)
            }
            Method::Membership => encode(&calls::admin::membership(node, claim, decode(message)?).await?),
            Method::State => {
                decode::<admin::StateRequest>(message)?;
                encode(&calls::admin::state(node, claim).await?)
            }
            Method::Initialize => {
                decode::<admin::InitializeRequest>(message)?;
                Err(calls::admin::initialize(node, claim).await)
            }
            Method::ChangeMembership => {
                encode(&calls::admin::change_membership(node, claim, decode(message)?).await?)
            }
            other => Err(Status::unimplemented(other.service(), other.name())),
        }
    }

    async fn users_and_roles(&self, method: Method, claim: &Claim, message: Bytes) -> Result<Bytes, Status> {
        use calls::auth;
        let node = &*self.node;
        match method {
            Method::UserAdd => encode(&auth::user_add(node, claim, decode(message)?).await?),
            Method::UserGet => encode(&auth::user_get(node, claim, decode(message)?).await?),
            Method::UserList => encode(&auth::user_list(node, claim).await?),
            Method::UserDelete => encode(&auth::user_delete(node, claim, decode(message)?).await?),
            Method::UserChangePassword => {
                encode(&auth::user_change_password(node, claim, decode(message)?).await?)
            }
            Method::UserGrantRole => encode(&auth::user_grant_role(node, claim, decode(message)?).await?),
            Method::UserRevokeRole => encode(&auth::user_revoke_role(node, claim, decode(message)?).await?),
            Method::RoleAdd => encode(&auth::role_add(node, claim, decode(message)?).await?),
            Method::RoleGet => encode(&auth::role_get(node, claim, decode(message)?).await?),
            Method::RoleList => encode(&auth::role_list(node, claim).await?),
            Method::RoleDelete => encode(&auth::role_delete(node, claim, decode(message)?).await?),
            Method::RoleGrantPermission => {
                encode(&auth::role_grant_permission(node, claim, decode(message)?).await?)
            }
            Method::RoleRevokePermission => {
                encode(&auth::role_revoke_permission(node, claim, decode(message)?).await?)
            }
            other => {
                // What is not there yet is there for root only, so that nobody else learns of it.
                node.check_root(claim).await?;
                Err(Status::unimplemented(other.service(), other.name()))
            }
        }
    }
}

/// The one request of a call.
pub(super) async fn receive<B>(reader: &mut FrameReader<B>, call: &CallCounter) -> Result<Bytes, Status>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: std::fmt::Display,
{
    let message = reader.next().await?.ok_or_else(|| Status::new(Code::Internal, "unexpected EOF"))?;
    call.received(message.len());
    Ok(message)
}

fn encode<M: Message>(message: &M) -> Result<Bytes, Status> {
    frame::check_send_len(message.encoded_len())?;
    Ok(frame::encode(message))
}

/// Fills the prefix that an already encoded answer left room for.
fn with_prefix(mut frame: BytesMut) -> Result<Bytes, Status> {
    let message_len = frame.len() - PREFIX_LEN;
    frame::check_send_len(message_len)?;
    frame[..PREFIX_LEN].copy_from_slice(&frame::prefix(message_len));
    Ok(frame.freeze())
}
