//! The calls that are compared: where each is found over gRPC and over JSON, and how its answer is shown.

use std::fmt::Debug;

use holdfast_proto::{etcdserverpb as pb, health, v3electionpb, v3lockpb};
use prost::Message;

/// One call.
#[derive(Debug)]
pub struct Method {
    /// `package.Service/Name`.
    pub grpc: &'static str,
    /// The gateway's path, empty where it has none.
    pub http: &'static str,
    /// An answer as text.
    pub show: fn(&[u8]) -> String,
}

impl Method {
    /// The name without package and service.
    pub fn name(&self) -> &'static str {
        self.grpc.rsplit_once('/').map_or(self.grpc, |(_, name)| name)
    }
}

/// All fields of the message, and how many bytes it has beyond them: unknown fields or default values.
fn show<M: Message + Default + Debug>(bytes: &[u8]) -> String {
    match M::decode(bytes) {
        Ok(message) if message.encoded_len() == bytes.len() => format!("{message:?}"),
        Ok(message) => format!("{message:?} in {} instead of {} bytes", bytes.len(), message.encoded_len()),
        Err(error) => format!("not readable: {error}"),
    }
}

macro_rules! methods {
    ($($name:ident $grpc:literal $http:literal $answer:ty;)*) => {
        $(pub static $name: Method = Method { grpc: $grpc, http: $http, show: show::<$answer> };)*
    };
}

methods! {
    RANGE "etcdserverpb.KV/Range" "/v3/kv/range" pb::RangeResponse;
    RANGE_STREAM "etcdserverpb.KV/RangeStream" "" pb::RangeStreamResponse;
    PUT "etcdserverpb.KV/Put" "/v3/kv/put" pb::PutResponse;
    DELETE_RANGE "etcdserverpb.KV/DeleteRange" "/v3/kv/deleterange" pb::DeleteRangeResponse;
    TXN "etcdserverpb.KV/Txn" "/v3/kv/txn" pb::TxnResponse;
    COMPACT "etcdserverpb.KV/Compact" "/v3/kv/compaction" pb::CompactionResponse;
    WATCH "etcdserverpb.Watch/Watch" "/v3/watch" pb::WatchResponse;
    LEASE_GRANT "etcdserverpb.Lease/LeaseGrant" "/v3/lease/grant" pb::LeaseGrantResponse;
    LEASE_REVOKE "etcdserverpb.Lease/LeaseRevoke" "/v3/lease/revoke" pb::LeaseRevokeResponse;
    LEASE_KEEP_ALIVE "etcdserverpb.Lease/LeaseKeepAlive" "/v3/lease/keepalive" pb::LeaseKeepAliveResponse;
    LEASE_TIME_TO_LIVE "etcdserverpb.Lease/LeaseTimeToLive" "/v3/lease/timetolive" pb::LeaseTimeToLiveResponse;
    LEASE_LEASES "etcdserverpb.Lease/LeaseLeases" "/v3/lease/leases" pb::LeaseLeasesResponse;
    MEMBER_LIST "etcdserverpb.Cluster/MemberList" "/v3/cluster/member/list" pb::MemberListResponse;
    MEMBER_ADD "etcdserverpb.Cluster/MemberAdd" "/v3/cluster/member/add" pb::MemberAddResponse;
    MEMBER_REMOVE "etcdserverpb.Cluster/MemberRemove" "/v3/cluster/member/remove" pb::MemberRemoveResponse;
    MEMBER_UPDATE "etcdserverpb.Cluster/MemberUpdate" "/v3/cluster/member/update" pb::MemberUpdateResponse;
    MEMBER_PROMOTE "etcdserverpb.Cluster/MemberPromote" "/v3/cluster/member/promote" pb::MemberPromoteResponse;
    ALARM "etcdserverpb.Maintenance/Alarm" "/v3/maintenance/alarm" pb::AlarmResponse;
    STATUS "etcdserverpb.Maintenance/Status" "/v3/maintenance/status" pb::StatusResponse;
    DEFRAGMENT "etcdserverpb.Maintenance/Defragment" "/v3/maintenance/defragment" pb::DefragmentResponse;
    HASH "etcdserverpb.Maintenance/Hash" "/v3/maintenance/hash" pb::HashResponse;
    HASH_KV "etcdserverpb.Maintenance/HashKV" "/v3/maintenance/hashkv" pb::HashKvResponse;
    MOVE_LEADER "etcdserverpb.Maintenance/MoveLeader" "/v3/maintenance/transfer-leadership" pb::MoveLeaderResponse;
    DOWNGRADE "etcdserverpb.Maintenance/Downgrade" "/v3/maintenance/downgrade" pb::DowngradeResponse;
    AUTH_STATUS "etcdserverpb.Auth/AuthStatus" "/v3/auth/status" pb::AuthStatusResponse;
    AUTHENTICATE "etcdserverpb.Auth/Authenticate" "/v3/auth/authenticate" pb::AuthenticateResponse;
    AUTH_DISABLE "etcdserverpb.Auth/AuthDisable" "/v3/auth/disable" pb::AuthDisableResponse;
    USER_LIST "etcdserverpb.Auth/UserList" "/v3/auth/user/list" pb::AuthUserListResponse;
    ROLE_LIST "etcdserverpb.Auth/RoleList" "/v3/auth/role/list" pb::AuthRoleListResponse;
    LOCK "v3lockpb.Lock/Lock" "/v3/lock/lock" v3lockpb::LockResponse;
    LEADER "v3electionpb.Election/Leader" "/v3/election/leader" v3electionpb::LeaderResponse;
    HEALTH_CHECK "grpc.health.v1.Health/Check" "" health::HealthCheckResponse;
    UNKNOWN_METHOD "etcdserverpb.KV/Rename" "/v3/kv/rename" pb::RangeResponse;
    UNKNOWN_SERVICE "etcdserverpb.Nothing/Range" "/v3/nothing/range" pb::RangeResponse;
}
