//! Watches: creation and its refusals, events and what is left out of them, history, progress, cancellation.

use bytes::Bytes;
use holdfast_proto::etcdserverpb as pb;
use pb::watch_request::RequestUnion;

use super::{delete, put};
use crate::methods::{COMPACT, DELETE_RANGE, LEASE_GRANT, LEASE_REVOKE, PUT, TXN, WATCH};
use crate::plan::{Group, StreamStep, call, send};

pub fn groups() -> Vec<Group> {
    vec![creation(), events(), history(), progress(), fragments(), through_the_gateway()]
}

fn watch(key: &'static str, range_end: &'static str) -> pb::WatchCreateRequest {
    pb::WatchCreateRequest { key: key.into(), range_end: range_end.into(), ..Default::default() }
}

fn create(request: pb::WatchCreateRequest) -> StreamStep {
    send(&pb::WatchRequest { request_union: Some(RequestUnion::CreateRequest(request)) })
}

fn cancel(watch_id: i64) -> StreamStep {
    let request = pb::WatchCancelRequest { watch_id };
    send(&pb::WatchRequest { request_union: Some(RequestUnion::CancelRequest(request)) })
}

fn ask_progress() -> StreamStep {
    send(&pb::WatchRequest {
        request_union: Some(RequestUnion::ProgressRequest(pb::WatchProgressRequest {})),
    })
}

fn receive(count: usize) -> StreamStep {
    StreamStep::Receive(count)
}

fn creation() -> Group {
    let mut group = Group::new("watch creation");
    for (key, value) in [("a", "1"), ("a", "2"), ("b", "1")] {
        group.grpc(&PUT, &put(key, value));
    }
    let plain = [
        watch("a", ""),
        watch("a", "c"),
        watch("a", "\0"),
        watch("", ""),
        watch("", "\0"),
        watch("\0", "\0"),
        watch("c", "a"),
        watch("a", "a"),
        pb::WatchCreateRequest { start_revision: -1, ..watch("a", "") },
        pb::WatchCreateRequest { start_revision: 1000, ..watch("a", "") },
        pb::WatchCreateRequest { watch_id: 7, ..watch("a", "") },
        pb::WatchCreateRequest { watch_id: -1, ..watch("a", "") },
        pb::WatchCreateRequest { watch_id: -7, ..watch("a", "") },
        pb::WatchCreateRequest { watch_id: i64::MAX, ..watch("a", "") },
        pb::WatchCreateRequest { progress_notify: true, ..watch("a", "") },
        pb::WatchCreateRequest { filters: vec![0, 1], ..watch("a", "") },
        pb::WatchCreateRequest { filters: vec![9], ..watch("a", "") },
    ];
    for request in plain {
        let name = format!("{request:?}");
        group.stream(&name, &WATCH, vec![create(request), receive(1), StreamStep::Quiet]);
    }
    let several = vec![
        create(watch("a", "")),
        receive(1),
        create(pb::WatchCreateRequest { watch_id: 2, ..watch("b", "") }),
        receive(1),
        create(pb::WatchCreateRequest { watch_id: 2, ..watch("c", "") }),
        receive(1),
        create(watch("c", "")),
        receive(1),
        create(watch("d", "")),
        receive(1),
        cancel(2),
        receive(1),
        cancel(2),
        create(pb::WatchCreateRequest { watch_id: 2, ..watch("b", "") }),
        receive(1),
        cancel(404),
        cancel(0),
        receive(1),
        StreamStep::Quiet,
    ];
    group.stream("ids", &WATCH, several);
    let nothing = vec![send(&pb::WatchRequest { request_union: None }), StreamStep::Quiet];
    group.stream("a request without content", &WATCH, nothing);
    group.stream("garbage", &WATCH, vec![StreamStep::Send(vec![0xff; 3]), StreamStep::End]);
    group.stream("closed at once", &WATCH, vec![StreamStep::Close, StreamStep::Quiet]);
    let closed = vec![create(watch("a", "")), receive(1), StreamStep::Close, StreamStep::Quiet];
    group.stream("closed after creation", &WATCH, closed);
    let leader = vec![create(watch("a", "")), receive(1), StreamStep::Quiet];
    group.stream_with("with a leader required", &WATCH, &[("hasleader", "true")], leader);
    group
}

/// A write of each kind, each awaited before the next.
fn every_write() -> Vec<StreamStep> {
    vec![
        call(&PUT, &put("a", "1")),
        call(&PUT, &put("a", "2")),
        call(&PUT, &pb::PutRequest { lease: 9, ..put("b", "1") }),
        call(&TXN, &many_writes()),
        call(&DELETE_RANGE, &delete("a", "")),
        call(&LEASE_REVOKE, &pb::LeaseRevokeRequest { id: 9 }),
    ]
}

