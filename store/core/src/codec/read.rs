//! From messages to commands. Must refuse whatever it does not understand: a guess would differ between versions.

use prost::Message;

use super::{CodecError, auth, message as wire, v2};
use crate::auth::Caller;
use crate::command::{Command, Operation};
use crate::ids::{AuthRevision, LeaseId, MemberId, Revision, Term};
use crate::key_range::KeyRange;
use crate::limits::TXN_DEPTH_MAX;
use crate::request::{
    Compare, CompareResult, CompareTarget, DeleteRangeRequest, PutRequest, RangeRequest, SortOrder,
    SortTarget, TxnOperation, TxnRequest,
};
use crate::response::AlarmKind;

pub(super) fn command(message: wire::Command) -> Result<Command, CodecError> {
    let wire::Command { username, auth_revision, is_member, operation: kind } = message;
    let operation = operation(kind.ok_or(CodecError::Unknown("operation"))?)?;
    let caller = match (is_member, username.is_empty(), auth_revision) {
        (true, true, 0) => Caller::Member,
        (true, ..) => return Err(CodecError::Unknown("caller")),
        (false, true, 0) => Caller::Nobody,
        (false, ..) => Caller::User { name: username, auth_revision: AuthRevision(auth_revision) },
    };
    Ok(Command { caller, operation })
}

fn operation(operation: wire::Operation) -> Result<Operation, CodecError> {
    Ok(match operation {
        wire::Operation::Noop(wire::Noop {}) => Operation::Noop,
        wire::Operation::Put(message) => Operation::Put(put(message)),
        wire::Operation::DeleteRange(message) => Operation::DeleteRange(delete_range(message)?),
        wire::Operation::Txn(message) => Operation::Txn(txn(message, 1)?),
        wire::Operation::CompactRevision(revision) => Operation::Compact { revision: Revision(revision) },
        wire::Operation::LeaseGrant(wire::LeaseGrant { id, ttl_seconds }) => {
            Operation::LeaseGrant { id: LeaseId(id), ttl_seconds }
        }
        wire::Operation::LeaseRevokeId(id) => Operation::LeaseRevoke { id: LeaseId(id) },
        wire::Operation::LeaseExpire(wire::LeaseExpire { ids, term }) => {
            Operation::LeaseExpire { ids: ids.into_iter().map(LeaseId).collect(), term: Term(term) }
        }
        wire::Operation::LeaseCheckpoint(wire::LeaseCheckpoint { ids, remaining_seconds }) => {
            if ids.len() != remaining_seconds.len() {
                return Err(CodecError::Unknown("remaining time for each lease"));
            }
            let remaining_seconds = ids.into_iter().map(LeaseId).zip(remaining_seconds).collect();
            Operation::LeaseCheckpoint { remaining_seconds }
        }
        wire::Operation::AlarmRaise(wire::Alarm { member, kind }) => Operation::AlarmRaise {
            member: MemberId(member),
            kind: alarm_kind(kind)?.ok_or(CodecError::Unknown("alarm"))?,
        },
        wire::Operation::AlarmClear(wire::Alarm { member, kind }) => {
            Operation::AlarmClear { member: MemberId(member), kind: alarm_kind(kind)? }
        }
        wire::Operation::MemberPublish(wire::MemberPublish { member, attributes }) => {
            Operation::MemberPublish { member: MemberId(member), attributes }
        }
        wire::Operation::ClusterVersion(version) => Operation::ClusterVersionSet { version },
        wire::Operation::V2(message) => Operation::V2(v2::read(message)?),
        wire::Operation::Auth(message) => Operation::Auth(auth::read(message)?),
    })
}

fn alarm_kind(kind: u32) -> Result<Option<AlarmKind>, CodecError> {
    match kind {
        0 => Ok(None),
        1 => Ok(Some(AlarmKind::NoSpace)),
        2 => Ok(Some(AlarmKind::Corrupt)),
        _ => Err(CodecError::Unknown("alarm")),
    }
}

