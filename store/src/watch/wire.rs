//! Watch messages as encoded `etcdserverpb.WatchResponse`. Messages with events are put together from bytes that all
//! watchers share; the others are rare and go through the generated types.

use bytes::Bytes;
use holdfast_core::ids::{ClusterId, MemberId, Revision, Term};
use holdfast_core::response::{Event, EventKind, KeyValue};
use holdfast_core::watch::{EventList, WatchId, WatchMessage, WatchRefusal, fragments};
use holdfast_proto::{etcdserverpb as pb, mvccpb};
use prost::Message;
use prost::encoding::{WireType, encode_key, encode_varint, encoded_len_varint, key_len};

use super::revision::SharedRevision;
use crate::limits::GRPC_OVERHEAD_BYTES;

const HEADER_FIELD: u32 = 1;
const WATCH_ID_FIELD: u32 = 2;
const FRAGMENT_FIELD: u32 = 7;
const EVENTS_FIELD: u32 = 11;

/// The id in messages that are about no single watcher.
const NO_WATCH_ID: i64 = -1;

/// What all messages of a member have in common.
#[derive(Debug, Clone, Copy)]
pub(super) struct Encoder {
    pub cluster_id: ClusterId,
    pub member_id: MemberId,
    /// Largest request in bytes; messages above it, with some room for framing, are cut where that is allowed.
    pub request_bytes_max: usize,
}

impl Encoder {
    /// Encodes a message, in more than one piece when it is cut into fragments; hands them over in order.
    pub fn encode(&self, message: WatchMessage<SharedRevision>, term: Term, sink: &mut impl FnMut(Bytes)) {
        let response = match message {
            WatchMessage::Events { watch_id, revision, prev_kv, fragment, events } => {
                let header = self.header(revision, term);
                let bytes_max =
                    if fragment { self.request_bytes_max + GRPC_OVERHEAD_BYTES } else { usize::MAX };
                return encode_events(&header, watch_id, prev_kv, &events, bytes_max, sink);
            }
            WatchMessage::Created { watch_id, revision } => pb::WatchResponse {
                header: Some(self.header(revision, term)),
                watch_id: watch_id.0,
                created: true,
                ..pb::WatchResponse::default()
            },
            WatchMessage::Refused { revision, refusal } => pb::WatchResponse {
                header: Some(self.header(revision, term)),
                watch_id: NO_WATCH_ID,
                created: true,
                canceled: true,
                cancel_reason: refusal_text(refusal).to_owned(),
                ..pb::WatchResponse::default()
            },
            WatchMessage::Canceled { watch_id, revision } => pb::WatchResponse {
                header: Some(self.header(revision, term)),
                watch_id: watch_id.0,
                canceled: true,
                ..pb::WatchResponse::default()
            },
            WatchMessage::Revoked { watch_id, revision, refusal } => pb::WatchResponse {
                header: Some(self.header(revision, term)),
                watch_id: watch_id.0,
                canceled: true,
                cancel_reason: refusal_text(refusal).to_owned(),
                ..pb::WatchResponse::default()
            },
            WatchMessage::Compacted { watch_id, compacted } => pb::WatchResponse {
                header: Some(self.header(Revision(0), term)),
                watch_id: watch_id.0,
                canceled: true,
                compact_revision: compacted.0,
                ..pb::WatchResponse::default()
            },
            WatchMessage::Progress { watch_id, revision } => pb::WatchResponse {
                header: Some(self.header(revision, term)),
                watch_id: watch_id.map_or(NO_WATCH_ID, |watch_id| watch_id.0),
                ..pb::WatchResponse::default()
            },
        };
        sink(response.encode_to_vec().into());
    }

    fn header(&self, revision: Revision, term: Term) -> pb::ResponseHeader {
        pb::ResponseHeader {
            cluster_id: self.cluster_id.0,
            member_id: self.member_id.0,
            revision: revision.0,
            raft_term: term.0,
        }
    }
}