fn many_writes() -> pb::TxnRequest {
    let write = |request| pb::RequestOp { request: Some(request) };
    pb::TxnRequest {
        success: vec![
            write(pb::request_op::Request::RequestPut(put("a", "3"))),
            write(pb::request_op::Request::RequestPut(put("c", "1"))),
            write(pb::request_op::Request::RequestDeleteRange(delete("x", "z"))),
        ],
        ..Default::default()
    }
}

fn events() -> Group {
    let mut group = Group::new("watch events");
    let watches = [
        (watch("a", ""), vec![1, 1, 0, 1, 1, 0]),
        (watch("a", "c"), vec![1, 1, 1, 1, 1, 1]),
        (watch("", "\0"), vec![1, 1, 1, 1, 1, 1]),
        (pb::WatchCreateRequest { prev_kv: true, ..watch("a", "\0") }, vec![1, 1, 1, 1, 1, 1]),
        (pb::WatchCreateRequest { filters: vec![0], ..watch("a", "\0") }, vec![0, 0, 0, 1, 1, 1]),
        (
            pb::WatchCreateRequest { filters: vec![1], prev_kv: true, ..watch("a", "\0") },
            vec![1, 1, 1, 1, 0, 0],
        ),
        (pb::WatchCreateRequest { filters: vec![0, 1], ..watch("a", "\0") }, vec![0; 6]),
        (pb::WatchCreateRequest { fragment: true, ..watch("a", "\0") }, vec![1; 6]),
        (pb::WatchCreateRequest { watch_id: 12, ..watch("b", "") }, vec![0, 0, 1, 0, 0, 1]),
    ];
    for (request, counts) in watches {
        group.grpc(&LEASE_GRANT, &pb::LeaseGrantRequest { ttl: 500, id: 9 });
        group.grpc(&PUT, &put("x", "there"));
        let mut steps = vec![create(request.clone()), receive(1)];
        for (write, count) in every_write().into_iter().zip(counts) {
            steps.extend([write, receive(count)]);
        }
        steps.push(StreamStep::Quiet);
        group.stream(&format!("live {request:?}"), &WATCH, steps);
    }
    let two = vec![
        create(watch("a", "")),
        receive(1),
        create(watch("b", "")),
        receive(1),
        call(&PUT, &put("a", "1")),
        receive(1),
        call(&PUT, &put("b", "1")),
        receive(1),
        cancel(0),
        receive(1),
        call(&PUT, &put("a", "2")),
        call(&PUT, &put("b", "2")),
        receive(1),
        StreamStep::Quiet,
    ];
    group.stream("two on one stream", &WATCH, two);
    group
}

fn history() -> Group {
    let mut group = Group::new("watch history");
    group.grpc(&LEASE_GRANT, &pb::LeaseGrantRequest { ttl: 500, id: 9 });
    group.grpc(&PUT, &put("a", "1"));
    group.grpc(&PUT, &put("a", "2"));
    group.grpc(&TXN, &many_writes());
    group.grpc(&DELETE_RANGE, &delete("a", "b"));
    group.grpc(&PUT, &put("b", "1"));
    for start_revision in [1, 2, 3, 4, 5, 6] {
        for prev_kv in [false, true] {
            let request = pb::WatchCreateRequest { start_revision, prev_kv, ..watch("a", "\0") };
            group.stream(
                &format!("{request:?}"),
                &WATCH,
                vec![create(request), receive(2), StreamStep::Quiet],
            );
        }
    }
    let only =
        |filter| pb::WatchCreateRequest { start_revision: 1, filters: vec![filter], ..watch("a", "\0") };
    group.stream("only puts", &WATCH, vec![create(only(1)), receive(2), StreamStep::Quiet]);
    group.stream("only deletes", &WATCH, vec![create(only(0)), receive(2), StreamStep::Quiet]);
    let future = vec![
        create(pb::WatchCreateRequest { start_revision: 8, ..watch("b", "") }),
        receive(1),
        call(&PUT, &put("b", "7")),
        call(&PUT, &put("b", "8")),
        receive(1),
        StreamStep::Quiet,
    ];
    group.stream("the future", &WATCH, future);
    group.grpc(&COMPACT, &pb::CompactionRequest { revision: 4, physical: true });
    for start_revision in [1, 3, 4, 5] {
        let request = pb::WatchCreateRequest { start_revision, prev_kv: true, ..watch("a", "\0") };
        let name = format!("after a compaction {request:?}");
        group.stream(&name, &WATCH, vec![create(request), receive(2), StreamStep::Quiet]);
    }
    let twice = vec![
        create(pb::WatchCreateRequest { start_revision: 1, watch_id: 3, ..watch("a", "") }),
        receive(2),
        create(pb::WatchCreateRequest { watch_id: 3, ..watch("a", "") }),
        receive(1),
        StreamStep::Quiet,
    ];
    group.stream("an id again after its cancellation", &WATCH, twice);
    group
}

