//! The types that openraft is instantiated with. Never serialised: `entry_codec` and `wire` define bytes of their own.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use holdfast_core::command::Command;
use holdfast_core::ids::{LogIndex, LogPosition, Term};
use holdfast_core::response::Applied;
use openraft::impls::leader_id_std;

openraft::declare_raft_types!(
    /// Raft as this crate runs it.
    pub RaftTypes:
        D = Proposal,
        R = Option<Applied>,
        NodeId = u64,
        Node = MemberNode,
        Term = u64,
        LeaderId = leader_id_std::LeaderId<u64, u64>,
        AsyncRuntime = openraft_rt_tokio::TokioRuntime,
);

/// A vote.
pub type Vote = openraft::type_config::alias::VoteOf<RaftTypes>;
/// Where an entry stands.
pub type LogId = openraft::type_config::alias::LogIdOf<RaftTypes>;
/// A log entry.
pub type Entry = openraft::type_config::alias::EntryOf<RaftTypes>;
/// What a log entry carries.
pub type Payload = openraft::type_config::alias::EntryPayloadOf<RaftTypes>;
/// Voters and nodes.
pub type Membership = openraft::Membership<u64, MemberNode>;
/// Membership with the entry that set it.
pub type StoredMembership = openraft::type_config::alias::StoredMembershipOf<RaftTypes>;
/// What a snapshot is of.
pub type SnapshotMeta = openraft::type_config::alias::SnapshotMetaOf<RaftTypes>;
/// A running Raft.
pub type Raft = openraft::Raft<RaftTypes, crate::state::machine::StateMachine>;

/// What the membership says of one member.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MemberNode {
    /// Its name, empty when unknown.
    pub name: String,
    /// Where peers reach it.
    pub peer_urls: Vec<String>,
    /// Whether it is a learner only until it has caught up.
    pub is_joining: bool,
}

/// A command on its way through the log, in both of its forms: the leader never decodes what it encoded, and disk and
/// wire never encode again.
#[derive(Clone)]
pub struct Proposal {
    /// The command, where it is known without decoding.
    pub command: Option<Arc<Command>>,
    /// The command's encoding.
    pub encoded: Bytes,
    /// Who forwarded it, if it was forwarded.
    pub origin: Option<Origin>,
}

/// The mark by which a follower recognises an entry that it forwarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    /// The follower.
    pub member: u64,
    /// Its own number for the command, unique over its restarts.
    pub sequence: u64,
}

impl fmt::Debug for Proposal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Proposal")
            .field("size_bytes", &self.encoded.len())
            .field("origin", &self.origin)
            .finish()
    }
}

impl fmt::Display for Proposal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "command of {} bytes", self.encoded.len())
    }
}

/// openraft counts entries from 0, everything outside this crate from 1 so that 0 can mean "none".
pub fn outer_index(index: u64) -> u64 {
    index + 1
}

/// The position that the rest of the project knows an entry by.
pub fn position_of(log_id: &LogId) -> LogPosition {
    LogPosition { term: Term(log_id.leader_id.term), index: LogIndex(outer_index(log_id.index)) }
}

/// The position of an entry that may be missing; zeroes when it is.
pub fn position_or_none(log_id: Option<&LogId>) -> LogPosition {
    log_id.map(position_of).unwrap_or_default()
}

/// The entry at a position, `None` for zeroes.
pub fn log_id_at(position: LogPosition) -> Option<LogId> {
    let index = position.index.0.checked_sub(1)?;
    Some(log_id(position.term.0, index))
}

/// An entry's id from its term and openraft's index.
pub fn log_id(term: u64, index: u64) -> LogId {
    LogId::new(openraft::vote::leader_id_std::CommittedLeaderId::new(term), index)
}
