//! The calls about the member and the cluster: status, members, alarms, hashes, leadership; and those that come later.

use holdfast_proto::etcdserverpb as pb;
use holdfast_proto::{health, v3electionpb, v3lockpb};

use super::{delete, put, range};
use crate::methods::{
    ALARM, AUTH_DISABLE, AUTH_STATUS, AUTHENTICATE, COMPACT, DEFRAGMENT, DELETE_RANGE, DOWNGRADE, HASH,
    HASH_KV, HEALTH_CHECK, LEADER, LEASE_GRANT, LEASE_REVOKE, LOCK, MEMBER_ADD, MEMBER_LIST, MEMBER_PROMOTE,
    MEMBER_REMOVE, MEMBER_UPDATE, MOVE_LEADER, PUT, RANGE, ROLE_LIST, STATUS, TXN, USER_LIST,
};
use crate::plan::Group;

pub fn groups() -> Vec<Group> {
    vec![member(), alarms(), full(), later()]
}

fn member() -> Group {
    let mut group = Group::new("member");
    group.both(&STATUS, &pb::StatusRequest {});
    group.both(&MEMBER_LIST, &pb::MemberListRequest { linearizable: false });
    group.both(&MEMBER_LIST, &pb::MemberListRequest { linearizable: true });
    group.both(&MEMBER_ADD, &pb::MemberAddRequest::default());
    group.both(&MEMBER_REMOVE, &pb::MemberRemoveRequest { id: 7 });
    group.both(&MEMBER_UPDATE, &pb::MemberUpdateRequest { id: 7, ..Default::default() });
    group.both(&MEMBER_PROMOTE, &pb::MemberPromoteRequest { id: 7 });
    group.grpc(&PUT, &put("a", "1"));
    group.grpc(&PUT, &put("a", "2"));
    group.both(&STATUS, &pb::StatusRequest {});
    group.both(&HASH, &pb::HashRequest {});
    for revision in [0, 1, 2, 3, 4, -1] {
        group.both(&HASH_KV, &pb::HashKvRequest { revision });
    }
    group.grpc(&COMPACT, &pb::CompactionRequest { revision: 3, physical: true });
    for revision in [0, 1, 2, 3] {
        group.both(&HASH_KV, &pb::HashKvRequest { revision });
    }
    group.both(&DEFRAGMENT, &pb::DefragmentRequest {});
    group.both(&MOVE_LEADER, &pb::MoveLeaderRequest { target_id: 7 });
    group.both(&MOVE_LEADER, &pb::MoveLeaderRequest { target_id: 0 });
    for service in ["", "etcdserverpb.KV", "nothing"] {
        group.grpc(&HEALTH_CHECK, &health::HealthCheckRequest { service: service.to_owned() });
    }
    group
}

fn alarm(action: i32, member_id: u64, alarm: i32) -> pb::AlarmRequest {
    pb::AlarmRequest { action, member_id, alarm }
}

/// What goes on and what does not while an alarm is raised.
fn probe(group: &mut Group) {
    group.both(&PUT, &put("a", "1"));
    group.both(&RANGE, &range("a", ""));
    group.grpc(&RANGE, &pb::RangeRequest { serializable: true, ..range("a", "") });
    group.both(&DELETE_RANGE, &delete("a", ""));
    group.both(&LEASE_GRANT, &pb::LeaseGrantRequest { ttl: 500, id: 5 });
    group.both(&LEASE_REVOKE, &pb::LeaseRevokeRequest { id: 5 });
    group.both(&TXN, &pb::TxnRequest::default());
    let read = pb::request_op::Request::RequestRange(range("a", ""));
    let write = pb::request_op::Request::RequestPut(put("a", "2"));
    for request in [read, write] {
        let success = vec![pb::RequestOp { request: Some(request) }];
        group.both(&TXN, &pb::TxnRequest { success: success.clone(), ..Default::default() });
        group.grpc(&TXN, &pb::TxnRequest { failure: success, ..Default::default() });
    }
    group.both(&COMPACT, &pb::CompactionRequest { revision: 1, physical: false });
    group.both(&STATUS, &pb::StatusRequest {});
    for path in [
        "/health",
        "/health?serializable=true",
        "/health?exclude=NOSPACE",
        "/livez",
        "/readyz",
        "/readyz?verbose",
    ] {
        group.get(path);
    }
}

fn alarms() -> Group {
    let mut group = Group::new("alarms");
    group.both(&ALARM, &alarm(0, 0, 0));
    group.both(&ALARM, &alarm(1, 0, 0));
    group.both(&ALARM, &alarm(2, 0, 1));
    for kind in [1, 2] {
        group.both(&ALARM, &alarm(1, 12, kind));
        group.both(&ALARM, &alarm(1, 12, kind));
        for wanted in [0, 1, 2, 3] {
            group.grpc(&ALARM, &alarm(0, 0, wanted));
        }
        group.both(&ALARM, &alarm(0, 12, kind));
        probe(&mut group);
        group.both(&ALARM, &alarm(2, 13, kind));
        group.both(&ALARM, &alarm(2, 12, kind));
        group.both(&ALARM, &alarm(0, 0, 0));
    }
    probe(&mut group);
    // Not asked: an action or kind to raise that is none, since etcd stops with a panic.
    group.json(&ALARM, r#"{"action":"ACTIVATE","alarm":"NOSPACE"}"#);
    group.json(&ALARM, r#"{"action":"GET"}"#);
    group.json(&ALARM, r#"{"action":"DEACTIVATE","alarm":"NOSPACE","memberID":"0"}"#);
    group.json(&ALARM, r#"{"action":"GET"}"#);
    group
}

/// A quota that is used up by the first write.
fn full() -> Group {
    let mut group = Group::new("quota");
    group.flags = &["--quota-backend-bytes=1"];
    probe(&mut group);
    group.both(&ALARM, &alarm(0, 0, 0));
    group
}

fn later() -> Group {
    let mut group = Group::new("later");
    group.both(&DOWNGRADE, &pb::DowngradeRequest { action: 0, version: "3.6.0".to_owned() });
    group.both(&DOWNGRADE, &pb::DowngradeRequest { action: 2, version: String::new() });
    group.both(&AUTH_STATUS, &pb::AuthStatusRequest {});
    let somebody = pb::AuthenticateRequest { name: "a".to_owned(), password: "b".to_owned() };
    group.both(&AUTHENTICATE, &somebody);
    group.both(&AUTH_DISABLE, &pb::AuthDisableRequest {});
    group.both(&USER_LIST, &pb::AuthUserListRequest {});
    group.both(&ROLE_LIST, &pb::AuthRoleListRequest {});
    group.both(&LEADER, &v3electionpb::LeaderRequest { name: "nobody".into() });
    group.both(&LOCK, &v3lockpb::LockRequest { name: "l".into(), lease: 404 });
    group
}
