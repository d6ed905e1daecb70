//! Rows of `evt`: which key changed at which revision, and how. Values are not repeated here; they lie in `cur` or
//! `hist`. Must not be read to decide what a command does.

use bytes::Bytes;

use crate::ids::Revision;
use crate::layout::record::VersionId;
use crate::layout::{damaged, expect_end, take};
use crate::rows::{RowsFault, Table};

/// What happened to the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// It was written and had not been there.
    Create,
    /// It was written and had been there.
    Update,
    /// It was deleted.
    Delete,
}

impl ChangeKind {
    fn code(self) -> u8 {
        match self {
            ChangeKind::Create => 0,
            ChangeKind::Update => 1,
            ChangeKind::Delete => 2,
        }
    }
}

/// The row key of a change.
pub fn key(id: VersionId) -> [u8; 12] {
    let mut row_key = [0; 12];
    row_key[..8].copy_from_slice(&id.main.0.to_be_bytes());
    row_key[8..].copy_from_slice(&id.sub.to_be_bytes());
    row_key
}

/// The row key at which the changes of `revision` begin.
pub fn seek_key(revision: Revision) -> [u8; 12] {
    key(VersionId { main: revision, sub: 0 })
}

/// Reads a row key.
pub fn decode_key(row_key: &[u8]) -> Result<VersionId, RowsFault> {
    let mut input = row_key;
    let main = Revision(i64::from_be_bytes(take(&mut input, Table::Events)?));
    let sub = u32::from_be_bytes(take(&mut input, Table::Events)?);
    expect_end(input, Table::Events)?;
    Ok(VersionId { main, sub })
}

/// The row's value.
pub fn encode_value(kind: ChangeKind, user_key: &[u8]) -> Bytes {
    let mut value = Vec::with_capacity(1 + user_key.len());
    value.push(kind.code());
    value.extend_from_slice(user_key);
    value.into()
}

/// Splits a row's value into the kind of change and the user key.
pub fn decode_value(value: &[u8]) -> Result<(ChangeKind, &[u8]), RowsFault> {
    let mut input = value;
    let kind = match take(&mut input, Table::Events)? {
        [0] => ChangeKind::Create,
        [1] => ChangeKind::Update,
        [2] => ChangeKind::Delete,
        _ => return Err(damaged(Table::Events, "unknown kind of change")),
    };
    Ok((kind, input))
}

#[cfg(test)]
mod tests;
