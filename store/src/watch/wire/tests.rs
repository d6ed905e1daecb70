//! Unit tests of the bytes of watch messages, read by the generated code and compared with what it writes.

use holdfast_core::ids::LeaseId;
use holdfast_core::response::RevisionEvents;

use super::*;

const TERM: Term = Term(3);

fn encoder(request_bytes_max: usize) -> Encoder {
    Encoder { cluster_id: ClusterId(u64::MAX), member_id: MemberId(7), request_bytes_max }
}

fn kv(value_len: usize, version: i64) -> KeyValue {
    KeyValue {
        key: "key".into(),
        value: vec![b'v'; value_len].into(),
        create_revision: Revision(4),
        mod_revision: Revision(i64::MAX),
        version,
        lease: LeaseId(0x7587),
    }
}

fn revision(value_len: usize) -> SharedRevision {
    let put = Event { kind: EventKind::Put, kv: kv(value_len, 2), prev_kv: Some(kv(value_len, 1)), v2: None };
    let deleted = KeyValue { key: "gone".into(), mod_revision: Revision(9), ..KeyValue::default() };
    let delete = Event { kind: EventKind::Delete, kv: deleted, prev_kv: None, v2: None };
    SharedRevision::new(RevisionEvents { revision: Revision(9), events: vec![put, delete] })
}

fn events(
    watch_id: i64,
    prev_kv: bool,
    fragment: bool,
    revision: &SharedRevision,
) -> WatchMessage<SharedRevision> {
    let events = vec![(revision.clone(), 0), (revision.clone(), 1)];
    WatchMessage::Events { watch_id: WatchId(watch_id), revision: Revision(9), prev_kv, fragment, events }
}

fn encode(message: WatchMessage<SharedRevision>, request_bytes_max: usize) -> Vec<Bytes> {
    let mut pieces = Vec::new();
    encoder(request_bytes_max).encode(message, TERM, &mut |bytes| pieces.push(bytes));
    pieces
}

fn header(revision: i64) -> Option<pb::ResponseHeader> {
    Some(pb::ResponseHeader { cluster_id: u64::MAX, member_id: 7, revision, raft_term: 3 })
}

#[test]
fn events_have_the_bytes_that_the_generated_code_writes() {
    for (watch_id, prev_kv, value_len) in
        [(0, false, 0), (1, true, 5), (-1, true, 300), (i64::MAX, false, 70_000)]
    {
        let revision = revision(value_len);
        let put = mvccpb::Event {
            r#type: mvccpb::event::EventType::Put.into(),
            kv: Some(key_value(&kv(value_len, 2))),
            prev_kv: prev_kv.then(|| key_value(&kv(value_len, 1))),
        };
        let delete = mvccpb::Event {
            r#type: mvccpb::event::EventType::Delete.into(),
            kv: Some(mvccpb::KeyValue { key: "gone".into(), mod_revision: 9, ..Default::default() }),
            prev_kv: None,
        };
        let expected = pb::WatchResponse {
            header: header(9),
            watch_id,
            events: vec![put, delete],
            ..Default::default()
        };
        assert_eq!(encode(events(watch_id, prev_kv, false, &revision), 0), [expected.encode_to_vec()]);
    }
}

#[test]
fn an_event_is_encoded_once_for_all_watchers() {
    let revision = revision(10);
    encode(events(1, true, false, &revision), 0);
    let first = revision.encoded(0, true).as_ptr();
    encode(events(2, true, false, &revision), 0);
    assert_eq!(revision.encoded(0, true).as_ptr(), first);
    let plain = revision.encoded(1, false).as_ptr();
    assert_eq!(revision.encoded(1, true).as_ptr(), plain, "without an earlier version both forms are one");
}

#[test]
fn a_large_message_is_cut_only_for_who_asked() {
    let revision = revision(GRPC_OVERHEAD_BYTES);
    assert_eq!(encode(events(1, false, false, &revision), 100).len(), 1);
    let pieces = encode(events(1, false, true, &revision), 10);
    let read: Vec<pb::WatchResponse> =
        pieces.into_iter().map(|piece| pb::WatchResponse::decode(piece).unwrap()).collect();
    assert_eq!(read.iter().map(|piece| piece.fragment).collect::<Vec<_>>(), [true, false]);
    assert_eq!(read.iter().map(|piece| piece.events.len()).collect::<Vec<_>>(), [1, 1]);
    assert!(read.iter().all(|piece| piece.header == header(9) && piece.watch_id == 1));
    assert_eq!(
        encode(events(1, false, true, &revision), 100),
        encode(events(1, false, false, &revision), 100)
    );
}

#[test]
fn the_other_messages_have_the_fields_that_clients_look_at() {
    let watch_id = WatchId(5);
    let decode = |message| {
        let pieces = encode(message, 0);
        pb::WatchResponse::decode(pieces[0].clone()).unwrap()
    };
    let expected = pb::WatchResponse { header: header(8), watch_id: 5, ..Default::default() };
    let created = pb::WatchResponse { created: true, ..expected.clone() };
    let canceled = pb::WatchResponse { canceled: true, ..expected.clone() };
    let compacted = pb::WatchResponse { header: header(0), compact_revision: 8, ..canceled.clone() };
    let revision = Revision(8);
    assert_eq!(decode(WatchMessage::Created { watch_id, revision }), created);
    assert_eq!(decode(WatchMessage::Canceled { watch_id, revision }), canceled);
    assert_eq!(decode(WatchMessage::Compacted { watch_id, compacted: revision }), compacted);
    assert_eq!(decode(WatchMessage::Progress { watch_id: Some(watch_id), revision }), expected);
    let to_all = pb::WatchResponse { watch_id: -1, ..expected.clone() };
    assert_eq!(decode(WatchMessage::Progress { watch_id: None, revision }), to_all);
    for refusal in [WatchRefusal::EmptyRange, WatchRefusal::DuplicateId, WatchRefusal::NegativeStart] {
        let reason = refusal_text(refusal).to_owned();
        let refused =
            pb::WatchResponse { created: true, canceled: true, cancel_reason: reason, ..to_all.clone() };
        assert_eq!(decode(WatchMessage::Refused { revision, refusal }), refused);
    }
}
