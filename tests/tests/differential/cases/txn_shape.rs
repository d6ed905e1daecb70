//! Transactions: what their branches hold, from nothing to too much, nested, overlapping and refused.

use bytes::Bytes;
use holdfast_proto::etcdserverpb as pb;
use pb::compare::TargetUnion;
use pb::request_op::Request;

use super::{delete, put, range};
use crate::methods::{COMPACT, LEASE_GRANT, PUT, RANGE, TXN};
use crate::plan::Group;

pub fn groups() -> Vec<Group> {
    vec![branches(), duplicates(), refusals(), nesting()]
}

pub fn read(request: pb::RangeRequest) -> pb::RequestOp {
    pb::RequestOp { request: Some(Request::RequestRange(request)) }
}

fn write(key: &'static str, value: &'static str) -> pb::RequestOp {
    pb::RequestOp { request: Some(Request::RequestPut(put(key, value))) }
}

fn write_as(request: pb::PutRequest) -> pb::RequestOp {
    pb::RequestOp { request: Some(Request::RequestPut(request)) }
}

fn remove(key: &'static str, range_end: &'static str) -> pb::RequestOp {
    pb::RequestOp { request: Some(Request::RequestDeleteRange(delete(key, range_end))) }
}

fn nest(request: pb::TxnRequest) -> pb::RequestOp {
    pb::RequestOp { request: Some(Request::RequestTxn(request)) }
}

fn then(success: Vec<pb::RequestOp>) -> pb::TxnRequest {
    pb::TxnRequest { success, ..Default::default() }
}

/// A transaction that takes its second branch.
fn otherwise(failure: Vec<pb::RequestOp>) -> pb::TxnRequest {
    pb::TxnRequest { compare: vec![never()], failure, ..Default::default() }
}

fn never() -> pb::Compare {
    pb::Compare { key: "a".into(), target_union: Some(TargetUnion::Version(-1)), ..Default::default() }
}

fn seeded(name: &'static str) -> Group {
    let mut group = Group::new(name);
    group.grpc(&LEASE_GRANT, &pb::LeaseGrantRequest { ttl: 500, id: 9 });
    for (key, value) in [("a", "1"), ("b", "2"), ("c", "3")] {
        group.grpc(&PUT, &put(key, value));
    }
    group
}

fn branches() -> Group {
    let mut group = seeded("txn branches");
    let requests = [
        vec![],
        vec![read(range("a", "\0"))],
        vec![read(pb::RangeRequest { serializable: true, limit: 2, sort_order: 2, ..range("a", "\0") })],
        vec![read(pb::RangeRequest { revision: 3, ..range("a", "\0") })],
        vec![read(pb::RangeRequest { count_only: true, ..range("a", "\0") }), read(range("missing", ""))],
        vec![write("a", "2"), read(range("a", "")), write("d", "4"), read(range("a", "\0"))],
        vec![
            read(range("e", "")),
            write("e", "5"),
            read(range("e", "")),
            remove("e", ""),
            read(range("e", "")),
        ],
        vec![remove("a", ""), remove("a", ""), remove("a", "\0")],
        vec![remove("missing", ""), read(range("a", "\0"))],
        vec![write_as(pb::PutRequest { prev_kv: true, ..put("a", "3") }), write("b", "3")],
        vec![write_as(pb::PutRequest { lease: 9, ..put("leased", "1") }), read(range("leased", ""))],
        vec![write_as(pb::PutRequest { ignore_value: true, ..put("leased", "") }), read(range("leased", ""))],
        vec![write_as(pb::PutRequest { ignore_lease: true, prev_kv: true, ..put("leased", "2") })],
        vec![pb::RequestOp {
            request: Some(Request::RequestDeleteRange(pb::DeleteRangeRequest {
                prev_kv: true,
                ..delete("a", "\0")
            })),
        }],
    ];
    for operations in requests {
        group.both(&TXN, &then(operations.clone()));
        group.both(&TXN, &otherwise(operations));
    }
    group.both(&RANGE, &range("\0", "\0"));
    group
}

fn duplicates() -> Group {
    let mut group = seeded("txn duplicates");
    let requests = [
        vec![write("x", "1"), write("x", "2")],
        vec![write("x", "1"), remove("x", "")],
        vec![remove("w", "z"), write("x", "1")],
        vec![write("x", "1"), remove("\0", "\0")],
        vec![write("x", "1"), remove("", "\0")],
        vec![write("x", "1"), remove("a", "x")],
        vec![write("x", "1"), remove("x", "\0")],
        vec![write("x", "1"), remove("z", "a")],
        vec![remove("a", "z"), remove("b", "y")],
        vec![write("x", "1"), nest(then(vec![write("x", "2")]))],
        vec![nest(then(vec![write("x", "1")])), write("x", "2")],
        vec![nest(then(vec![write("x", "1")])), nest(then(vec![write("x", "2")]))],
        vec![nest(then(vec![write("x", "1")])), remove("a", "z")],
        vec![nest(pb::TxnRequest {
            success: vec![write("x", "1")],
            failure: vec![write("x", "2")],
            ..Default::default()
        })],
        vec![nest(pb::TxnRequest {
            success: vec![write("x", "1")],
            failure: vec![remove("a", "z")],
            ..Default::default()
        })],
        vec![write("x", "1"), nest(otherwise(vec![remove("w", "y")]))],
    ];
    for operations in requests {
        group.grpc(&TXN, &then(operations.clone()));
        group.gateway(&TXN, &pb::TxnRequest { failure: operations, ..Default::default() });
    }
    group.both(&RANGE, &range("\0", "\0"));
    group
}

