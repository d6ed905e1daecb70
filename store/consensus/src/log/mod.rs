//! The Raft log: a tail in memory in front of a `LogEngine`, and one thread that writes and syncs. Nothing here may
//! touch the engine on the caller's thread except to read entries that memory no longer holds and to write a lone one.

pub mod recover;
pub mod sole_voter;
pub mod store;
pub mod tail;
pub mod thread;
pub mod writer;
