//! openraft's values as messages of the peer protocol and back. Must not decide anything but whether a message is
//! well formed.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_core::ids::{LogIndex, LogPosition, Term};
use holdfast_proto::peer;
use openraft::entry::RaftEntry;
use openraft::raft::{
    AppendEntriesRequest, AppendEntriesResponse, TransferLeaderError, TransferLeaderRequest,
    TransferLeaderResponse, VoteRequest, VoteResponse,
};

use crate::entry_codec::{payload_from_parts, payload_parts};
use crate::types::{Entry, LogId, MemberNode, Membership, RaftTypes, Vote, log_id, log_id_at, position_of};

/// A message of a peer makes no sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("malformed peer message: {0}")]
pub struct Malformed(pub &'static str);

/// A position that may be missing.
pub fn position_to_wire(log_id: Option<&LogId>) -> Option<peer::Position> {
    log_id.map(|log_id| {
        let position = position_of(log_id);
        peer::Position { term: position.term.0, index: position.index.0 }
    })
}

/// The entry at a position; index 0 is none.
pub fn position_from_wire(position: Option<peer::Position>) -> Option<LogId> {
    position.and_then(|position| {
        log_id_at(LogPosition { term: Term(position.term), index: LogIndex(position.index) })
    })
}

/// A vote.
pub fn vote_to_wire(vote: &Vote) -> Option<peer::Vote> {
    Some(peer::Vote {
        term: vote.leader_id.term,
        member: vote.leader_id.voted_for,
        committed: vote.committed,
    })
}

/// A vote, which must be there.
pub fn vote_from_wire(vote: Option<peer::Vote>) -> Result<Vote, Malformed> {
    let vote = vote.ok_or(Malformed("vote is missing"))?;
    Ok(if vote.committed {
        Vote::new_committed(vote.term, vote.member)
    } else {
        Vote::new(vote.term, vote.member)
    })
}

/// A membership.
pub fn membership_to_wire(membership: &Membership) -> peer::Membership {
    let configs = membership.get_joint_config().iter();
    let nodes = membership.nodes();
    peer::Membership {
        configs: configs
            .map(|voters| peer::membership::Voters { members: voters.iter().copied().collect() })
            .collect(),
        nodes: nodes
            .map(|(id, node)| peer::membership::Node {
                member: *id,
                name: node.name.clone(),
                peer_urls: node.peer_urls.clone(),
                is_joining: node.is_joining,
            })
            .collect(),
    }
}

/// A membership; every voter must have a node.
pub fn membership_from_wire(message: peer::Membership) -> Result<Membership, Malformed> {
    let configs: Vec<BTreeSet<u64>> =
        message.configs.into_iter().map(|voters| voters.members.into_iter().collect()).collect();
    let nodes: BTreeMap<u64, MemberNode> = message
        .nodes
        .into_iter()
        .map(|node| {
            let peer::membership::Node { member, name, peer_urls, is_joining } = node;
            (member, MemberNode { name, peer_urls, is_joining })
        })
        .collect();
    if configs.is_empty() && nodes.is_empty() {
        return Ok(Membership::default());
    }
    Membership::new(configs, nodes).map_err(|_| Malformed("membership is inconsistent"))
}

/// An entry.
pub fn entry_to_wire(entry: &Entry) -> peer::Entry {
    let position = position_of(&entry.log_id);
    let (kind, payload) = payload_parts(&entry.payload);
    peer::Entry { term: position.term.0, index: position.index.0, kind: u32::from(kind), payload }
}

/// An entry.
pub fn entry_from_wire(entry: peer::Entry) -> Result<Entry, Malformed> {
    let index = entry.index.checked_sub(1).ok_or(Malformed("entry without an index"))?;
    let kind = u8::try_from(entry.kind).map_err(|_| Malformed("entry of an unknown kind"))?;
    let payload =
        payload_from_parts(kind, entry.payload).map_err(|_| Malformed("entry of an unknown kind"))?;
    Ok(Entry::new(log_id(entry.term, index), payload))
}

/// An append.
pub fn append_to_wire(
    header: peer::Header,
    request: &AppendEntriesRequest<RaftTypes>,
) -> peer::AppendRequest {
    peer::AppendRequest {
        header: Some(header),
        vote: vote_to_wire(&request.vote),
        previous: position_to_wire(request.prev_log_id.as_ref()),
        entries: request.entries.iter().map(entry_to_wire).collect(),
        leader_committed: position_to_wire(request.leader_commit.as_ref()),
    }
}

/// An append; its entries must follow each other without a hole.
pub fn append_from_wire(request: peer::AppendRequest) -> Result<AppendEntriesRequest<RaftTypes>, Malformed> {
    let prev_log_id = position_from_wire(request.previous);
    let mut expected = request.previous.map_or(0, |previous| previous.index);
    let mut entries = Vec::with_capacity(request.entries.len());
    for entry in request.entries {
        expected += 1;
        if entry.index != expected {
            return Err(Malformed("entries do not follow each other"));
        }
        entries.push(entry_from_wire(entry)?);
    }
    Ok(AppendEntriesRequest {
        vote: vote_from_wire(request.vote)?,
        prev_log_id,
        entries,
        leader_commit: position_from_wire(request.leader_committed),
    })
}

/// An answer to an append.
pub fn append_answer_to_wire(answer: AppendEntriesResponse<RaftTypes>) -> peer::AppendResponse {
    use peer::append_response::Outcome;
    let (outcome, matched, vote) = match answer {
        AppendEntriesResponse::Success => (Outcome::Success, None, None),
        AppendEntriesResponse::PartialSuccess(matched) => {
            (Outcome::Partial, position_to_wire(matched.as_ref()), None)
        }
        AppendEntriesResponse::Conflict => (Outcome::Conflict, None, None),
        AppendEntriesResponse::HigherVote(vote) => (Outcome::HigherVote, None, vote_to_wire(&vote)),
    };
    peer::AppendResponse { outcome: outcome.into(), matched, vote }
}

/// An answer to an append.
pub fn append_answer_from_wire(
    answer: peer::AppendResponse,
) -> Result<AppendEntriesResponse<RaftTypes>, Malformed> {
    use peer::append_response::Outcome;
    let outcome = Outcome::try_from(answer.outcome).map_err(|_| Malformed("unknown outcome of an append"))?;
    Ok(match outcome {
        Outcome::Success => AppendEntriesResponse::Success,
        Outcome::Partial => AppendEntriesResponse::PartialSuccess(position_from_wire(answer.matched)),
        Outcome::Conflict => AppendEntriesResponse::Conflict,
        Outcome::HigherVote => AppendEntriesResponse::HigherVote(vote_from_wire(answer.vote)?),
    })
}

/// A request for a vote.
pub fn vote_request_to_wire(
    header: peer::Header,
    request: &VoteRequest<RaftTypes>,
    is_pre_vote: bool,
) -> peer::VoteRequest {
    peer::VoteRequest {
        header: Some(header),
        vote: vote_to_wire(&request.vote),
        last_log: position_to_wire(request.last_log_id.as_ref()),
        is_pre_vote,
        is_transfer: request.leadership_transfer,
    }
}

/// A request for a vote.
pub fn vote_request_from_wire(request: peer::VoteRequest) -> Result<VoteRequest<RaftTypes>, Malformed> {
    let mut converted = VoteRequest::new(vote_from_wire(request.vote)?, position_from_wire(request.last_log));
    converted.leadership_transfer = request.is_transfer;
    Ok(converted)
}

/// An answer to a request for a vote.
pub fn vote_answer_to_wire(answer: &VoteResponse<RaftTypes>) -> peer::VoteResponse {
    peer::VoteResponse {
        vote: vote_to_wire(&answer.vote),
        granted: answer.vote_granted,
        last_log: position_to_wire(answer.last_log_id.as_ref()),
    }
}

/// An answer to a request for a vote.
pub fn vote_answer_from_wire(answer: peer::VoteResponse) -> Result<VoteResponse<RaftTypes>, Malformed> {
    Ok(VoteResponse {
        vote: vote_from_wire(answer.vote)?,
        vote_granted: answer.granted,
        last_log_id: position_from_wire(answer.last_log),
    })
}

/// A request to take over.
pub fn transfer_to_wire(
    header: peer::Header,
    request: &TransferLeaderRequest<RaftTypes>,
) -> peer::TransferLeaderRequest {
    peer::TransferLeaderRequest {
        header: Some(header),
        from_leader: vote_to_wire(request.from_leader()),
        target: *request.to_node_id(),
        last_log: position_to_wire(request.last_log_id()),
    }
}

/// A request to take over.
pub fn transfer_from_wire(
    request: peer::TransferLeaderRequest,
) -> Result<TransferLeaderRequest<RaftTypes>, Malformed> {
    let vote = vote_from_wire(request.from_leader)?;
    Ok(TransferLeaderRequest::new(vote, request.target, position_from_wire(request.last_log)))
}

/// An answer to a request to take over.
pub fn transfer_answer_to_wire(answer: &TransferLeaderResponse<RaftTypes>) -> peer::TransferLeaderResponse {
    use peer::transfer_leader_response::Outcome;
    let mut message = peer::TransferLeaderResponse::default();
    match answer {
        Ok(()) => message.set_outcome(Outcome::Accepted),
        Err(TransferLeaderError::VoteChanged { expected, actual }) => {
            message.set_outcome(Outcome::VoteChanged);
            message.expected_vote = vote_to_wire(expected);
            message.actual_vote = vote_to_wire(actual);
        }
        Err(TransferLeaderError::LogNotFlushed { expected, actual }) => {
            message.set_outcome(Outcome::LogNotFlushed);
            message.expected_log = position_to_wire(expected.as_ref());
            message.actual_log = position_to_wire(actual.as_ref());
        }
    }
    message
}

/// An answer to a request to take over.
pub fn transfer_answer_from_wire(
    answer: peer::TransferLeaderResponse,
) -> Result<TransferLeaderResponse<RaftTypes>, Malformed> {
    use peer::transfer_leader_response::Outcome;
    let outcome =
        Outcome::try_from(answer.outcome).map_err(|_| Malformed("unknown outcome of a transfer"))?;
    Ok(match outcome {
        Outcome::Accepted => Ok(()),
        Outcome::VoteChanged => Err(TransferLeaderError::VoteChanged {
            expected: vote_from_wire(answer.expected_vote)?,
            actual: vote_from_wire(answer.actual_vote)?,
        }),
        Outcome::LogNotFlushed => Err(TransferLeaderError::LogNotFlushed {
            expected: position_from_wire(answer.expected_log),
            actual: position_from_wire(answer.actual_log),
        }),
    })
}

#[cfg(test)]
mod tests;
