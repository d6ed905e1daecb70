//! Rows of `lease` (times to live) and `lkey` (which keys a lease holds). Must not keep clocks: only what was granted
//! and what a checkpoint recorded.

use bytes::Bytes;

use crate::ids::LeaseId;
use crate::layout::{damaged, expect_end, take};
use crate::read::LeaseRecord;
use crate::rows::{RowsFault, Table};

const FORMAT: u8 = 1;

/// The format of a lease that a node of the v2 API has for itself: when it ends stands behind the rest.
const FORMAT_V2: u8 = 2;

/// The row key of a lease.
pub fn key(id: LeaseId) -> [u8; 8] {
    id.0.cast_unsigned().to_be_bytes()
}

/// Reads the row key of a lease.
pub fn decode_key(row_key: &[u8]) -> Result<LeaseId, RowsFault> {
    let mut input = row_key;
    let id = u64::from_be_bytes(take(&mut input, Table::Leases)?);
    expect_end(input, Table::Leases)?;
    Ok(LeaseId(id.cast_signed()))
}

/// The row's value.
pub fn encode_value(lease: &LeaseRecord) -> Bytes {
    let mut value = Vec::with_capacity(17 + 8);
    value.extend_from_slice(&lease.granted_ttl_seconds.to_le_bytes());
    value.extend_from_slice(&lease.remaining_ttl_seconds.to_le_bytes());
    match lease.expiration_unix_nanos {
        None => value.push(FORMAT),
        Some(expiration_unix_nanos) => {
            value.push(FORMAT_V2);
            value.extend_from_slice(&expiration_unix_nanos.to_le_bytes());
        }
    }
    value.into()
}

/// Reads the row of the lease `id`.
pub fn decode_value(id: LeaseId, value: &[u8]) -> Result<LeaseRecord, RowsFault> {
    let mut input = value;
    let granted_ttl_seconds = i64::from_le_bytes(take(&mut input, Table::Leases)?);
    let remaining_ttl_seconds = i64::from_le_bytes(take(&mut input, Table::Leases)?);
    let expiration_unix_nanos = match take(&mut input, Table::Leases)? {
        [FORMAT] => None,
        [FORMAT_V2] => Some(i64::from_le_bytes(take(&mut input, Table::Leases)?)),
        _ => return Err(damaged(Table::Leases, "unknown format of lease")),
    };
    expect_end(input, Table::Leases)?;
    Ok(LeaseRecord { id, granted_ttl_seconds, remaining_ttl_seconds, expiration_unix_nanos })
}

/// The row key in `lkey` of one attached key.
pub fn attachment_key(id: LeaseId, user_key: &[u8]) -> Bytes {
    let mut row_key = Vec::with_capacity(8 + user_key.len());
    row_key.extend_from_slice(&key(id));
    row_key.extend_from_slice(user_key);
    row_key.into()
}

/// The bounds in `lkey` of a lease's attached keys: inclusive start, exclusive end.
pub fn attachment_bounds(id: LeaseId) -> ([u8; 8], Option<[u8; 8]>) {
    (key(id), id.0.cast_unsigned().checked_add(1).map(u64::to_be_bytes))
}

/// Splits a row key of `lkey` into the lease and the attached key.
pub fn decode_attachment_key(row_key: &[u8]) -> Result<(LeaseId, &[u8]), RowsFault> {
    let mut input = row_key;
    let id = u64::from_be_bytes(take(&mut input, Table::LeaseKeys)?);
    Ok((LeaseId(id.cast_signed()), input))
}

#[cfg(test)]
mod tests;
