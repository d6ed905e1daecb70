//! Puts, deletes and compactions.

use bytes::Bytes;
use holdfast_proto::etcdserverpb as pb;

use super::{delete, put, range};
use crate::methods::{COMPACT, DELETE_RANGE, LEASE_GRANT, LEASE_TIME_TO_LIVE, PUT, RANGE};
use crate::plan::Group;

pub fn groups() -> Vec<Group> {
    vec![puts(), sizes(), deletes(), compactions()]
}

fn puts() -> Group {
    let mut group = Group::new("put");
    group.both(&PUT, &put("a", "1"));
    group.both(&PUT, &pb::PutRequest { prev_kv: true, ..put("a", "2") });
    group.both(&PUT, &pb::PutRequest { prev_kv: true, ..put("new", "1") });
    group.both(&PUT, &put("", "1"));
    group.both(&PUT, &put("empty", ""));
    group.both(&RANGE, &range("empty", ""));
    group.both(&PUT, &put("\0", "the least key"));
    group.both(&RANGE, &range("\0", ""));
    group.both(&PUT, &pb::PutRequest { key: Bytes::from_static(b"\xff\xfe"), ..put("", "bytes") });

    group.both(&PUT, &pb::PutRequest { lease: 5, ..put("leased", "1") });
    group.both(&PUT, &pb::PutRequest { lease: -5, ..put("leased", "1") });
    group.grpc(&LEASE_GRANT, &pb::LeaseGrantRequest { ttl: 500, id: 5 });
    group.grpc(&LEASE_GRANT, &pb::LeaseGrantRequest { ttl: 500, id: 6 });
    group.both(&PUT, &pb::PutRequest { lease: 5, ..put("leased", "1") });
    group.both(&RANGE, &range("leased", ""));
    group.both(&PUT, &pb::PutRequest { lease: 6, prev_kv: true, ..put("leased", "2") });
    for id in [5, 6] {
        group.grpc(&LEASE_TIME_TO_LIVE, &pb::LeaseTimeToLiveRequest { id, keys: true });
    }

    let ignore_value = pb::PutRequest { ignore_value: true, prev_kv: true, ..put("leased", "") };
    let ignore_lease = pb::PutRequest { ignore_lease: true, prev_kv: true, ..put("leased", "3") };
    group.both(&PUT, &ignore_lease);
    group.both(&PUT, &ignore_value);
    group.both(&RANGE, &range("leased", ""));
    group.both(&PUT, &pb::PutRequest { lease: 5, ..ignore_value.clone() });
    group.both(&PUT, &pb::PutRequest { value: "4".into(), ..ignore_value.clone() });
    group.both(&PUT, &pb::PutRequest { lease: 6, ..ignore_lease.clone() });
    group.both(&PUT, &pb::PutRequest { ignore_lease: true, ..ignore_value.clone() });
    group.both(&PUT, &pb::PutRequest { key: "missing".into(), ..ignore_value.clone() });
    group.both(&PUT, &pb::PutRequest { key: "missing".into(), ..ignore_lease.clone() });
    group.both(&PUT, &pb::PutRequest { key: Bytes::new(), ..ignore_value.clone() });
    group.both(&PUT, &pb::PutRequest { lease: 999, ..ignore_value });
    group.both(&PUT, &pb::PutRequest { lease: 999, ..ignore_lease });
    group.both(&RANGE, &range("\0", "\0"));
    group
}

/// Around the limits of a request: 1.5 MiB for what it holds, 512 KiB more for its message.
fn sizes() -> Group {
    let mut group = Group::new("sizes");
    let sized = |bytes: usize| pb::PutRequest { value: vec![b'x'; bytes].into(), ..put("big", "") };
    let limit = 1_572_864;
    for bytes in
        [1 << 20, limit - 100, limit, limit + 1, limit + 1000, 2_000_000, 2_097_120, 2_097_152, 3_000_000]
    {
        group.grpc(&PUT, &sized(bytes));
        group.cases.last_mut().unwrap().name = format!("gRPC Put of {bytes} bytes");
        group.grpc(&RANGE, &pb::RangeRequest { keys_only: true, ..range("big", "") });
    }
    for bytes in [1 << 20, limit, 2_000_000, 3_000_000] {
        group.gateway(&PUT, &sized(bytes));
        group.cases.last_mut().unwrap().name = format!("POST /v3/kv/put of {bytes} bytes");
        group.grpc(&RANGE, &pb::RangeRequest { keys_only: true, ..range("big", "") });
    }
    let key = vec![b'k'; 100_000];
    group.grpc(&PUT, &pb::PutRequest { key: key.clone().into(), ..put("", "long key") });
    group.grpc(&RANGE, &pb::RangeRequest { key: key.into(), count_only: true, ..Default::default() });
    group
}

fn deletes() -> Group {
    let mut group = Group::new("delete");
    for (key, value) in [("a", "1"), ("b", "2"), ("c", "3"), ("d", "4"), ("e", "5"), ("f", "6"), ("g", "7")] {
        group.grpc(&PUT, &put(key, value));
    }
    group.both(&DELETE_RANGE, &delete("a", ""));
    group.both(&DELETE_RANGE, &delete("missing", ""));
    group.both(&DELETE_RANGE, &delete("", ""));
    group.both(&DELETE_RANGE, &delete("d", "b"));
    group.both(&DELETE_RANGE, &pb::DeleteRangeRequest { prev_kv: true, ..delete("b", "d") });
    group.both(&PUT, &put("a", "again"));
    group.both(&RANGE, &range("a", ""));
    group.both(&DELETE_RANGE, &pb::DeleteRangeRequest { prev_kv: true, ..delete("e", "\0") });
    group.both(&DELETE_RANGE, &pb::DeleteRangeRequest { prev_kv: true, ..delete("", "\0") });
    group.both(&DELETE_RANGE, &delete("\0", "\0"));
    group.both(&RANGE, &range("\0", "\0"));
    group.both(&RANGE, &pb::RangeRequest { revision: 8, ..range("\0", "\0") });
    group
}

fn compactions() -> Group {
    let mut group = Group::new("compaction");
    let compact = |revision, physical| pb::CompactionRequest { revision, physical };
    group.both(&COMPACT, &compact(2, false));
    group.both(&COMPACT, &compact(0, false));
    for value in ["1", "2", "3", "4", "5"] {
        group.grpc(&PUT, &put("a", value));
    }
    group.grpc(&DELETE_RANGE, &delete("a", ""));
    group.grpc(&PUT, &put("b", "1"));
    group.both(&COMPACT, &compact(3, false));
    group.both(&COMPACT, &compact(3, true));
    group.both(&COMPACT, &compact(-1, false));
    group.both(&COMPACT, &compact(1, true));
    group.both(&COMPACT, &compact(100, false));
    group.grpc(&COMPACT, &compact(7, true));
    for revision in [0, 1, 3, 6, 7, 8] {
        group.both(&RANGE, &pb::RangeRequest { revision, ..range("a", "\0") });
    }
    group.gateway(&COMPACT, &compact(8, true));
    group.both(&RANGE, &range("\0", "\0"));
    group
}
