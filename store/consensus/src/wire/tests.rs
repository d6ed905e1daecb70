//! Round trips, and messages that make no sense.

use bytes::Bytes;
use openraft::EntryPayload;

use super::*;
use crate::types::{Origin, Proposal};

fn header() -> peer::Header {
    peer::Header { cluster_id: 1, from: 2, to: 3 }
}

fn command(index: u64) -> Entry {
    let origin = Some(Origin { member: 4, sequence: 5 });
    let proposal = Proposal { command: None, encoded: Bytes::from_static(b"cmd"), origin };
    Entry::new(log_id(2, index), EntryPayload::Normal(proposal))
}

fn append() -> AppendEntriesRequest<RaftTypes> {
    AppendEntriesRequest {
        vote: Vote::new_committed(2, 9),
        prev_log_id: Some(log_id(1, 6)),
        entries: vec![command(7), Entry::new_blank(log_id(2, 8))],
        leader_commit: Some(log_id(1, 5)),
    }
}

#[test]
fn an_append_arrives_as_it_was_sent() {
    let back = append_from_wire(append_to_wire(header(), &append())).unwrap();
    let sent = append();
    assert_eq!(
        (back.vote, back.prev_log_id, back.leader_commit),
        (sent.vote, sent.prev_log_id, sent.leader_commit)
    );
    assert_eq!(back.entries.len(), 2);
    assert_eq!(back.entries[0].log_id, log_id(2, 7));
    let EntryPayload::Normal(proposal) = &back.entries[0].payload else { panic!("not a command") };
    assert_eq!(proposal.encoded.as_ref(), b"cmd");
    assert_eq!(proposal.origin, Some(Origin { member: 4, sequence: 5 }));
}

#[test]
fn an_append_with_a_hole_or_without_a_vote_is_refused() {
    let mut message = append_to_wire(header(), &append());
    message.entries.remove(0);
    assert!(append_from_wire(message).is_err());
    let mut message = append_to_wire(header(), &append());
    message.vote = None;
    assert!(append_from_wire(message).is_err());
    let mut message = append_to_wire(header(), &append());
    message.entries[1].kind = 300;
    assert!(append_from_wire(message).is_err());
}

#[test]
fn every_answer_to_an_append_arrives_as_it_was_sent() {
    let answers = [
        AppendEntriesResponse::Success,
        AppendEntriesResponse::PartialSuccess(Some(log_id(3, 4))),
        AppendEntriesResponse::PartialSuccess(None),
        AppendEntriesResponse::Conflict,
        AppendEntriesResponse::HigherVote(Vote::new(7, 1)),
    ];
    for answer in answers {
        assert_eq!(append_answer_from_wire(append_answer_to_wire(answer.clone())), Ok(answer));
    }
    let unknown = peer::AppendResponse { outcome: 9, ..peer::AppendResponse::default() };
    assert!(append_answer_from_wire(unknown).is_err());
}

#[test]
fn votes_and_transfers_arrive_as_they_were_sent() {
    let mut request = VoteRequest::new(Vote::new(5, 2), Some(log_id(4, 0)));
    request.leadership_transfer = true;
    assert_eq!(vote_request_from_wire(vote_request_to_wire(header(), &request, true)), Ok(request));
    let answer = VoteResponse::new(Vote::new(5, 2), None, true);
    assert_eq!(vote_answer_from_wire(vote_answer_to_wire(&answer)), Ok(answer));
    let transfer = TransferLeaderRequest::new(Vote::new_committed(5, 2), 3, Some(log_id(5, 1)));
    assert_eq!(transfer_from_wire(transfer_to_wire(header(), &transfer)), Ok(transfer));
    let answers = [
        Ok(()),
        Err(TransferLeaderError::VoteChanged {
            expected: Vote::new(1, 1),
            actual: Vote::new_committed(2, 2),
        }),
        Err(TransferLeaderError::LogNotFlushed { expected: Some(log_id(1, 1)), actual: None }),
    ];
    for answer in answers {
        assert_eq!(transfer_answer_from_wire(transfer_answer_to_wire(&answer)), Ok(answer));
    }
}

#[test]
fn a_voter_without_a_node_is_refused() {
    let message = peer::Membership {
        configs: vec![peer::membership::Voters { members: vec![1, 2] }],
        nodes: vec![peer::membership::Node { member: 1, ..peer::membership::Node::default() }],
    };
    assert!(membership_from_wire(message).is_err());
}
