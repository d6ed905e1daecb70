//! What the naive store reads from the state of one revision: ranges and compares.

use std::collections::BTreeMap;

use bytes::Bytes;
use holdfast_core::ids::Revision;
use holdfast_core::request::{
    Compare, CompareResult, CompareTarget, RangeRequest, SortOrder, SortTarget, TxnRequest,
};
use holdfast_core::response::{KeyValue, RangeResponse};

/// The live keys of a revision.
pub type Keys = BTreeMap<Bytes, KeyValue>;

pub fn holds(txn: &TxnRequest, keys: &Keys) -> bool {
    txn.compares.iter().all(|compare| {
        let mut found: Vec<KeyValue> =
            keys.values().filter(|kv| compare.range.contains(&kv.key)).cloned().collect();
        if found.is_empty() {
            if matches!(compare.target, CompareTarget::Value(_)) {
                return false;
            }
            found.push(KeyValue::default());
        }
        found.iter().all(|kv| compare_holds(compare, kv))
    })
}

fn compare_holds(compare: &Compare, kv: &KeyValue) -> bool {
    let order = match &compare.target {
        CompareTarget::Version(version) => kv.version.cmp(version),
        CompareTarget::Create(revision) => kv.create_revision.0.cmp(revision),
        CompareTarget::Mod(revision) => kv.mod_revision.0.cmp(revision),
        CompareTarget::Value(value) => kv.value.cmp(value),
        CompareTarget::Lease(lease) => kv.lease.0.cmp(lease),
    };
    match compare.result {
        CompareResult::Equal => order.is_eq(),
        CompareResult::Greater => order.is_gt(),
        CompareResult::Less => order.is_lt(),
        CompareResult::NotEqual => order.is_ne(),
    }
}

pub fn read(keys: &Keys, request: &RangeRequest) -> RangeResponse {
    let mut kvs: Vec<KeyValue> =
        keys.values().filter(|kv| request.range.contains(&kv.key)).cloned().collect();
    let count = kvs.len() as u64;
    if request.count_only {
        return RangeResponse { count, ..RangeResponse::default() };
    }
    let within =
        |revision: Revision, min: i64, max: i64| revision.0 >= min && (max == 0 || revision.0 <= max);
    kvs.retain(|kv| {
        within(kv.mod_revision, request.min_mod_revision, request.max_mod_revision)
            && within(kv.create_revision, request.min_create_revision, request.max_create_revision)
    });
    let limit = usize::try_from(request.limit).unwrap();
    let has_filters = request.min_mod_revision.max(request.max_mod_revision) > 0
        || request.min_create_revision.max(request.max_create_revision) > 0;
    if request.order == SortOrder::None && limit > 0 && !has_filters {
        // etcd sorts what it has cut to one more than the limit when no direction is given.
        kvs.truncate(limit + 1);
    }
    let by_target = |one: &KeyValue, other: &KeyValue| match request.target {
        SortTarget::Key => one.key.cmp(&other.key),
        SortTarget::Version => one.version.cmp(&other.version),
        SortTarget::Create => one.create_revision.cmp(&other.create_revision),
        SortTarget::Mod => one.mod_revision.cmp(&other.mod_revision),
        SortTarget::Value => one.value.cmp(&other.value),
    };
    match request.order {
        SortOrder::Descend => kvs.sort_by(|one, other| by_target(other, one)),
        SortOrder::None | SortOrder::Ascend => kvs.sort_by(by_target),
    }
    let more = limit > 0 && kvs.len() > limit;
    if more {
        kvs.truncate(limit);
    }
    if request.keys_only {
        kvs.iter_mut().for_each(|kv| kv.value = Bytes::new());
    }
    RangeResponse { kvs, more, count }
}
