//! Bytes of the log on disk: entries, vote, positions, identity. The layouts stand beside each function; a change of
//! any of them needs a new `FORMAT` byte.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use holdfast_proto::peer;
use openraft::EntryPayload;
use openraft::entry::RaftEntry;
use prost::Message;

use crate::types::{
    Entry, LogId, Membership, Origin, Payload, Proposal, Vote, log_id, log_id_at, position_of,
};
use crate::wire;
use holdfast_core::ids::{LogIndex, LogPosition, Term};

/// First byte of entries and votes.
const FORMAT: u8 = 1;
/// Bytes before an entry's payload: format, term, kind.
const ENTRY_HEADER_BYTES: usize = 10;
/// Bytes of a forwarded command's mark: member, sequence.
const ORIGIN_BYTES: usize = 16;

/// What an entry is, on disk and on the wire.
pub const KIND_BLANK: u8 = 0;
/// A command proposed by the leader itself.
pub const KIND_COMMAND: u8 = 1;
/// A membership.
pub const KIND_MEMBERSHIP: u8 = 2;
/// A command with the mark of the follower that forwarded it.
pub const KIND_FORWARDED: u8 = 3;

/// Bytes of the log are damaged or of an unknown format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("damaged log: {0}")]
pub struct DamagedLog(pub &'static str);

/// Appends `fmt u8 = 1, term LE64, kind u8, payload` to `buffer`. The index is the key.
pub fn encode_entry(entry: &Entry, buffer: &mut BytesMut) {
    let (kind, payload) = payload_parts(&entry.payload);
    buffer.reserve(ENTRY_HEADER_BYTES + payload.len());
    buffer.put_u8(FORMAT);
    buffer.put_u64_le(entry.log_id.leader_id.term);
    buffer.put_u8(kind);
    buffer.put_slice(&payload);
}

/// Reads what `encode_entry` wrote at openraft's `index`.
pub fn decode_entry(index: u64, mut bytes: Bytes) -> Result<Entry, DamagedLog> {
    if bytes.len() < ENTRY_HEADER_BYTES || bytes.get_u8() != FORMAT {
        return Err(DamagedLog("entry of an unknown format"));
    }
    let term = bytes.get_u64_le();
    let kind = bytes.get_u8();
    Ok(Entry::new(log_id(term, index), payload_from_parts(kind, bytes)?))
}

/// The term of an encoded entry, without decoding the rest.
pub fn entry_term(mut bytes: Bytes) -> Result<u64, DamagedLog> {
    if bytes.len() < ENTRY_HEADER_BYTES || bytes.get_u8() != FORMAT {
        return Err(DamagedLog("entry of an unknown format"));
    }
    Ok(bytes.get_u64_le())
}

/// An entry's payload as kind and bytes; the bytes of a plain command are shared, not copied.
pub fn payload_parts(payload: &Payload) -> (u8, Bytes) {
    match payload {
        EntryPayload::Blank => (KIND_BLANK, Bytes::new()),
        EntryPayload::Normal(proposal) => match proposal.origin {
            None => (KIND_COMMAND, proposal.encoded.clone()),
            Some(origin) => {
                let mut bytes = BytesMut::with_capacity(ORIGIN_BYTES + proposal.encoded.len());
                bytes.put_u64_le(origin.member);
                bytes.put_u64_le(origin.sequence);
                bytes.put_slice(&proposal.encoded);
                (KIND_FORWARDED, bytes.freeze())
            }
        },
        EntryPayload::Membership(membership) => (KIND_MEMBERSHIP, encode_membership(membership)),
    }
}

/// The payload that `payload_parts` took apart.
pub fn payload_from_parts(kind: u8, mut bytes: Bytes) -> Result<Payload, DamagedLog> {
    match kind {
        KIND_BLANK => Ok(EntryPayload::Blank),
        KIND_COMMAND => Ok(EntryPayload::Normal(Proposal { command: None, encoded: bytes, origin: None })),
        KIND_MEMBERSHIP => Ok(EntryPayload::Membership(decode_membership(bytes)?)),
        KIND_FORWARDED if bytes.len() >= ORIGIN_BYTES => {
            let origin = Origin { member: bytes.get_u64_le(), sequence: bytes.get_u64_le() };
            Ok(EntryPayload::Normal(Proposal { command: None, encoded: bytes, origin: Some(origin) }))
        }
        _ => Err(DamagedLog("entry of an unknown kind")),
    }
}

/// How many bytes an entry's payload has.
pub fn payload_size(payload: &Payload) -> usize {
    match payload {
        EntryPayload::Normal(proposal) => proposal.encoded.len(),
        EntryPayload::Blank | EntryPayload::Membership(_) => 0,
    }
}

/// The `Membership` message of the peer protocol.
pub fn encode_membership(membership: &Membership) -> Bytes {
    wire::membership_to_wire(membership).encode_to_vec().into()
}

/// Reads what `encode_membership` wrote.
pub fn decode_membership(bytes: Bytes) -> Result<Membership, DamagedLog> {
    let message = peer::Membership::decode(bytes).map_err(|_| DamagedLog("membership cannot be read"))?;
    wire::membership_from_wire(message).map_err(|_| DamagedLog("membership without a node for a voter"))
}

/// `fmt u8, term LE64, node LE64, committed u8`.
pub fn encode_vote(vote: &Vote) -> Bytes {
    let mut bytes = BytesMut::with_capacity(18);
    bytes.put_u8(FORMAT);
    bytes.put_u64_le(vote.leader_id.term);
    bytes.put_u64_le(vote.leader_id.voted_for);
    bytes.put_u8(u8::from(vote.committed));
    bytes.freeze()
}

/// Reads what `encode_vote` wrote.
pub fn decode_vote(mut bytes: Bytes) -> Result<Vote, DamagedLog> {
    if bytes.len() != 18 || bytes.get_u8() != FORMAT {
        return Err(DamagedLog("vote of an unknown format"));
    }
    let (term, node) = (bytes.get_u64_le(), bytes.get_u64_le());
    let vote = if bytes.get_u8() == 1 { Vote::new_committed(term, node) } else { Vote::new(term, node) };
    Ok(vote)
}

/// `term LE64, index LE64`, the index counted from 1.
pub fn encode_position(log_id: &LogId) -> Bytes {
    let position = position_of(log_id);
    let mut bytes = BytesMut::with_capacity(16);
    bytes.put_u64_le(position.term.0);
    bytes.put_u64_le(position.index.0);
    bytes.freeze()
}

/// Reads what `encode_position` wrote.
pub fn decode_position(mut bytes: Bytes) -> Result<Option<LogId>, DamagedLog> {
    if bytes.len() != 16 {
        return Err(DamagedLog("position of an unknown format"));
    }
    let (term, index) = (Term(bytes.get_u64_le()), LogIndex(bytes.get_u64_le()));
    Ok(log_id_at(LogPosition { term, index }))
}

/// Whose data a folder holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    /// The cluster.
    pub cluster: u64,
    /// The member.
    pub member: u64,
    /// The data folder's format.
    pub format: u32,
}

impl Identity {
    /// `cluster LE64, member LE64, format LE32`.
    pub fn encode(self) -> Bytes {
        let mut bytes = BytesMut::with_capacity(20);
        bytes.put_u64_le(self.cluster);
        bytes.put_u64_le(self.member);
        bytes.put_u32_le(self.format);
        bytes.freeze()
    }

    /// Reads what `encode` wrote; a newer format may be longer.
    pub fn decode(mut bytes: Bytes) -> Result<Identity, DamagedLog> {
        if bytes.len() < 20 {
            return Err(DamagedLog("identity of an unknown format"));
        }
        let (cluster, member) = (bytes.get_u64_le(), bytes.get_u64_le());
        Ok(Identity { cluster, member, format: bytes.get_u32_le() })
    }
}

#[cfg(test)]
mod tests;