/// The reasons as etcd's clients compare them.
fn refusal_text(refusal: WatchRefusal) -> &'static str {
    match refusal {
        WatchRefusal::EmptyRange => "mvcc: watcher range is empty",
        WatchRefusal::DuplicateId => "mvcc: duplicate watch ID provided on the WatchStream",
        WatchRefusal::NegativeStart => "etcdserver: mvcc: required revision has been compacted",
        // These come with gRPC's frame around them, as etcd sends them.
        WatchRefusal::Nobody => "rpc error: code = InvalidArgument desc = etcdserver: user name is empty",
        WatchRefusal::InvalidToken => {
            "rpc error: code = Unauthenticated desc = etcdserver: invalid auth token"
        }
        WatchRefusal::Denied => "rpc error: code = PermissionDenied desc = etcdserver: permission denied",
        WatchRefusal::OldAuthRevision => {
            "rpc error: code = InvalidArgument desc = etcdserver: revision of auth store is old"
        }
    }
}

fn encode_events(
    header: &pb::ResponseHeader,
    watch_id: WatchId,
    prev_kv: bool,
    events: &EventList<SharedRevision>,
    bytes_max: usize,
    sink: &mut impl FnMut(Bytes),
) {
    let field = |(revision, position): &(SharedRevision, u32)| revision.encoded(*position, prev_kv).len();
    let base_len = encoded_len(header, watch_id);
    let lens = fragments(base_len, events.iter().map(field), bytes_max);
    let mut rest = events.as_slice();
    for (at, len) in lens.iter().enumerate() {
        let (part, behind) = rest.split_at(*len);
        rest = behind;
        let is_last = at + 1 == lens.len();
        let fragment_len = if is_last { 0 } else { key_len(FRAGMENT_FIELD) + 1 };
        let mut encoded = Vec::with_capacity(base_len + fragment_len + part.iter().map(field).sum::<usize>());
        prost::encoding::message::encode(HEADER_FIELD, header, &mut encoded);
        if watch_id.0 != 0 {
            prost::encoding::int64::encode(WATCH_ID_FIELD, &watch_id.0, &mut encoded);
        }
        if !is_last {
            prost::encoding::bool::encode(FRAGMENT_FIELD, &true, &mut encoded);
        }
        for (revision, position) in part {
            encoded.extend_from_slice(revision.encoded(*position, prev_kv));
        }
        sink(encoded.into());
    }
}

fn encoded_len(header: &pb::ResponseHeader, watch_id: WatchId) -> usize {
    let header_len = prost::encoding::message::encoded_len(HEADER_FIELD, header);
    let id_len =
        if watch_id.0 == 0 { 0 } else { prost::encoding::int64::encoded_len(WATCH_ID_FIELD, &watch_id.0) };
    header_len + id_len
}

/// An event as a field of `WatchResponse`.
pub(super) fn event_field(event: &Event, with_prev_kv: bool) -> Bytes {
    let kind = match event.kind {
        EventKind::Put => mvccpb::event::EventType::Put,
        EventKind::Delete => mvccpb::event::EventType::Delete,
    };
    let message = mvccpb::Event {
        r#type: kind.into(),
        kv: Some(key_value(&event.kv)),
        prev_kv: event.prev_kv.as_ref().filter(|_| with_prev_kv).map(key_value),
    };
    let len = message.encoded_len();
    let mut field = Vec::with_capacity(key_len(EVENTS_FIELD) + encoded_len_varint(len as u64) + len);
    encode_key(EVENTS_FIELD, WireType::LengthDelimited, &mut field);
    encode_varint(len as u64, &mut field);
    message.encode_raw(&mut field);
    field.into()
}

fn key_value(kv: &KeyValue) -> mvccpb::KeyValue {
    mvccpb::KeyValue {
        key: kv.key.clone(),
        create_revision: kv.create_revision.0,
        mod_revision: kv.mod_revision.0,
        version: kv.version,
        value: kv.value.clone(),
        lease: kv.lease.0,
    }
}

#[cfg(test)]
mod tests;
