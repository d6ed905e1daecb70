//! TEMP
use bytes::Bytes;
use holdfast_core::command::Command;
pub fn encode(_c: &Command) -> Bytes {
    todo!()
}
pub fn decode(_b: Bytes) -> Result<Command, String> {
    todo!()
}