fn key_range(message: Option<wire::KeyRange>) -> Result<KeyRange, CodecError> {
    let wire::KeyRange { start, kind, end } = message.ok_or(CodecError::Unknown("range"))?;
    match kind {
        wire::range_kind::SINGLE => Ok(KeyRange::Single(start)),
        wire::range_kind::BOUNDED => Ok(KeyRange::Bounded { start, end }),
        wire::range_kind::FROM => Ok(KeyRange::From(start)),
        _ => Err(CodecError::Unknown("kind of range")),
    }
}

fn range(message: wire::Range) -> Result<RangeRequest, CodecError> {
    Ok(RangeRequest {
        range: key_range(message.range)?,
        limit: message.limit,
        revision: message.revision.map(Revision),
        order: match message.order {
            0 => SortOrder::None,
            1 => SortOrder::Ascend,
            2 => SortOrder::Descend,
            _ => return Err(CodecError::Unknown("sort order")),
        },
        target: match message.target {
            0 => SortTarget::Key,
            1 => SortTarget::Version,
            2 => SortTarget::Create,
            3 => SortTarget::Mod,
            4 => SortTarget::Value,
            _ => return Err(CodecError::Unknown("sort target")),
        },
        keys_only: message.keys_only,
        count_only: message.count_only,
        min_mod_revision: message.min_mod_revision,
        max_mod_revision: message.max_mod_revision,
        min_create_revision: message.min_create_revision,
        max_create_revision: message.max_create_revision,
    })
}

fn put(message: wire::Put) -> PutRequest {
    PutRequest {
        key: message.key,
        value: message.value,
        lease: LeaseId(message.lease),
        prev_kv: message.prev_kv,
        ignore_value: message.ignore_value,
        ignore_lease: message.ignore_lease,
    }
}

fn delete_range(message: wire::DeleteRange) -> Result<DeleteRangeRequest, CodecError> {
    Ok(DeleteRangeRequest { range: key_range(message.range)?, prev_kv: message.prev_kv })
}

fn compare(message: wire::Compare) -> Result<Compare, CodecError> {
    Ok(Compare {
        range: key_range(message.range)?,
        result: match message.result {
            0 => CompareResult::Equal,
            1 => CompareResult::Greater,
            2 => CompareResult::Less,
            3 => CompareResult::NotEqual,
            _ => return Err(CodecError::Unknown("compare result")),
        },
        target: match message.target.ok_or(CodecError::Unknown("compare target"))? {
            wire::CompareTarget::Version(version) => CompareTarget::Version(version),
            wire::CompareTarget::Create(revision) => CompareTarget::Create(revision),
            wire::CompareTarget::Mod(revision) => CompareTarget::Mod(revision),
            wire::CompareTarget::Value(value) => CompareTarget::Value(value),
            wire::CompareTarget::Lease(lease) => CompareTarget::Lease(lease),
        },
    })
}

fn txn(message: wire::Txn, depth: usize) -> Result<TxnRequest, CodecError> {
    if depth > TXN_DEPTH_MAX {
        return Err(CodecError::TooDeep);
    }
    let operations = |list: Vec<wire::TxnOperation>| -> Result<Vec<TxnOperation>, CodecError> {
        list.into_iter().map(|operation| txn_operation(operation, depth)).collect()
    };
    Ok(TxnRequest {
        compares: message.compares.into_iter().map(compare).collect::<Result<_, _>>()?,
        success: operations(message.success)?,
        failure: operations(message.failure)?,
    })
}

fn txn_operation(message: wire::TxnOperation, depth: usize) -> Result<TxnOperation, CodecError> {
    Ok(match message.kind.ok_or(CodecError::Unknown("transaction operation"))? {
        wire::TxnOperationKind::Range(message) => TxnOperation::Range(range(message)?),
        wire::TxnOperationKind::Put(message) => TxnOperation::Put(put(message)),
        wire::TxnOperationKind::DeleteRange(message) => TxnOperation::DeleteRange(delete_range(message)?),
        wire::TxnOperationKind::Txn(nested) => TxnOperation::Txn(txn(wire::Txn::decode(nested)?, depth + 1)?),
    })
}
