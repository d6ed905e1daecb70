//! Rows of `sys`: the single values of the replicated state. Must hold nothing that belongs to one member only.

use bytes::Bytes;

use crate::ids::{LogIndex, LogPosition, MemberId, Revision, Term};
use crate::layout::{damaged, expect_end, take};
use crate::response::{Alarm, AlarmKind};
use crate::rows::{RowsFault, Table};

/// Key of the newest applied log position.
pub const APPLIED: &[u8] = b"applied";
/// Key of the store revision.
pub const REVISION: &[u8] = b"rev";
/// Key of the compacted revision.
pub const COMPACTED: &[u8] = b"compact";
/// Key of the hash accumulator.
pub const ACCUMULATOR: &[u8] = b"acc";
/// Key of the raised alarms.
pub const ALARMS: &[u8] = b"alarms";
/// Key of consensus' membership.
pub const MEMBERSHIP: &[u8] = b"membership";
/// Key of the cluster version.
pub const CLUSTER_VERSION: &[u8] = b"cluster_version";

const MEMBER_PREFIX: &[u8] = b"member/";
/// `/` is followed by `0`, so this is the first key behind every `member/` key.
const MEMBER_END: &[u8] = b"member0";
const REMOVED_PREFIX: &[u8] = b"removed/";
/// The first key behind every `removed/` key.
const REMOVED_END: &[u8] = b"removed0";
const ALARMS_FORMAT: u8 = 1;

/// Encodes a log position.
pub fn encode_position(position: LogPosition) -> Bytes {
    let mut value = Vec::with_capacity(16);
    value.extend_from_slice(&position.term.0.to_le_bytes());
    value.extend_from_slice(&position.index.0.to_le_bytes());
    value.into()
}

/// Decodes a log position.
pub fn decode_position(value: &[u8]) -> Result<LogPosition, RowsFault> {
    let mut input = value;
    let position = take_position(&mut input)?;
    expect_end(input, Table::System)?;
    Ok(position)
}

fn take_position(input: &mut &[u8]) -> Result<LogPosition, RowsFault> {
    let term = Term(u64::from_le_bytes(take(input, Table::System)?));
    let index = LogIndex(u64::from_le_bytes(take(input, Table::System)?));
    Ok(LogPosition { term, index })
}

/// Encodes a revision.
pub fn encode_revision(revision: Revision) -> Bytes {
    Bytes::copy_from_slice(&revision.0.to_le_bytes())
}

/// Decodes a revision.
pub fn decode_revision(value: &[u8]) -> Result<Revision, RowsFault> {
    let mut input = value;
    let revision = Revision(i64::from_le_bytes(take(&mut input, Table::System)?));
    expect_end(input, Table::System)?;
    Ok(revision)
}

/// Encodes the hash accumulator.
pub fn encode_accumulator(accumulator: u128) -> Bytes {
    Bytes::copy_from_slice(&accumulator.to_le_bytes())
}

/// Decodes the hash accumulator.
pub fn decode_accumulator(value: &[u8]) -> Result<u128, RowsFault> {
    let mut input = value;
    let accumulator = u128::from_le_bytes(take(&mut input, Table::System)?);
    expect_end(input, Table::System)?;
    Ok(accumulator)
}

/// Encodes the raised alarms: format, then member (LE64) and kind (1 byte, etcd's numbers) of each.
pub fn encode_alarms(alarms: &[Alarm]) -> Bytes {
    let mut value = Vec::with_capacity(1 + 9 * alarms.len());
    value.push(ALARMS_FORMAT);
    for alarm in alarms {
        value.extend_from_slice(&alarm.member.0.to_le_bytes());
        value.push(match alarm.kind {
            AlarmKind::NoSpace => 1,
            AlarmKind::Corrupt => 2,
        });
    }
    value.into()
}

/// Decodes the raised alarms.
pub fn decode_alarms(value: &[u8]) -> Result<Vec<Alarm>, RowsFault> {
    let mut input = value;
    if take(&mut input, Table::System)? != [ALARMS_FORMAT] {
        return Err(damaged(Table::System, "unknown format of alarms"));
    }
    let mut alarms = Vec::new();
    while !input.is_empty() {
        let member = MemberId(u64::from_le_bytes(take(&mut input, Table::System)?));
        let kind = match take(&mut input, Table::System)? {
            [1] => AlarmKind::NoSpace,
            [2] => AlarmKind::Corrupt,
            _ => return Err(damaged(Table::System, "unknown kind of alarm")),
        };
        alarms.push(Alarm { member, kind });
    }
    Ok(alarms)
}

/// Encodes the membership: the position it is in effect since, then consensus' own bytes.
pub fn encode_membership(position: LogPosition, encoded: &[u8]) -> Bytes {
    let mut value = encode_position(position).to_vec();
    value.extend_from_slice(encoded);
    value.into()
}

/// Splits the membership row into its position and consensus' own bytes.
pub fn decode_membership(value: &[u8]) -> Result<(LogPosition, &[u8]), RowsFault> {
    let mut input = value;
    let position = take_position(&mut input)?;
    Ok((position, input))
}

/// Decodes the cluster version, stored as text.
pub fn decode_cluster_version(value: &[u8]) -> Result<String, RowsFault> {
    String::from_utf8(value.to_vec()).map_err(|_| damaged(Table::System, "cluster version is not text"))
}

/// The row key of what a member published.
pub fn member_key(member: MemberId) -> Bytes {
    key_of_member(MEMBER_PREFIX, member)
}

/// The row key that says of a member that it was removed; its value is empty.
pub fn removed_key(member: MemberId) -> Bytes {
    key_of_member(REMOVED_PREFIX, member)
}

fn key_of_member(prefix: &[u8], member: MemberId) -> Bytes {
    let mut key = Vec::with_capacity(prefix.len() + 8);
    key.extend_from_slice(prefix);
    key.extend_from_slice(&member.0.to_be_bytes());
    key.into()
}

/// The bounds of all rows of published members: inclusive start, exclusive end.
pub fn member_bounds() -> (&'static [u8], &'static [u8]) {
    (MEMBER_PREFIX, MEMBER_END)
}

/// The bounds of all rows of removed members: inclusive start, exclusive end.
pub fn removed_bounds() -> (&'static [u8], &'static [u8]) {
    (REMOVED_PREFIX, REMOVED_END)
}

/// Reads the row key of a published member.
pub fn decode_member_key(key: &[u8]) -> Result<MemberId, RowsFault> {
    member_of_key(MEMBER_PREFIX, key)
}

/// Reads the row key of a removed member.
pub fn decode_removed_key(key: &[u8]) -> Result<MemberId, RowsFault> {
    member_of_key(REMOVED_PREFIX, key)
}

fn member_of_key(prefix: &[u8], key: &[u8]) -> Result<MemberId, RowsFault> {
    let mut input = key.strip_prefix(prefix).ok_or_else(|| damaged(Table::System, "not a member's row"))?;
    let member = u64::from_be_bytes(take(&mut input, Table::System)?);
    expect_end(input, Table::System)?;
    Ok(MemberId(member))
}

#[cfg(test)]
mod tests;
