//! Rows of `hist`: superseded versions, by key and newest first, each with the revision that ended it. From that
//! number alone a background filter sees whether the row is still needed. Must not decode the record inside.

use bytes::Bytes;

use crate::ids::Revision;
use crate::layout::record::VersionId;
use crate::layout::{damaged, expect_end, take};
use crate::rows::{RowsFault, Table};

const ESCAPED_ZERO: u8 = 0xff;
const TERMINATOR: [u8; 2] = [0, 1];
const ID_LEN: usize = 8 + 4;

/// The row key of one version. Versions of one key lie together, newest first; keys lie in the order of `cur`.
pub fn key(user_key: &[u8], id: VersionId) -> Vec<u8> {
    let mut row_key = Vec::with_capacity(user_key.len() + TERMINATOR.len() + ID_LEN);
    let mut parts = user_key.split(|byte| *byte == 0);
    row_key.extend_from_slice(parts.next().unwrap_or_default());
    for part in parts {
        row_key.extend_from_slice(&[0, ESCAPED_ZERO]);
        row_key.extend_from_slice(part);
    }
    row_key.extend_from_slice(&TERMINATOR);
    row_key.extend_from_slice(&(!id.main.0.cast_unsigned()).to_be_bytes());
    row_key.extend_from_slice(&(!id.sub).to_be_bytes());
    row_key
}

/// The row key at which the versions of `user_key` that were written at or before `revision` begin.
pub fn seek_key(user_key: &[u8], revision: Revision) -> Vec<u8> {
    key(user_key, VersionId { main: revision, sub: u32::MAX })
}

/// The row key behind the last version of the key that `row_key` belongs to.
pub fn end_key(row_key: &[u8]) -> Vec<u8> {
    let mut end = row_key[..row_key.len() - ID_LEN].to_vec();
    if let Some(last) = end.last_mut() {
        *last += 1;
    }
    end
}

/// Whether two row keys are of versions of the same key.
pub fn is_same_key(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len()
        && one.len() >= ID_LEN
        && one[..one.len() - ID_LEN] == other[..other.len() - ID_LEN]
}

/// Splits a row key into the user key and the version.
pub fn decode_key(row_key: &[u8]) -> Result<(Vec<u8>, VersionId), RowsFault> {
    let mut user_key = Vec::with_capacity(row_key.len());
    let mut input = row_key;
    loop {
        match take::<1>(&mut input, Table::History)? {
            [0] => match take::<1>(&mut input, Table::History)? {
                [ESCAPED_ZERO] => user_key.push(0),
                [1] => break,
                _ => return Err(damaged(Table::History, "malformed escape in key")),
            },
            [byte] => user_key.push(byte),
        }
    }
    let main = Revision((!u64::from_be_bytes(take(&mut input, Table::History)?)).cast_signed());
    let sub = !u32::from_be_bytes(take(&mut input, Table::History)?);
    expect_end(input, Table::History)?;
    Ok((user_key, VersionId { main, sub }))
}

/// The row's value: the revision of the next version, then the record exactly as it stood in `cur`.
pub fn encode_value(superseded: Revision, record: &[u8]) -> Bytes {
    let mut value = Vec::with_capacity(8 + record.len());
    value.extend_from_slice(&superseded.0.to_le_bytes());
    value.extend_from_slice(record);
    value.into()
}

/// Splits a row's value into the revision that superseded the version, and its record's bytes.
pub fn decode_value(value: &[u8]) -> Result<(Revision, &[u8]), RowsFault> {
    let mut input = value;
    let superseded = Revision(i64::from_le_bytes(take(&mut input, Table::History)?));
    Ok((superseded, input))
}

#[cfg(test)]
mod tests;
