//! From commands to messages.

use prost::Message;

use super::{auth, message as wire, v2};
use crate::auth::Caller;
use crate::command::{Command, Operation};
use crate::key_range::KeyRange;
use crate::request::{
    Compare, CompareResult, CompareTarget, DeleteRangeRequest, PutRequest, RangeRequest, SortOrder,
    SortTarget, TxnOperation, TxnRequest,
};
use crate::response::AlarmKind;

pub(super) fn command(command: &Command) -> wire::Command {
    let (username, auth_revision) = match &command.caller {
        Caller::User { name, auth_revision } => (name.clone(), auth_revision.0),
        Caller::Nobody | Caller::Member => (String::new(), 0),
    };
    let is_member = command.caller == Caller::Member;
    wire::Command { username, auth_revision, is_member, operation: Some(operation(&command.operation)) }
}

fn operation(operation: &Operation) -> wire::Operation {
    match operation {
        Operation::Noop => wire::Operation::Noop(wire::Noop {}),
        Operation::Put(request) => wire::Operation::Put(put(request)),
        Operation::DeleteRange(request) => wire::Operation::DeleteRange(delete_range(request)),
        Operation::Txn(request) => wire::Operation::Txn(txn(request)),
        Operation::Compact { revision } => wire::Operation::CompactRevision(revision.0),
        Operation::LeaseGrant { id, ttl_seconds } => {
            wire::Operation::LeaseGrant(wire::LeaseGrant { id: id.0, ttl_seconds: *ttl_seconds })
        }
        Operation::LeaseRevoke { id } => wire::Operation::LeaseRevokeId(id.0),
        Operation::LeaseExpire { ids, term } => wire::Operation::LeaseExpire(wire::LeaseExpire {
            ids: ids.iter().map(|id| id.0).collect(),
            term: term.0,
        }),
        Operation::LeaseCheckpoint { remaining_seconds } => {
            let (ids, remaining_seconds) =
                remaining_seconds.iter().map(|(id, seconds)| (id.0, seconds)).unzip();
            wire::Operation::LeaseCheckpoint(wire::LeaseCheckpoint { ids, remaining_seconds })
        }
        Operation::AlarmRaise { member, kind } => {
            wire::Operation::AlarmRaise(wire::Alarm { member: member.0, kind: alarm_kind(Some(*kind)) })
        }
        Operation::AlarmClear { member, kind } => {
            wire::Operation::AlarmClear(wire::Alarm { member: member.0, kind: alarm_kind(*kind) })
        }
        Operation::MemberPublish { member, attributes } => {
            let attributes = attributes.clone();
            wire::Operation::MemberPublish(wire::MemberPublish { member: member.0, attributes })
        }
        Operation::ClusterVersionSet { version } => wire::Operation::ClusterVersion(version.clone()),
        Operation::V2(request) => wire::Operation::V2(v2::write(request)),
        Operation::Auth(change) => wire::Operation::Auth(auth::write(change)),
    }
}

fn alarm_kind(kind: Option<AlarmKind>) -> u32 {
    match kind {
        None => 0,
        Some(AlarmKind::NoSpace) => 1,
        Some(AlarmKind::Corrupt) => 2,
    }
}

fn key_range(range: &KeyRange) -> Option<wire::KeyRange> {
    let start = range.start().clone();
    Some(match range {
        KeyRange::Single(_) => wire::KeyRange { start, kind: wire::range_kind::SINGLE, ..Default::default() },
        KeyRange::Bounded { end, .. } => {
            wire::KeyRange { start, kind: wire::range_kind::BOUNDED, end: end.clone() }
        }
        KeyRange::From(_) => wire::KeyRange { start, kind: wire::range_kind::FROM, ..Default::default() },
    })
}

fn range(request: &RangeRequest) -> wire::Range {
    wire::Range {
        range: key_range(&request.range),
        limit: request.limit,
        revision: request.revision.map(|revision| revision.0),
        order: match request.order {
            SortOrder::None => 0,
            SortOrder::Ascend => 1,
            SortOrder::Descend => 2,
        },
        target: match request.target {
            SortTarget::Key => 0,
            SortTarget::Version => 1,
            SortTarget::Create => 2,
            SortTarget::Mod => 3,
            SortTarget::Value => 4,
        },
        keys_only: request.keys_only,
        count_only: request.count_only,
        min_mod_revision: request.min_mod_revision,
        max_mod_revision: request.max_mod_revision,
        min_create_revision: request.min_create_revision,
        max_create_revision: request.max_create_revision,
    }
}

fn put(request: &PutRequest) -> wire::Put {
    wire::Put {
        key: request.key.clone(),
        value: request.value.clone(),
        lease: request.lease.0,
        prev_kv: request.prev_kv,
        ignore_value: request.ignore_value,
        ignore_lease: request.ignore_lease,
    }
}

fn delete_range(request: &DeleteRangeRequest) -> wire::DeleteRange {
    wire::DeleteRange { range: key_range(&request.range), prev_kv: request.prev_kv }
}

fn compare(compare: &Compare) -> wire::Compare {
    wire::Compare {
        range: key_range(&compare.range),
        result: match compare.result {
            CompareResult::Equal => 0,
            CompareResult::Greater => 1,
            CompareResult::Less => 2,
            CompareResult::NotEqual => 3,
        },
        target: Some(match &compare.target {
            CompareTarget::Version(version) => wire::CompareTarget::Version(*version),
            CompareTarget::Create(revision) => wire::CompareTarget::Create(*revision),
            CompareTarget::Mod(revision) => wire::CompareTarget::Mod(*revision),
            CompareTarget::Value(value) => wire::CompareTarget::Value(value.clone()),
            CompareTarget::Lease(lease) => wire::CompareTarget::Lease(*lease),
        }),
    }
}

fn txn(request: &TxnRequest) -> wire::Txn {
    wire::Txn {
        compares: request.compares.iter().map(compare).collect(),
        success: request.success.iter().map(txn_operation).collect(),
        failure: request.failure.iter().map(txn_operation).collect(),
    }
}

fn txn_operation(operation: &TxnOperation) -> wire::TxnOperation {
    let kind = match operation {
        TxnOperation::Range(request) => wire::TxnOperationKind::Range(range(request)),
        TxnOperation::Put(request) => wire::TxnOperationKind::Put(put(request)),
        TxnOperation::DeleteRange(request) => wire::TxnOperationKind::DeleteRange(delete_range(request)),
        TxnOperation::Txn(nested) => wire::TxnOperationKind::Txn(txn(nested).encode_to_vec().into()),
    };
    wire::TxnOperation { kind: Some(kind) }
}
