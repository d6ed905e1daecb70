//! Rows of `evt`: which key changed at which revision, and how. Values are not repeated here; they lie in `cur` or
//! `hist`. Must not be read to decide what a command does.

use bytes::Bytes;
use prost::encoding::encode_varint;

use crate::ids::Revision;
use crate::layout::record::VersionId;
use crate::layout::{damaged, expect_end, take, take_varint};
use crate::rows::{RowsFault, Table};
use crate::v2::{V2Action, V2Mark, V2Role};

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
pub fn encode_value(kind: ChangeKind, mark: Option<&V2Mark>, user_key: &[u8]) -> Bytes {
    let mut value = Vec::with_capacity(24 + user_key.len());
    match mark {
        None => value.push(kind.code()),
        Some(mark) => {
            value.push(kind.code() | MARKED);
            encode_mark(mark, &mut value);
        }
    }
    value.extend_from_slice(user_key);
    value.into()
}

/// Splits a row's value into the kind of change, its mark and the user key.
pub fn decode_value(value: &[u8]) -> Result<(ChangeKind, Option<V2Mark>, &[u8]), RowsFault> {
    let mut input = value;
    let [first] = take(&mut input, Table::Events)?;
    let kind = match first & !MARKED {
        0 => ChangeKind::Create,
        1 => ChangeKind::Update,
        2 => ChangeKind::Delete,
        _ => return Err(damaged(Table::Events, "unknown kind of change")),
    };
    let mark = if first & MARKED == 0 { None } else { Some(decode_mark(&mut input)?) };
    Ok((kind, mark, input))
}

/// In the first byte of a value: a mark follows.
const MARKED: u8 = 1 << 7;

// The first byte of a mark: what the row is in the lower three bits, above them one bit for each property.
const ROLE: u8 = 0b111;
const REFRESH: u8 = 1 << 3;
const EXPIRES: u8 = 1 << 4;
const EXPIRED: u8 = 1 << 5;
const DIRECTORY: u8 = 1 << 6;
const REPLACES_FILE: u8 = 1 << 7;

fn role_code(role: V2Role) -> u8 {
    match role {
        V2Role::Part => 0,
        V2Role::Primary(V2Action::Set) => 1,
        V2Role::Primary(V2Action::Create) => 2,
        V2Role::Primary(V2Action::Update) => 3,
        V2Role::Primary(V2Action::CompareAndSwap) => 4,
        V2Role::Primary(V2Action::CompareAndDelete) => 5,
        V2Role::Primary(V2Action::Delete) => 6,
        V2Role::Primary(V2Action::Expire) => 7,
    }
}

fn read_role(code: u8) -> V2Role {
    match code & ROLE {
        0 => V2Role::Part,
        1 => V2Role::Primary(V2Action::Set),
        2 => V2Role::Primary(V2Action::Create),
        3 => V2Role::Primary(V2Action::Update),
        4 => V2Role::Primary(V2Action::CompareAndSwap),
        5 => V2Role::Primary(V2Action::CompareAndDelete),
        6 => V2Role::Primary(V2Action::Delete),
        _ => V2Role::Primary(V2Action::Expire),
    }
}

fn encode_mark(mark: &V2Mark, value: &mut Vec<u8>) {
    let flag = |is_set: bool, bit: u8| if is_set { bit } else { 0 };
    value.push(
        role_code(mark.role)
            | flag(mark.is_refresh, REFRESH)
            | flag(mark.expiration_unix_nanos.is_some(), EXPIRES)
            | flag(mark.previous_expiration_unix_nanos.is_some(), EXPIRED)
            | flag(mark.directory_len.is_some(), DIRECTORY)
            | flag(mark.replaces_file, REPLACES_FILE),
    );
    for time in [mark.expiration_unix_nanos, mark.previous_expiration_unix_nanos].into_iter().flatten() {
        value.extend_from_slice(&time.to_le_bytes());
    }
    if let Some(len) = mark.directory_len {
        encode_varint(u64::from(len), value);
    }
}

fn decode_mark(input: &mut &[u8]) -> Result<V2Mark, RowsFault> {
    let [flags] = take(input, Table::Events)?;
    let mut time = |bit: u8| match flags & bit {
        0 => Ok(None),
        _ => take(input, Table::Events).map(i64::from_le_bytes).map(Some),
    };
    let expiration_unix_nanos = time(EXPIRES)?;
    let previous_expiration_unix_nanos = time(EXPIRED)?;
    let directory_len = if flags & DIRECTORY == 0 {
        None
    } else {
        let len = take_varint(input, Table::Events)?;
        Some(u32::try_from(len).map_err(|_| damaged(Table::Events, "directory is too long"))?)
    };
    if directory_len.is_some_and(|len| len as usize > input.len()) {
        return Err(damaged(Table::Events, "directory is longer than its key"));
    }
    Ok(V2Mark {
        role: read_role(flags),
        is_refresh: flags & REFRESH != 0,
        directory_len,
        replaces_file: flags & REPLACES_FILE != 0,
        expiration_unix_nanos,
        previous_expiration_unix_nanos,
    })
}

#[cfg(test)]
mod tests;
