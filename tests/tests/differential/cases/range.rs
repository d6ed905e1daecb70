//! Reads: every form of range, every option, orders, bounds, revisions, alone and together.

use holdfast_proto::etcdserverpb as pb;

use super::{delete, put, range};
use crate::methods::{COMPACT, DELETE_RANGE, LEASE_GRANT, PUT, RANGE, RANGE_STREAM};
use crate::plan::{Group, StreamStep, send};

pub fn groups() -> Vec<Group> {
    vec![forms(), orders(), bounds(), streamed()]
}

/// Keys with different orders by key, version, creation, modification and value; one with a lease; one deleted.
fn seeded(name: &'static str) -> Group {
    let mut group = Group::new(name);
    group.grpc(&LEASE_GRANT, &pb::LeaseGrantRequest { ttl: 500, id: 77 });
    for (key, value) in
        [("a", "5"), ("b", "4"), ("c", "9"), ("d", "1"), ("e", "3"), ("b", "7"), ("b", "2"), ("d", "8")]
    {
        group.grpc(&PUT, &put(key, value));
    }
    group.grpc(&DELETE_RANGE, &delete("e", ""));
    group.grpc(&PUT, &pb::PutRequest { lease: 77, ..put("f", "6") });
    group.grpc(&PUT, &put("c", "0"));
    group
}

fn forms() -> Group {
    let mut group = seeded("range forms");
    let forms = [
        ("a", ""),
        ("missing", ""),
        ("e", ""),
        ("a", "d"),
        ("a", "\0"),
        ("c", "\0"),
        ("\0", "\0"),
        ("\0", "b"),
        ("z", "\0"),
        ("d", "a"),
        ("a", "a"),
        ("", ""),
        ("", "\0"),
        ("", "c"),
    ];
    for (key, end) in forms {
        group.both(&RANGE, &range(key, end));
        group.both(&RANGE, &pb::RangeRequest { serializable: true, ..range(key, end) });
    }
    for (key, end) in [("a", ""), ("a", "\0"), ("missing", ""), ("", ""), ("d", "a")] {
        group.both(&RANGE, &pb::RangeRequest { keys_only: true, ..range(key, end) });
        group.both(&RANGE, &pb::RangeRequest { count_only: true, ..range(key, end) });
        group.both(
            &RANGE,
            &pb::RangeRequest { count_only: true, keys_only: true, limit: 1, ..range(key, end) },
        );
    }
    for limit in [-1, 1, 3, 4, 5, 100, i64::MAX] {
        group.both(&RANGE, &pb::RangeRequest { limit, ..range("a", "\0") });
    }
    for revision in [-5, -1, 1, 2, 3, 7, 8, 9, 10, 11, 12, 13, 14, 1000, i64::MAX, i64::MIN] {
        group.both(&RANGE, &pb::RangeRequest { revision, ..range("a", "\0") });
        group.grpc(&RANGE, &pb::RangeRequest { revision, limit: 2, ..range("b", "\0") });
        group.grpc(&RANGE, &pb::RangeRequest { revision, count_only: true, ..range("b", "") });
    }
    group
}

fn orders() -> Group {
    let mut group = seeded("range orders");
    for target in -1..=5 {
        for order in -1..=3 {
            let sorted = pb::RangeRequest { sort_order: order, sort_target: target, ..range("a", "\0") };
            group.grpc(&RANGE, &sorted);
            group.grpc(&RANGE, &pb::RangeRequest { limit: 2, ..sorted.clone() });
            if (0..=4).contains(&target) && (0..=2).contains(&order) {
                group.gateway(&RANGE, &pb::RangeRequest { limit: 3, revision: 9, ..sorted.clone() });
                group.grpc(&RANGE, &pb::RangeRequest { keys_only: true, ..sorted });
            }
        }
    }
    group.grpc(&RANGE, &pb::RangeRequest { sort_order: 2, count_only: true, ..range("a", "\0") });
    group.grpc(&RANGE, &pb::RangeRequest { sort_order: 2, sort_target: 4, limit: -3, ..range("a", "\0") });
    group
}

fn bounds() -> Group {
    let mut group = seeded("range bounds");
    for bound in [-1, 1, 3, 6, 8, 9, 11, 12, 100] {
        group.both(&RANGE, &pb::RangeRequest { min_mod_revision: bound, ..range("a", "\0") });
        group.both(&RANGE, &pb::RangeRequest { max_mod_revision: bound, ..range("a", "\0") });
        group.both(&RANGE, &pb::RangeRequest { min_create_revision: bound, ..range("a", "\0") });
        group.both(&RANGE, &pb::RangeRequest { max_create_revision: bound, ..range("a", "\0") });
    }
    let between = pb::RangeRequest { min_mod_revision: 3, max_mod_revision: 9, ..range("a", "\0") };
    group.both(&RANGE, &between);
    group.both(&RANGE, &pb::RangeRequest { limit: 1, ..between.clone() });
    group.both(&RANGE, &pb::RangeRequest { limit: 2, ..between.clone() });
    group.both(&RANGE, &pb::RangeRequest { count_only: true, ..between.clone() });
    group.both(&RANGE, &pb::RangeRequest { revision: 8, ..between.clone() });
    group.both(&RANGE, &pb::RangeRequest { sort_order: 2, sort_target: 4, ..between.clone() });
    group.both(&RANGE, &pb::RangeRequest { min_create_revision: 5, keys_only: true, ..between.clone() });
    group.both(&RANGE, &pb::RangeRequest { min_mod_revision: 9, max_mod_revision: 3, ..between });
    // The whole history up to a point goes; the point itself stays readable.
    group.both(&COMPACT, &pb::CompactionRequest { revision: 9, physical: false });
    for revision in [0, 1, 8, 9, 10] {
        group.both(&RANGE, &pb::RangeRequest { revision, ..range("a", "\0") });
        group.grpc(&RANGE, &pb::RangeRequest { revision, serializable: true, ..range("missing", "") });
    }
    group
}

fn streamed() -> Group {
    let mut group = seeded("range stream");
    let requests = [
        range("a", "\0"),
        range("a", ""),
        range("missing", ""),
        range("", ""),
        range("d", "a"),
        pb::RangeRequest { limit: 2, ..range("a", "\0") },
        pb::RangeRequest { revision: 8, ..range("a", "\0") },
        pb::RangeRequest { revision: 1000, ..range("a", "\0") },
        pb::RangeRequest { keys_only: true, ..range("a", "\0") },
        pb::RangeRequest { count_only: true, ..range("a", "\0") },
        pb::RangeRequest { serializable: true, ..range("a", "\0") },
        pb::RangeRequest { sort_order: 1, ..range("a", "\0") },
        pb::RangeRequest { sort_order: 2, ..range("a", "\0") },
        pb::RangeRequest { sort_target: 2, ..range("a", "\0") },
        pb::RangeRequest { sort_target: 9, ..range("a", "\0") },
        pb::RangeRequest { min_mod_revision: 3, ..range("a", "\0") },
        pb::RangeRequest { max_create_revision: 3, ..range("a", "\0") },
    ];
    for request in requests {
        let steps = vec![send(&request), StreamStep::Close, StreamStep::End];
        group.stream(&format!("{request:?}"), &RANGE_STREAM, steps);
    }
    for index in 0..25 {
        let key = format!("many{index:02}").into();
        group.grpc(&PUT, &pb::PutRequest { key, value: "value".into(), ..Default::default() });
    }
    let all = vec![send(&range("many", "\0")), StreamStep::Close, StreamStep::End];
    group.stream("more than one piece", &RANGE_STREAM, all);
    group
}
