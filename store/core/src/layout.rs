//! Byte layouts of every row: one encoder and one decoder for each kind. The only place that knows them; must not
//! decide what is stored. A row that cannot be decoded is damage, never a caller's fault.

pub mod auth;
pub mod event;
pub mod history;
pub mod lease;
pub mod rank;
pub mod record;
pub mod system;

use crate::rows::{RowsFault, Table};

/// The fault of a row of `table` that no encoder here can have written.
pub(crate) fn damaged(table: Table, reason: &str) -> RowsFault {
    RowsFault { table: table.name(), reason: reason.to_owned() }
}

/// Takes the next `N` bytes off `input`.
pub(crate) fn take<const N: usize>(input: &mut &[u8], table: Table) -> Result<[u8; N], RowsFault> {
    let (head, rest) = input.split_first_chunk::<N>().ok_or_else(|| damaged(table, "row is too short"))?;
    *input = rest;
    Ok(*head)
}

/// Takes one unsigned LEB128 number off `input`.
pub(crate) fn take_varint(input: &mut &[u8], table: Table) -> Result<u64, RowsFault> {
    prost::encoding::decode_varint(input).map_err(|_| damaged(table, "malformed varint"))
}

/// Checks that a row of fixed length holds nothing more.
pub(crate) fn expect_end(input: &[u8], table: Table) -> Result<(), RowsFault> {
    if input.is_empty() { Ok(()) } else { Err(damaged(table, "row is too long")) }
}
