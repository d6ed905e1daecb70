//! Commands as the bytes that log entries carry: one version byte, then a protobuf message that is private to this
//! module. Every member must read the same command from the same bytes, for as long as logs with them exist.

use bytes::{BufMut, Bytes, BytesMut};
use prost::Message;

use crate::command::Command;
use crate::limits::TXN_DEPTH_MAX;

mod auth;
mod message;
mod read;
mod v2;
mod write;

/// The first byte of every encoded command; a change of meaning gets a new number.
const VERSION: u8 = 1;

/// Why bytes are not a command of this version. In an entry that was committed it means damage, or a log written by
/// a newer version: the member must stop, since skipping the entry would make its state differ from the others'.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// There are no bytes.
    #[error("a command without bytes")]
    Empty,
    /// The first byte names a version that this code does not know.
    #[error("a command of version {0}, this member reads version {VERSION}")]
    Version(u8),
    /// The message is damaged.
    #[error("damaged command: {0}")]
    Damaged(#[from] prost::DecodeError),
    /// A field that every command of its kind has is missing, or belongs to a kind that this code does not know.
    #[error("a command without a known {0}")]
    Unknown(&'static str),
    /// Transactions are nested deeper than any request can nest them.
    #[error("transactions nested deeper than {TXN_DEPTH_MAX}")]
    TooDeep,
}

/// The command's bytes.
pub fn encode(command: &Command) -> Bytes {
    let message = write::command(command);
    let mut encoded = BytesMut::with_capacity(1 + message.encoded_len());
    encoded.put_u8(VERSION);
    message.encode_raw(&mut encoded);
    encoded.freeze()
}

/// The command in `encoded`. Keys and values are slices of `encoded` and keep all of it in memory.
pub fn decode(mut encoded: Bytes) -> Result<Command, CodecError> {
    match encoded.first() {
        None => Err(CodecError::Empty),
        Some(&VERSION) => read::command(message::Command::decode(encoded.split_off(1))?),
        Some(&version) => Err(CodecError::Version(version)),
    }
}

#[cfg(test)]
mod tests;
