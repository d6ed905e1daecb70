//! Ranges: filters, order, limit and count as etcd combines them. Streams in constant memory whenever the order is
//! that of the keys.

use std::cmp::Ordering;
use std::ops::ControlFlow;

use bytes::Bytes;

use super::state::State;
use super::{KeyValueRef, RangeSummary};
use crate::error::RangeError;
use crate::ids::Revision;
use crate::key_range::KeyRange;
use crate::request::{RangeRequest, SortOrder, SortTarget};
use crate::response::{KeyValue, RangeResponse};
use crate::rows::Direction;

type Sink<'s> = dyn FnMut(KeyValueRef<'_>) + 's;

impl State<'_> {
    /// Reads a range, handing each key to `sink` in order.
    pub fn range_into(
        &self,
        request: &RangeRequest,
        sink: &mut Sink<'_>,
    ) -> Result<RangeSummary, RangeError> {
        let revision = self.resolve(request.revision)?;
        if request.count_only {
            let count = self.count_at(&request.range, revision)?;
            return Ok(RangeSummary { more: false, count });
        }
        match (request.target, request.order) {
            (SortTarget::Key, SortOrder::Descend) => {
                self.stream(request, revision, Direction::Backward, sink)
            }
            (SortTarget::Key, _) => self.stream(request, revision, Direction::Forward, sink),
            _ if matches!(request.range, KeyRange::Single(_)) => {
                self.stream(request, revision, Direction::Forward, sink)
            }
            _ => self.sort(request, revision, sink),
        }
    }

    /// Reads a range into memory.
    pub fn range(&self, request: &RangeRequest) -> Result<RangeResponse, RangeError> {
        let mut kvs = Vec::new();
        let summary = self.range_into(request, &mut |kv| kvs.push(to_owned(kv)))?;
        Ok(RangeResponse { kvs, more: summary.more, count: summary.count })
    }

    fn stream(
        &self,
        request: &RangeRequest,
        revision: Revision,
        direction: Direction,
        sink: &mut Sink<'_>,
    ) -> Result<RangeSummary, RangeError> {
        let filters = has_filters(request);
        let mut seen = 0;
        let mut taken = 0;
        let mut more = false;
        self.walk(&request.range, revision, direction, &mut |_, kv| {
            seen += 1;
            if filters && !passes(request, &kv) {
                return ControlFlow::Continue(());
            }
            if request.limit > 0 && taken == request.limit {
                more = true;
                return ControlFlow::Break(());
            }
            taken += 1;
            sink(if request.keys_only { KeyValueRef { value: &[], ..kv } } else { kv });
            ControlFlow::Continue(())
        })?;
        // A walk that came to its end has seen every key.
        let count = if more { self.count_at(&request.range, revision)? } else { seen };
        Ok(RangeSummary { more, count })
    }

    fn sort(
        &self,
        request: &RangeRequest,
        revision: Revision,
        sink: &mut Sink<'_>,
    ) -> Result<RangeSummary, RangeError> {
        // Without a direction and without filters, etcd cuts to one key more than the limit before it sorts.
        let cut_first = request.order == SortOrder::None && !has_filters(request) && request.limit > 0;
        let keep_values = !request.keys_only || request.target == SortTarget::Value;
        let mut seen = 0;
        let mut cut = false;
        let mut kvs = Vec::new();
        self.walk(&request.range, revision, Direction::Forward, &mut |_, kv| {
            seen += 1;
            if cut_first && kvs.len() as u64 > request.limit {
                cut = true;
                return ControlFlow::Break(());
            }
            if passes(request, &kv) {
                kvs.push(to_owned(if keep_values { kv } else { KeyValueRef { value: &[], ..kv } }));
            }
            ControlFlow::Continue(())
        })?;
        // Stable, so that equal keys stay in key order; etcd leaves their order open.
        kvs.sort_by(|one, other| match request.order {
            SortOrder::Descend => compare(request.target, other, one),
            SortOrder::None | SortOrder::Ascend => compare(request.target, one, other),
        });
        let count = if cut { self.count_at(&request.range, revision)? } else { seen };
        let more = request.limit > 0 && kvs.len() as u64 > request.limit;
        let limit = if more { usize::try_from(request.limit).unwrap_or(usize::MAX) } else { kvs.len() };
        for kv in &kvs[..limit] {
            let kv = as_ref(kv);
            sink(if request.keys_only { KeyValueRef { value: &[], ..kv } } else { kv });
        }
        Ok(RangeSummary { more, count })
    }
}

fn has_filters(request: &RangeRequest) -> bool {
    request.min_mod_revision != 0
        || request.max_mod_revision != 0
        || request.min_create_revision != 0
        || request.max_create_revision != 0
}

fn passes(request: &RangeRequest, kv: &KeyValueRef<'_>) -> bool {
    let within = |revision: Revision, min: i64, max: i64| {
        (min == 0 || revision.0 >= min) && (max == 0 || revision.0 <= max)
    };
    within(kv.mod_revision, request.min_mod_revision, request.max_mod_revision)
        && within(kv.create_revision, request.min_create_revision, request.max_create_revision)
}

fn compare(target: SortTarget, one: &KeyValue, other: &KeyValue) -> Ordering {
    match target {
        SortTarget::Key => one.key.cmp(&other.key),
        SortTarget::Version => one.version.cmp(&other.version),
        SortTarget::Create => one.create_revision.cmp(&other.create_revision),
        SortTarget::Mod => one.mod_revision.cmp(&other.mod_revision),
        SortTarget::Value => one.value.cmp(&other.value),
    }
}

fn to_owned(kv: KeyValueRef<'_>) -> KeyValue {
    KeyValue {
        key: Bytes::copy_from_slice(kv.key),
        value: Bytes::copy_from_slice(kv.value),
        create_revision: kv.create_revision,
        mod_revision: kv.mod_revision,
        version: kv.version,
        lease: kv.lease,
    }
}

fn as_ref(kv: &KeyValue) -> KeyValueRef<'_> {
    KeyValueRef {
        key: &kv.key,
        value: &kv.value,
        create_revision: kv.create_revision,
        mod_revision: kv.mod_revision,
        version: kv.version,
        lease: kv.lease,
    }
}
