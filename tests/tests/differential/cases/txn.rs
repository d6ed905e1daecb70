//! Transactions: every comparison against keys that are there, gone, or were never there.

use bytes::Bytes;
use holdfast_proto::etcdserverpb as pb;
use pb::compare::{CompareResult, CompareTarget, TargetUnion};

use super::{delete, put, range};
use crate::methods::{DELETE_RANGE, LEASE_GRANT, PUT, TXN};
use crate::plan::Group;

pub fn groups() -> Vec<Group> {
    vec![compares(), odd_compares(), ranges_in_compares()]
}

const RESULTS: [CompareResult; 4] =
    [CompareResult::Equal, CompareResult::NotEqual, CompareResult::Greater, CompareResult::Less];

/// A comparison of one key.
fn compare(key: &'static str, result: CompareResult, operand: TargetUnion) -> pb::Compare {
    let target = match &operand {
        TargetUnion::Version(_) => CompareTarget::Version,
        TargetUnion::CreateRevision(_) => CompareTarget::Create,
        TargetUnion::ModRevision(_) => CompareTarget::Mod,
        TargetUnion::Value(_) => CompareTarget::Value,
        TargetUnion::Lease(_) => CompareTarget::Lease,
    };
    pb::Compare {
        key: key.into(),
        result: result.into(),
        target: target.into(),
        target_union: Some(operand),
        range_end: Bytes::new(),
    }
}

fn only(compare: pb::Compare) -> pb::TxnRequest {
    pb::TxnRequest { compare: vec![compare], ..Default::default() }
}

fn seeded(name: &'static str) -> Group {
    let mut group = Group::new(name);
    group.grpc(&LEASE_GRANT, &pb::LeaseGrantRequest { ttl: 500, id: 9 });
    group.grpc(&PUT, &put("a", "m"));
    group.grpc(&PUT, &put("a", "n"));
    group.grpc(&PUT, &pb::PutRequest { lease: 9, ..put("b", "n") });
    group.grpc(&PUT, &put("gone", "n"));
    group.grpc(&DELETE_RANGE, &delete("gone", ""));
    group
}

fn compares() -> Group {
    let mut group = seeded("compares");
    let operands = |key| {
        let mut operands = vec![TargetUnion::Value("n".into()), TargetUnion::Value("".into())];
        for number in [0, if key == "b" { 4 } else { 2 }] {
            operands.push(TargetUnion::Version(number));
            operands.push(TargetUnion::CreateRevision(number));
            operands.push(TargetUnion::ModRevision(number));
        }
        operands.extend([TargetUnion::Lease(0), TargetUnion::Lease(9)]);
        operands
    };
    for key in ["a", "b", "gone", "never"] {
        for operand in operands(key) {
            for result in RESULTS {
                group.grpc(&TXN, &only(compare(key, result, operand.clone())));
            }
            group.gateway(&TXN, &only(compare(key, CompareResult::Equal, operand)));
        }
    }
    group
}

fn odd_compares() -> Group {
    let mut group = seeded("odd compares");
    let equal = compare("a", CompareResult::Equal, TargetUnion::Version(2));
    group.both(&TXN, &only(pb::Compare { key: Bytes::new(), ..equal.clone() }));
    group.both(&TXN, &only(pb::Compare { target_union: None, ..equal.clone() }));
    for target in 0..=5 {
        // The operand is of another kind than the target says, and the target of no kind at all.
        group.grpc(&TXN, &only(pb::Compare { target, ..equal.clone() }));
        group.grpc(&TXN, &only(pb::Compare { target, target_union: None, ..equal.clone() }));
    }
    for result in [-1, 4, 77] {
        group.grpc(&TXN, &only(pb::Compare { result, ..equal.clone() }));
    }
    for (first, second) in [(true, true), (true, false), (false, true), (false, false)] {
        let operand = |holds| TargetUnion::Version(if holds { 2 } else { 5 });
        let request = pb::TxnRequest {
            compare: vec![
                compare("a", CompareResult::Equal, operand(first)),
                compare("a", CompareResult::Equal, operand(second)),
            ],
            ..Default::default()
        };
        group.both(&TXN, &request);
    }
    group
}

fn ranges_in_compares() -> Group {
    let mut group = seeded("ranges in compares");
    let operands = [
        TargetUnion::Version(0),
        TargetUnion::Version(1),
        TargetUnion::CreateRevision(2),
        TargetUnion::ModRevision(3),
        TargetUnion::Value("n".into()),
        TargetUnion::Lease(0),
    ];
    for (key, end) in [("a", "c"), ("a", "\0"), ("x", "z"), ("c", "a"), ("\0", "\0"), ("", "\0")] {
        for operand in &operands {
            let compare = compare(key, CompareResult::Equal, operand.clone());
            group.grpc(&TXN, &only(pb::Compare { range_end: end.into(), ..compare }));
        }
        let greater = compare(key, CompareResult::Greater, TargetUnion::Version(0));
        let mut request = only(pb::Compare { range_end: end.into(), ..greater });
        request.success.push(super::txn_shape::read(range("a", "")));
        group.both(&TXN, &request);
    }
    group
}