fn refusals() -> Group {
    let mut group = seeded("txn refusals");
    group.grpc(&COMPACT, &pb::CompactionRequest { revision: 3, physical: false });
    let many = |count| (0..count).map(|_| read(range("a", ""))).collect::<Vec<_>>();
    let requests = [
        vec![pb::RequestOp { request: None }],
        vec![read(range("", ""))],
        vec![write("", "1")],
        vec![remove("", "")],
        vec![write("x", "1"), read(pb::RangeRequest { revision: 100, ..range("a", "") })],
        vec![write("x", "1"), read(pb::RangeRequest { revision: 2, ..range("a", "") })],
        vec![read(pb::RangeRequest { revision: 2, ..range("a", "") })],
        vec![read(pb::RangeRequest { revision: 3, ..range("a", "\0") })],
        vec![write("x", "1"), write_as(pb::PutRequest { lease: 404, ..put("y", "1") })],
        vec![write("x", "1"), write_as(pb::PutRequest { ignore_value: true, ..put("y", "") })],
        vec![write("z", "1"), write_as(pb::PutRequest { ignore_value: true, ..put("a", "1") })],
        vec![write("z", "1"), write_as(pb::PutRequest { ignore_lease: true, lease: 9, ..put("a", "1") })],
        vec![write("z", "1"), read(pb::RangeRequest { sort_order: 9, ..range("a", "") })],
        vec![write("z", "1"), read(pb::RangeRequest { sort_target: 9, sort_order: 1, ..range("a", "") })],
    ];
    for operations in requests {
        group.grpc(&TXN, &then(operations.clone()));
        group.grpc(&TXN, &otherwise(operations.clone()));
        // In the branch that is not taken.
        group.grpc(&TXN, &pb::TxnRequest { failure: operations, ..Default::default() });
    }
    for count in [127, 128, 129] {
        group.grpc(&TXN, &then(many(count)));
        group.grpc(&TXN, &pb::TxnRequest { failure: many(count), ..Default::default() });
        group.grpc(&TXN, &pb::TxnRequest { compare: vec![never(); count], ..Default::default() });
        for case in group.cases.iter_mut().rev().take(3) {
            case.name = format!("gRPC Txn with {count} parts");
        }
    }
    group.both(&RANGE, &range("\0", "\0"));
    group
}

fn nesting() -> Group {
    let mut group = seeded("txn nesting");
    let nested = then(vec![
        write("x", "1"),
        nest(otherwise(vec![
            read(range("x", "")),
            write("y", "2"),
            nest(then(vec![read(range("a", "\0"))])),
        ])),
        read(range("y", "")),
    ]);
    group.both(&TXN, &nested);
    group.both(&TXN, &then(vec![nest(then(vec![]))]));
    group.both(&TXN, &then(vec![nest(then(vec![nest(then(vec![nest(then(vec![read(range("a", ""))]))]))]))]));
    group.both(&TXN, &then(vec![nest(otherwise(vec![remove("a", "")])), read(range("a", ""))]));
    group.both(&TXN, &then(vec![nest(then(vec![write("", "1")]))]));
    group.both(
        &TXN,
        &then(vec![nest(pb::TxnRequest { failure: vec![write("", "1")], ..Default::default() })]),
    );
    let empty_key = pb::Compare { key: Bytes::new(), ..never() };
    group.both(&TXN, &then(vec![nest(pb::TxnRequest { compare: vec![empty_key], ..Default::default() })]));
    group.both(
        &TXN,
        &then(vec![
            write("p", "1"),
            nest(then(vec![write_as(pb::PutRequest { lease: 404, ..put("q", "1") })])),
        ]),
    );
    group.both(
        &TXN,
        &then(vec![
            write("p", "1"),
            nest(then(vec![read(pb::RangeRequest { revision: 900, ..range("a", "") })])),
        ]),
    );
    // The parts of a nested transaction count against what its parent has left.
    for (outer, inner) in [(64, 64), (65, 64), (1, 127), (1, 128), (127, 1)] {
        let mut operations: Vec<_> = (0..outer).map(|_| read(range("a", ""))).collect();
        operations[0] = nest(then((0..inner).map(|_| read(range("b", ""))).collect()));
        group.grpc(&TXN, &then(operations));
        group.cases.last_mut().unwrap().name = format!("gRPC Txn of {outer} parts, one with {inner} in it");
    }
    group.both(&RANGE, &range("\0", "\0"));
    group
}
