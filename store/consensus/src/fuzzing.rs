//! What reads bytes of other members or of a log, each as a function that takes any bytes at all. For fuzzing only: what
//! comes out is thrown away.

use std::path::Path;

use bytes::Bytes;
use holdfast_proto::peer;
use http_body_util::Full;
use prost::Message as _;
use tonic::Streaming;
use tonic::codec::Codec as _;
use tonic_prost::ProstCodec;

use crate::entry_codec;
use crate::snapshot::receive::{receive_files, receive_start};
use crate::wire;

/// A message of a peer. The first byte says which.
pub fn peer_message(bytes: &[u8]) {
    let Some((kind, body)) = bytes.split_first() else { return };
    let body = Bytes::copy_from_slice(body);
    match kind % 8 {
        0 => drop(peer::AppendRequest::decode(body).map(wire::append_from_wire)),
        1 => drop(peer::AppendResponse::decode(body).map(wire::append_answer_from_wire)),
        2 => drop(peer::VoteRequest::decode(body).map(wire::vote_request_from_wire)),
        3 => drop(peer::VoteResponse::decode(body).map(wire::vote_answer_from_wire)),
        4 => drop(peer::TransferLeaderRequest::decode(body).map(wire::transfer_from_wire)),
        5 => drop(peer::TransferLeaderResponse::decode(body).map(wire::transfer_answer_from_wire)),
        6 => drop(peer::Membership::decode(body).map(wire::membership_from_wire)),
        _ => drop(peer::ProposeRequest::decode(body)),
    }
}

/// A row of the log. The first byte says which.
pub fn log_row(bytes: &[u8]) {
    let Some((kind, body)) = bytes.split_first() else { return };
    let body = Bytes::copy_from_slice(body);
    match kind % 5 {
        0 => drop(entry_codec::decode_entry(1, body)),
        1 => drop(entry_codec::decode_vote(body)),
        2 => drop(entry_codec::decode_position(body)),
        3 => drop(entry_codec::decode_membership(body)),
        _ => drop(entry_codec::Identity::decode(body)),
    }
}

/// The stream of a snapshot, as gRPC frames it, received below the empty `folder`.
///
/// # Panics
///
/// When the machine has no room for a runtime, or something lies elsewhere in the folder.
pub fn snapshot(bytes: &[u8], folder: &Path) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let body = Full::new(Bytes::copy_from_slice(bytes));
    let decoder = ProstCodec::<peer::SnapshotResponse, peer::SnapshotFrame>::default().decoder();
    runtime.block_on(async {
        let mut stream = Streaming::new_request(decoder, body, None, None);
        if let Ok(start) = receive_start(&mut stream).await {
            let path = folder.join("received");
            drop(receive_files(&mut stream, start, path).await);
        }
    });
    let others = std::fs::read_dir(folder).expect("the folder").flatten();
    assert!(others.into_iter().all(|entry| entry.file_name() == "received"));
}
