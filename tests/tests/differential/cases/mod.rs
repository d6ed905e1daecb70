//! The requests, by subject.

mod gateway;
mod http;
mod lease;
mod maintenance;
mod range;
mod txn;
mod txn_shape;
mod watch;
mod wire;
mod write;

use bytes::Bytes;
use holdfast_proto::etcdserverpb as pb;

use crate::plan::Group;

/// All groups, each to be played on a fresh server.
pub fn all() -> Vec<Group> {
    let mut groups = Vec::new();
    groups.extend(range::groups());
    groups.extend(write::groups());
    groups.extend(txn::groups());
    groups.extend(txn_shape::groups());
    groups.extend(lease::groups());
    groups.extend(watch::groups());
    groups.extend(maintenance::groups());
    groups.extend(gateway::groups());
    groups.extend(self::http::groups());
    groups.extend(wire::groups());
    groups
}

fn put(key: &'static str, value: &'static str) -> pb::PutRequest {
    pb::PutRequest { key: Bytes::from(key), value: Bytes::from(value), ..Default::default() }
}

fn range(key: &'static str, range_end: &'static str) -> pb::RangeRequest {
    pb::RangeRequest { key: Bytes::from(key), range_end: Bytes::from(range_end), ..Default::default() }
}

fn delete(key: &'static str, range_end: &'static str) -> pb::DeleteRangeRequest {
    pb::DeleteRangeRequest { key: Bytes::from(key), range_end: Bytes::from(range_end), ..Default::default() }
}
