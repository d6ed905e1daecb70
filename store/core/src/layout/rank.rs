//! Rows of `rank`: the first key of a chunk of the key space, raw, to the number of live keys in the chunk. The first
//! chunk begins at the empty key.

use bytes::Bytes;

use crate::layout::{expect_end, take};
use crate::rows::{RowsFault, Table};

/// The row's value.
pub fn encode_value(live_keys: u32) -> Bytes {
    Bytes::copy_from_slice(&live_keys.to_le_bytes())
}

/// Reads the row's value.
pub fn decode_value(value: &[u8]) -> Result<u32, RowsFault> {
    let mut input = value;
    let live_keys = u32::from_le_bytes(take(&mut input, Table::Rank)?);
    expect_end(input, Table::Rank)?;
    Ok(live_keys)
}

#[cfg(test)]
mod tests;
