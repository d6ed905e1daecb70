//! Changes of the v2 API to and from messages.

use super::{CodecError, message as wire};
use crate::ids::LeaseId;
use crate::v2::{V2Operation, V2Path, V2Request, V2TimeToLive};

pub(super) fn read(message: wire::V2) -> Result<V2Request, CodecError> {
    let wire::V2 { value, is_directory, is_refresh, prev_value, prev_index, is_recursive, .. } = message;
    let time_to_live = message.time_to_live.map(|it| V2TimeToLive {
        lease: LeaseId(it.lease),
        ttl_seconds: it.ttl_seconds,
        expiration_unix_nanos: it.expiration_unix_nanos,
    });
    let operation = match message.kind {
        wire::v2_kind::SET => V2Operation::Set { value, is_directory, time_to_live, is_refresh },
        kind @ (wire::v2_kind::CREATE | wire::v2_kind::CREATE_IN_ORDER) => {
            let is_in_order = kind == wire::v2_kind::CREATE_IN_ORDER;
            V2Operation::Create { value, is_directory, time_to_live, is_in_order }
        }
        wire::v2_kind::UPDATE => V2Operation::Update { value, time_to_live, is_refresh },
        wire::v2_kind::COMPARE_AND_SWAP => {
            V2Operation::CompareAndSwap { prev_value, prev_index, value, time_to_live, is_refresh }
        }
        wire::v2_kind::DELETE => V2Operation::Delete { is_directory, is_recursive },
        wire::v2_kind::COMPARE_AND_DELETE => V2Operation::CompareAndDelete { prev_value, prev_index },
        _ => return Err(CodecError::Unknown("change of a node")),
    };
    let path = V2Path::from_clean(message.path).ok_or(CodecError::Unknown("path of a node"))?;
    Ok(V2Request { path, operation })
}

pub(super) fn write(request: &V2Request) -> wire::V2 {
    let message = match &request.operation {
        V2Operation::Set { value, is_directory, time_to_live, is_refresh } => wire::V2 {
            kind: wire::v2_kind::SET,
            value: value.clone(),
            is_directory: *is_directory,
            time_to_live: write_time_to_live(time_to_live.as_ref()),
            is_refresh: *is_refresh,
            ..wire::V2::default()
        },
        V2Operation::Create { value, is_directory, time_to_live, is_in_order } => wire::V2 {
            kind: if *is_in_order { wire::v2_kind::CREATE_IN_ORDER } else { wire::v2_kind::CREATE },
            value: value.clone(),
            is_directory: *is_directory,
            time_to_live: write_time_to_live(time_to_live.as_ref()),
            ..wire::V2::default()
        },
        V2Operation::Update { value, time_to_live, is_refresh } => wire::V2 {
            kind: wire::v2_kind::UPDATE,
            value: value.clone(),
            time_to_live: write_time_to_live(time_to_live.as_ref()),
            is_refresh: *is_refresh,
            ..wire::V2::default()
        },
        V2Operation::CompareAndSwap { prev_value, prev_index, value, time_to_live, is_refresh } => wire::V2 {
            kind: wire::v2_kind::COMPARE_AND_SWAP,
            value: value.clone(),
            time_to_live: write_time_to_live(time_to_live.as_ref()),
            is_refresh: *is_refresh,
            prev_value: prev_value.clone(),
            prev_index: *prev_index,
            ..wire::V2::default()
        },
        V2Operation::Delete { is_directory, is_recursive } => wire::V2 {
            kind: wire::v2_kind::DELETE,
            is_directory: *is_directory,
            is_recursive: *is_recursive,
            ..wire::V2::default()
        },
        V2Operation::CompareAndDelete { prev_value, prev_index } => wire::V2 {
            kind: wire::v2_kind::COMPARE_AND_DELETE,
            prev_value: prev_value.clone(),
            prev_index: *prev_index,
            ..wire::V2::default()
        },
    };
    wire::V2 { path: request.path.as_bytes().clone(), ..message }
}

fn write_time_to_live(time_to_live: Option<&V2TimeToLive>) -> Option<wire::V2TimeToLive> {
    time_to_live.map(|it| wire::V2TimeToLive {
        lease: it.lease.0,
        ttl_seconds: it.ttl_seconds,
        expiration_unix_nanos: it.expiration_unix_nanos,
    })
}
