//! Copies of the whole state: how they are framed, sent and received.

pub mod data;
pub mod receive;
pub mod send;