fn progress() -> Group {
    let mut group = Group::new("watch progress");
    group.flags = &["--watch-progress-notify-interval=300ms"];
    group.stream("without a watch", &WATCH, vec![ask_progress(), StreamStep::Quiet]);
    let asked = vec![
        create(watch("a", "")),
        receive(1),
        ask_progress(),
        receive(1),
        call(&PUT, &put("b", "1")),
        ask_progress(),
        receive(1),
        call(&PUT, &put("a", "1")),
        receive(1),
        ask_progress(),
        receive(1),
        create(watch("b", "")),
        receive(1),
        ask_progress(),
        receive(1),
        StreamStep::Quiet,
    ];
    group.stream("asked for", &WATCH, asked);
    let future = vec![
        create(pb::WatchCreateRequest { start_revision: 50, ..watch("a", "") }),
        receive(1),
        ask_progress(),
        StreamStep::Quiet,
    ];
    group.stream("asked for with a watch of the future", &WATCH, future);
    let by_itself =
        vec![create(pb::WatchCreateRequest { progress_notify: true, ..watch("a", "") }), receive(3)];
    group.stream("by itself", &WATCH, by_itself);
    group
}

/// Events of one revision beyond what one message may hold.
fn fragments() -> Group {
    let mut group = Group::new("watch fragments");
    group.flags = &["--max-request-bytes=65536"];
    for fragment in [false, true] {
        for index in 0..30 {
            let key = Bytes::from(format!("key{index:02}"));
            let request = pb::PutRequest { key, value: vec![b'v'; 40_000].into(), ..Default::default() };
            group.raw("gRPC Put of a large value", &PUT, prost::Message::encode_to_vec(&request), &[]);
        }
        let request = pb::WatchCreateRequest { prev_kv: true, fragment, ..watch("key", "\0") };
        let steps = vec![
            create(request),
            receive(1),
            call(&DELETE_RANGE, &delete("key", "\0")),
            receive(1),
            StreamStep::Quiet,
        ];
        group.stream(&format!("fragment {fragment}"), &WATCH, steps);
    }
    group
}

fn through_the_gateway() -> Group {
    let mut group = Group::new("watch through the gateway");
    for value in ["1", "2", "3"] {
        group.grpc(&PUT, &put("a", value));
    }
    group.grpc(&COMPACT, &pb::CompactionRequest { revision: 3, physical: false });
    let bodies = [
        (r#"{"create_request":{"key":"YQ==","start_revision":"4"}}"#, 2),
        (r#"{"create_request":{"key":"YQ==","start_revision":3,"prev_kv":true}}"#, 2),
        (r#"{"createRequest":{"key":"YQ==","startRevision":4,"prevKv":true,"watchId":"5"}}"#, 2),
        (r#"{"create_request":{"key":"YQ==","start_revision":"1"}}"#, 2),
        (r#"{"create_request":{"key":"YQ==","filters":["NOPUT"]}}"#, 1),
        (r#"{"create_request":{"key":"YQ==","filters":[1]}}"#, 1),
        (r#"{"create_request":{"key":"Yg==","range_end":"YQ=="}}"#, 1),
        (r#"{"create_request":{"key":"YQ=="}}{"create_request":{"key":"Yg=="}}"#, 2),
        (r#"{"create_request":{"key":"YQ=="}}{"cancel_request":{"watch_id":"0"}}"#, 2),
        (r#"{"create_request":{}}"#, 1),
        (r#"{"cancel_request":{"watch_id":"3"}}"#, 0),
        (r#"{"progress_request":{}}"#, 0),
        ("{}", 0),
        ("", 0),
        ("{", 0),
        ("[]", 0),
        ("null", 0),
        (r#"{"create_request":{"key":"*"}}"#, 0),
        (r#"{"create_request":7}"#, 0),
    ];
    for (body, count) in bodies {
        group.json_stream(&WATCH, body, vec![receive(count), StreamStep::Quiet]);
    }
    let live = vec![
        receive(1),
        call(&PUT, &put("a", "4")),
        receive(1),
        call(&DELETE_RANGE, &delete("a", "")),
        receive(1),
        StreamStep::Quiet,
    ];
    group.json_stream(&WATCH, r#"{"create_request":{"key":"YQ==","prev_kv":true}}"#, live);
    group.http(http::Method::GET, "/v3/watch", &[], "");
    group
}
