//! Golden bytes and round trips of what stands in the log.

use std::collections::{BTreeMap, BTreeSet};

use bytes::{Bytes, BytesMut};
use openraft::EntryPayload;
use openraft::entry::RaftEntry;

use super::*;
use crate::types::MemberNode;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn encoded(entry: &Entry) -> Bytes {
    let mut buffer = BytesMut::new();
    encode_entry(entry, &mut buffer);
    buffer.freeze()
}

fn command(origin: Option<Origin>) -> Entry {
    let proposal = Proposal { command: None, encoded: Bytes::from_static(b"cmd"), origin };
    Entry::new(log_id(7, 41), EntryPayload::Normal(proposal))
}

#[test]
fn a_commands_entry_has_the_bytes_it_always_had() {
    assert_eq!(hex(&encoded(&command(None))), "01070000000000000001636d64");
}

#[test]
fn a_forwarded_commands_entry_has_the_bytes_it_always_had() {
    let entry = command(Some(Origin { member: 2, sequence: 0x0102 }));
    assert_eq!(
        hex(&encoded(&entry)),
        "010700000000000000030200000000000000\
         0201000000000000636d64"
    );
}

#[test]
fn a_blank_entry_has_the_bytes_it_always_had() {
    assert_eq!(hex(&encoded(&Entry::new_blank(log_id(1, 0)))), "01010000000000000000");
}

#[test]
fn entries_come_back_as_they_were() {
    let node = |name: &str| MemberNode {
        name: name.to_owned(),
        peer_urls: vec![format!("http://{name}:2380")],
        is_joining: false,
    };
    let nodes = BTreeMap::from([(1, node("a")), (2, node("b")), (3, node("c"))]);
    let configs = vec![BTreeSet::from([1, 2]), BTreeSet::from([2])];
    let membership = Membership::new(configs, nodes).unwrap();
    let entry = Entry::new_membership(log_id(3, 5), membership.clone());
    let back = decode_entry(5, encoded(&entry)).unwrap();
    assert_eq!(back.log_id, entry.log_id);
    assert_eq!(back.get_membership(), Some(membership));

    let origin = Some(Origin { member: u64::MAX, sequence: 9 });
    let back = decode_entry(41, encoded(&command(origin))).unwrap();
    let EntryPayload::Normal(proposal) = back.payload else { panic!("not a command: {back:?}") };
    assert_eq!((proposal.encoded.as_ref(), proposal.origin), (b"cmd".as_slice(), origin));
    assert_eq!(entry_term(encoded(&command(None))), Ok(7));
}

#[test]
fn an_empty_membership_survives() {
    let back = decode_membership(encode_membership(&Membership::default())).unwrap();
    assert_eq!(back, Membership::default());
}

#[test]
fn votes_and_positions_have_the_bytes_they_always_had() {
    let vote = Vote::new_committed(3, 0xab);
    assert_eq!(hex(&encode_vote(&vote)), "010300000000000000ab0000000000000001");
    assert_eq!(decode_vote(encode_vote(&vote)), Ok(vote));
    // Positions count from 1 outside of openraft.
    assert_eq!(hex(&encode_position(&log_id(2, 0))), "02000000000000000100000000000000");
    assert_eq!(decode_position(encode_position(&log_id(2, 0))), Ok(Some(log_id(2, 0))));
    assert_eq!(decode_position(Bytes::from_static(&[0; 16])), Ok(None));
}

#[test]
fn an_identity_has_the_bytes_it_always_had() {
    let identity = Identity { cluster: 0x11, member: 0x22, format: 1 };
    assert_eq!(hex(&identity.encode()), "1100000000000000220000000000000001000000");
    assert_eq!(Identity::decode(identity.encode()), Ok(identity));
}

#[test]
fn damaged_bytes_are_refused() {
    assert!(decode_entry(0, Bytes::from_static(b"")).is_err());
    assert!(decode_entry(0, Bytes::from_static(&[2, 0, 0, 0, 0, 0, 0, 0, 0, 0])).is_err(), "unknown format");
    assert!(decode_entry(0, Bytes::from_static(&[1, 0, 0, 0, 0, 0, 0, 0, 0, 9])).is_err(), "unknown kind");
    assert!(decode_entry(0, Bytes::from_static(&[1, 0, 0, 0, 0, 0, 0, 0, 0, 3, 1])).is_err(), "no mark");
    assert!(decode_vote(Bytes::from_static(&[1; 17])).is_err());
    assert!(decode_position(Bytes::from_static(&[1; 15])).is_err());
    assert!(Identity::decode(Bytes::from_static(&[1; 19])).is_err());
}
