//! Unary calls: one message in, one framed message out.

use bytes::{Bytes, BytesMut};
use holdfast_proto::{admin, etcdserverpb as pb, health};
use http_body::Body;
use prost::Message;

use super::frame::{self, FrameReader, PREFIX_LEN, decode};
use super::metrics::CallCounter;
use super::{Begun, GrpcService, Method};
use crate::api::error::{Code, Status};
use crate::api::{calls, learner};

impl GrpcService {
    pub(super) async fn unary<B>(&self, begun: &mut Begun<B>) -> Result<Bytes, Status>
    where
        B: Body<Data = Bytes> + Unpin,
        B::Error: std::fmt::Display,
    {
        let message = receive(&mut begun.reader, &begun.call).await?;
        learner::check(&self.node, begun.method, || message.clone())?;
        self.check_leader(begun.metadata.requires_leader)?;
        let (node, method) = (&*self.node, begun.method);
        match method {
            Method::Range => {
                let answer = calls::kv::range_encoded(node, decode(message)?, PREFIX_LEN).await?;
                with_prefix(answer)
            }
            Method::Put => encode(&calls::kv::put(node, decode(message)?).await?),
            Method::Txn => encode(&calls::txn::txn(node, decode(message)?).await?),
            // The others are boxed so that the frequent calls have a small future.
            Method::DeleteRange
            | Method::Compact
            | Method::LeaseGrant
            | Method::LeaseRevoke
            | Method::LeaseTimeToLive
            | Method::LeaseLeases => Box::pin(self.key_or_lease_call(method, message)).await,
            _ => Box::pin(self.administration(method, message)).await,
        }
    }

    async fn key_or_lease_call(&self, method: Method, message: Bytes) -> Result<Bytes, Status> {
        let node = &*self.node;
        match method {
            Method::DeleteRange => encode(&calls::kv::delete_range(node, decode(message)?).await?),
            Method::Compact => encode(&calls::kv::compact(node, decode(message)?).await?),
            Method::LeaseGrant => encode(&calls::lease::grant(node, decode(message)?).await?),
            Method::LeaseRevoke => encode(&calls::lease::revoke(node, decode(message)?).await?),
            Method::LeaseTimeToLive => encode(&calls::lease::time_to_live(node, decode(message)?).await?),
            Method::LeaseLeases => {
                decode::<pb::LeaseLeasesRequest>(message)?;
                encode(&calls::lease::leases(node).await?)
            }
            other => Err(Status::unimplemented(other.service(), other.name())),
        }
    }

    async fn administration(&self, method: Method, message: Bytes) -> Result<Bytes, Status> {
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
            | Method::Initialize => self.membership(method, message).await,
            Method::Alarm => encode(&calls::maintenance::alarm(node, decode(message)?).await?),
            Method::Status => {
                decode::<pb::StatusRequest>(message)?;
                encode(&calls::maintenance::status(node))
            }
            Method::Defragment => {
                decode::<pb::DefragmentRequest>(message)?;
                encode(&calls::maintenance::defragment())
            }
            Method::Hash => {
                decode::<pb::HashRequest>(message)?;
                encode(&calls::maintenance::hash(node).await?)
            }
            Method::HashKv => encode(&calls::maintenance::hash_kv(node, decode(message)?).await?),
            Method::MoveLeader => encode(&calls::maintenance::move_leader(node, decode(message)?).await?),
            Method::HealthCheck => {
                encode(&calls::health::check(&decode::<health::HealthCheckRequest>(message)?.service)?)
            }
            other => self.authentication(other, message),
        }
    }

    async fn membership(&self, method: Method, message: Bytes) -> Result<Bytes, Status> {
        let node = &*self.node;
        match method {
            Method::MemberAdd => encode(&calls::cluster::member_add(node, decode(message)?).await?),
            Method::MemberRemove => encode(&calls::cluster::member_remove(node, decode(message)?).await?),
            Method::MemberUpdate => encode(&calls::cluster::member_update(node, decode(message)?).await?),
            Method::MemberList => encode(&calls::cluster::member_list(node, decode(message)?).await?),
            Method::MemberPromote => encode(&calls::cluster::member_promote(node, decode(message)?).await?),
            Method::Membership => {
                decode::<admin::MembershipRequest>(message)?;
                encode(&calls::admin::membership(node).await?)
            }
            Method::State => {
                decode::<admin::StateRequest>(message)?;
                encode(&calls::admin::state(node)?)
            }
            Method::Initialize => {
                decode::<admin::InitializeRequest>(message)?;
                Err(calls::admin::initialize(node))
            }
            Method::ChangeMembership => {
                encode(&calls::admin::change_membership(node, decode(message)?).await?)
            }
            other => Err(Status::unimplemented(other.service(), other.name())),
        }
    }

    fn authentication(&self, method: Method, message: Bytes) -> Result<Bytes, Status> {
        let node = &*self.node;
        match method {
            Method::AuthStatus => encode(&calls::auth::status(node)),
            Method::AuthEnable => Err(calls::auth::enable()),
            Method::AuthDisable => encode(&calls::auth::disable(node)),
            Method::Authenticate => Err(calls::auth::authenticate()),
            Method::UserAdd => Err(calls::auth::user_add(&decode(message)?)),
            Method::UserList => encode(&calls::auth::user_list(node)),
            Method::UserGet
            | Method::UserDelete
            | Method::UserChangePassword
            | Method::UserGrantRole
            | Method::UserRevokeRole => Err(calls::auth::unknown_user()),
            Method::RoleAdd => Err(calls::auth::role_add(&decode(message)?)),
            Method::RoleList => encode(&calls::auth::role_list(node)),
            Method::RoleGrantPermission => Err(calls::auth::role_grant_permission(&decode(message)?)),
            Method::RoleGet | Method::RoleDelete | Method::RoleRevokePermission => {
                Err(calls::auth::unknown_role())
            }
            other => Err(Status::unimplemented(other.service(), other.name())),
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
