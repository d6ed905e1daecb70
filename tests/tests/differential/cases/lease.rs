//! Leases: granting, asking, renewing, revoking, and the keys that hang on them.

use holdfast_proto::etcdserverpb as pb;

use super::{delete, put, range};
use crate::methods::{
    DELETE_RANGE, LEASE_GRANT, LEASE_KEEP_ALIVE, LEASE_LEASES, LEASE_REVOKE, LEASE_TIME_TO_LIVE, Method, PUT,
    RANGE,
};
use crate::plan::{Group, StreamStep, send};

pub fn groups() -> Vec<Group> {
    vec![grants(), keys(), keep_alives()]
}

fn grant(id: i64, ttl: i64) -> pb::LeaseGrantRequest {
    pb::LeaseGrantRequest { id, ttl }
}

fn revoke(id: i64) -> pb::LeaseRevokeRequest {
    pb::LeaseRevokeRequest { id }
}

fn ask(id: i64, keys: bool) -> pb::LeaseTimeToLiveRequest {
    pb::LeaseTimeToLiveRequest { id, keys }
}

fn grants() -> Group {
    let mut group = Group::new("lease grants");
    group.both(&LEASE_LEASES, &pb::LeaseLeasesRequest {});
    let wanted = [(1, 500), (2, 0), (3, -1), (4, 1), (5, 9_000_000_000), (6, 9_000_000_001), (7, i64::MAX)];
    for (id, ttl) in wanted {
        group.both(&LEASE_GRANT, &grant(id, ttl));
    }
    group.both(&LEASE_GRANT, &grant(-8, 500));
    group.both(&LEASE_GRANT, &grant(i64::MAX, 500));
    group.both(&LEASE_GRANT, &grant(i64::MIN, 500));
    // The server chooses.
    group.both(&LEASE_GRANT, &grant(0, 500));
    for id in [1, 6, 404, 0, -8, i64::MAX] {
        group.both(&LEASE_TIME_TO_LIVE, &ask(id, true));
    }
    for id in [404, 0, -1] {
        group.both(&LEASE_REVOKE, &revoke(id));
    }
    group.both(&LEASE_REVOKE, &revoke(1));
    group.both(&LEASE_TIME_TO_LIVE, &ask(1, true));
    group.both(&LEASE_GRANT, &grant(1, 500));
    group
}

fn keys() -> Group {
    let mut group = Group::new("lease keys");
    for id in [1, 2] {
        group.grpc(&LEASE_GRANT, &grant(id, 500 + id));
    }
    group.both(&LEASE_LEASES, &pb::LeaseLeasesRequest {});
    for key in ["a", "b", "c", "d"] {
        group.grpc(&PUT, &pb::PutRequest { lease: 1, ..put(key, "1") });
    }
    group.grpc(&PUT, &pb::PutRequest { lease: 2, ..put("b", "moved") });
    group.grpc(&PUT, &put("c", "detached"));
    group.grpc(&DELETE_RANGE, &delete("d", ""));
    for id in [1, 2, 3] {
        group.grpc(&LEASE_TIME_TO_LIVE, &ask(id, true));
        group.grpc(&LEASE_TIME_TO_LIVE, &ask(id, false));
    }
    group.gateway(&LEASE_REVOKE, &revoke(1));
    group.both(&RANGE, &range("\0", "\0"));
    group.grpc(&LEASE_REVOKE, &revoke(2));
    group.both(&RANGE, &range("\0", "\0"));
    group.both(&LEASE_LEASES, &pb::LeaseLeasesRequest {});
    // A lease without keys goes without a new revision; the second paths are older names of the same calls.
    for path in ["/v3/kv/lease/timetolive", "/v3/kv/lease/revoke"] {
        group.http(http::Method::POST, path, &[], r#"{"ID":"3"}"#);
    }
    group.grpc(&LEASE_GRANT, &grant(3, 500));
    group.http(http::Method::POST, "/v3/kv/lease/leases", &[], "{}");
    group.http(http::Method::POST, "/v3/kv/lease/timetolive", &[], r#"{"ID":"3"}"#);
    group.http(http::Method::POST, "/v3/kv/lease/revoke", &[], r#"{"ID":"3"}"#);
    group.both(&RANGE, &range("a", ""));
    group
}

fn keep_alives() -> Group {
    let mut group = Group::new("keep alives");
    let keep = |id| send(&pb::LeaseKeepAliveRequest { id });
    let method: &'static Method = &LEASE_KEEP_ALIVE;
    group.grpc(&LEASE_GRANT, &grant(1, 500));
    group.grpc(&LEASE_GRANT, &grant(2, 499));
    let one = StreamStep::Receive(1);
    group.stream("one", method, vec![keep(1), one, StreamStep::Close, StreamStep::End]);
    let steps = vec![
        keep(1),
        StreamStep::Receive(1),
        keep(2),
        StreamStep::Receive(1),
        keep(404),
        StreamStep::Receive(1),
        keep(0),
        StreamStep::Receive(1),
        keep(1),
        StreamStep::Receive(1),
        StreamStep::Close,
        StreamStep::End,
    ];
    group.stream("several, some unknown", method, steps);
    group.stream("nothing", method, vec![StreamStep::Close, StreamStep::End]);
    let garbage = vec![StreamStep::Send(vec![0xff, 0xff, 0xff]), StreamStep::End];
    group.stream("a message that is none", method, garbage);
    let leader = vec![keep(1), StreamStep::Receive(1), StreamStep::Close, StreamStep::End];
    group.stream_with("with a leader required", method, &[("hasleader", "true")], leader);
    for body in [
        r#"{"ID":"1"}"#,
        r#"{"ID":2}"#,
        r#"{"ID":"404"}"#,
        "{}",
        "",
        "{",
        r#"{"ID":"x"}"#,
        r#"{"ID":"1"}{"ID":"2"}"#,
        "{\"ID\":\"1\"}\n{\"ID\":\"404\"}\n",
    ] {
        group.json_stream(method, body, vec![StreamStep::End]);
    }
    group.http(http::Method::GET, "/v3/lease/keepalive", &[], "");
    group
}
