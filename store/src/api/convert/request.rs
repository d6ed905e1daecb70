//! Single requests: checked as etcd checks them (`server/etcdserver/api/v3rpc/key.go`), then turned into core types.

use holdfast_core::ids::{LeaseId, Revision};
use holdfast_core::key_range::KeyRange;
use holdfast_core::request::{DeleteRangeRequest, PutRequest, RangeRequest, SortOrder, SortTarget};
use holdfast_proto::etcdserverpb as pb;
use pb::range_request::{SortOrder as WireOrder, SortTarget as WireTarget};

use crate::api::error::Refusal;

/// A range. Serializability is the caller's to look at.
pub fn range(request: pb::RangeRequest) -> Result<RangeRequest, Refusal> {
    if request.key.is_empty() {
        return Err(Refusal::EmptyKey);
    }
    let order = match WireOrder::try_from(request.sort_order) {
        Ok(WireOrder::None) => SortOrder::None,
        Ok(WireOrder::Ascend) => SortOrder::Ascend,
        Ok(WireOrder::Descend) => SortOrder::Descend,
        Err(_) => return Err(Refusal::InvalidSortOption),
    };
    let target = match WireTarget::try_from(request.sort_target) {
        Ok(WireTarget::Key) => SortTarget::Key,
        Ok(WireTarget::Version) => SortTarget::Version,
        Ok(WireTarget::Create) => SortTarget::Create,
        Ok(WireTarget::Mod) => SortTarget::Mod,
        Ok(WireTarget::Value) => SortTarget::Value,
        Err(_) => return Err(Refusal::InvalidSortOption),
    };
    Ok(RangeRequest {
        range: KeyRange::from_wire(request.key, request.range_end),
        limit: u64::try_from(request.limit).unwrap_or(0),
        revision: (request.revision > 0).then_some(Revision(request.revision)),
        order,
        target,
        keys_only: request.keys_only,
        count_only: request.count_only,
        min_mod_revision: request.min_mod_revision,
        max_mod_revision: request.max_mod_revision,
        min_create_revision: request.min_create_revision,
        max_create_revision: request.max_create_revision,
    })
}

/// A put.
pub fn put(request: pb::PutRequest) -> Result<PutRequest, Refusal> {
    if request.key.is_empty() {
        return Err(Refusal::EmptyKey);
    }
    if request.ignore_value && !request.value.is_empty() {
        return Err(Refusal::ValueProvided);
    }
    if request.ignore_lease && request.lease != 0 {
        return Err(Refusal::LeaseProvided);
    }
    Ok(PutRequest {
        key: request.key,
        value: request.value,
        lease: LeaseId(request.lease),
        prev_kv: request.prev_kv,
        ignore_value: request.ignore_value,
        ignore_lease: request.ignore_lease,
    })
}

/// A deletion.
pub fn delete_range(request: pb::DeleteRangeRequest) -> Result<DeleteRangeRequest, Refusal> {
    if request.key.is_empty() {
        return Err(Refusal::EmptyKey);
    }
    Ok(DeleteRangeRequest {
        range: KeyRange::from_wire(request.key, request.range_end),
        prev_kv: request.prev_kv,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_checked_in_the_order_of_etcd() {
        let wrong = pb::RangeRequest { sort_order: 9, sort_target: 9, ..Default::default() };
        assert_eq!(range(wrong.clone()), Err(Refusal::EmptyKey));
        assert_eq!(range(pb::RangeRequest { key: "a".into(), ..wrong }), Err(Refusal::InvalidSortOption));
        let target = pb::RangeRequest { key: "a".into(), sort_target: 5, ..Default::default() };
        assert_eq!(range(target), Err(Refusal::InvalidSortOption));
    }

    #[test]
    fn numbers_below_zero_count_as_not_given() {
        let request = pb::RangeRequest { key: "a".into(), limit: -1, revision: -5, ..Default::default() };
        let request = range(request).unwrap();
        assert_eq!((request.limit, request.revision), (0, None));
    }

    #[test]
    fn a_put_that_ignores_must_not_bring_what_it_ignores() {
        let value =
            pb::PutRequest { key: "a".into(), value: "b".into(), ignore_value: true, ..Default::default() };
        assert_eq!(put(value), Err(Refusal::ValueProvided));
        let lease = pb::PutRequest { key: "a".into(), lease: 1, ignore_lease: true, ..Default::default() };
        assert_eq!(put(lease), Err(Refusal::LeaseProvided));
        assert_eq!(put(pb::PutRequest { ignore_value: true, ..Default::default() }), Err(Refusal::EmptyKey));
    }
}
