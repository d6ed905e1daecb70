//! `etcdserverpb.KV.RangeStream`: a range in chunks that are disjoint and in order, all of one revision. Header, count
//! and `more` come with the last chunk, so that merging all chunks gives the answer of `Range`.

use std::sync::Arc;

use futures::{Stream, stream};
use holdfast_core::key_range::KeyRange;
use holdfast_core::read::ReadView;
use holdfast_core::request::{RangeRequest, SortOrder, SortTarget};
use holdfast_core::response::RangeResponse;
use holdfast_proto::etcdserverpb as pb;
use prost::Message;

use super::offload;
use crate::api::convert::{request, response};
use crate::api::error::{Code, Status};
use crate::auth::Claim;
use crate::limits::RANGE_STREAM_FIRST_KEYS;
use crate::node::Node;

/// A range under way.
struct Chunks {
    view: Arc<ReadView>,
    /// What is left; its limit is that of the next chunk.
    request: RangeRequest,
    header: pb::ResponseHeader,
    /// Keys in the whole range, as `Range` counts them.
    count: u64,
    /// Keys that may still be sent.
    left: u64,
    target_bytes: usize,
    is_done: bool,
}

/// `RangeStream`.
///
/// # Errors
/// At once for a request that cannot be streamed; from the stream when storage fails on the way.
pub async fn chunks(
    node: Arc<Node>,
    claim: &Claim,
    wire: pb::RangeRequest,
) -> Result<impl Stream<Item = Result<pb::RangeStreamResponse, Status>> + Send + 'static, Status> {
    let linearizable = !wire.serializable;
    let request = request::range(wire)?;
    check(&request)?;
    let view = node.read_as(claim, linearizable, |guard| Ok(guard.read(&request.range)?)).await?;
    let chunks = Chunks {
        header: response::header(node.header_at(view.head().revision)),
        count: view.count(&request.range, request.revision)?,
        left: if request.limit == 0 { u64::MAX } else { request.limit },
        target_bytes: node.settings().request_bytes_max,
        is_done: false,
        request: RangeRequest { limit: RANGE_STREAM_FIRST_KEYS, ..request },
        view,
    };
    Ok(stream::try_unfold(chunks, Chunks::next))
}

fn check(request: &RangeRequest) -> Result<(), Status> {
    let keeps_key_order = request.order == SortOrder::None
        || (request.target == SortTarget::Key && request.order == SortOrder::Ascend);
    if !keeps_key_order {
        return Err(Status::new(Code::Unimplemented, "RangeStream does not support custom sort orders"));
    }
    let filters = [
        request.min_mod_revision,
        request.max_mod_revision,
        request.min_create_revision,
        request.max_create_revision,
    ];
    if filters != [0; 4] {
        return Err(Status::new(Code::Unimplemented, "RangeStream does not support revision filters"));
    }
    Ok(())
}

impl Chunks {
    async fn next(mut self) -> Result<Option<(pb::RangeStreamResponse, Chunks)>, Status> {
        if self.is_done {
            return Ok(None);
        }
        self.request.limit = self.request.limit.min(self.left);
        let read = |view: &ReadView, request: &RangeRequest| Ok(view.range(request)?);
        let chunk = offload::read_range(self.view.clone(), self.request.clone(), read).await?;
        Ok(Some((self.answer(chunk), self)))
    }

    fn answer(&mut self, chunk: RangeResponse) -> pb::RangeStreamResponse {
        self.left -= chunk.kvs.len() as u64;
        let last_key = chunk.kvs.last().map(|kv| kv.key.clone());
        let mut range = pb::RangeResponse {
            kvs: chunk.kvs.into_iter().map(response::key_value).collect(),
            ..Default::default()
        };
        match last_key {
            Some(last_key) if chunk.more && self.left > 0 => {
                self.request.range = after(&last_key, &self.request.range);
                self.request.limit = next_limit(self.request.limit, range.encoded_len(), self.target_bytes);
            }
            _ => {
                range.header = Some(self.header);
                range.more = chunk.more;
                range.count = response::wire_count(self.count);
                self.is_done = true;
            }
        }
        pb::RangeStreamResponse { range_response: Some(range) }
    }
}

/// The part of `range` behind `key`.
fn after(key: &[u8], range: &KeyRange) -> KeyRange {
    let mut start = Vec::with_capacity(key.len() + 1);
    start.extend_from_slice(key);
    start.push(0);
    match range.end() {
        Some(end) => KeyRange::Bounded { start: start.into(), end },
        None => KeyRange::From(start.into()),
    }
}

/// Doubles or halves the chunk towards the target size, with a wide middle so that it does not swing.
fn next_limit(limit: u64, size_bytes: usize, target_bytes: usize) -> u64 {
    if size_bytes < target_bytes / 2 {
        limit.saturating_mul(2)
    } else if size_bytes > target_bytes.saturating_mul(2) {
        (limit / 2).max(1)
    } else {
        limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_chunk_begins_right_behind_the_last_key() {
        let all = KeyRange::From("".into());
        assert_eq!(after(b"a", &all), KeyRange::From("a\0".into()));
        let some = KeyRange::Bounded { start: "a".into(), end: "c".into() };
        assert_eq!(after(b"b", &some), KeyRange::Bounded { start: "b\0".into(), end: "c".into() });
        assert!(after(b"a", &KeyRange::Single("a".into())).is_empty());
    }

    #[test]
    fn chunks_grow_and_shrink_towards_the_target_and_never_to_nothing() {
        assert_eq!(next_limit(10, 40, 100), 20);
        assert_eq!(next_limit(10, 150, 100), 10);
        assert_eq!(next_limit(10, 201, 100), 5);
        assert_eq!(next_limit(1, 201, 100), 1);
    }

    #[test]
    fn what_cannot_be_streamed_is_refused_in_the_words_of_etcd() {
        let plain = RangeRequest::all(KeyRange::From("".into()));
        assert!(check(&plain).is_ok());
        let unordered_values = RangeRequest { target: SortTarget::Value, ..plain.clone() };
        assert!(check(&unordered_values).is_ok());
        let sorted = RangeRequest { order: SortOrder::Descend, ..plain.clone() };
        assert_eq!(check(&sorted).unwrap_err().message, "RangeStream does not support custom sort orders");
        let filtered = RangeRequest { max_mod_revision: 1, ..plain };
        assert_eq!(check(&filtered).unwrap_err().message, "RangeStream does not support revision filters");
    }
}
