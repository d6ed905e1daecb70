//! The Raft log: a tail in memory in front of a `LogEngine`, and one thread that writes and syncs. Nothing here may
//! touch the engine on the caller's thread except to read entries that memory no longer holds.

pub mod recover;
pub mod sole_voter;
pub mod store;
pub mod tail;
pub mod thread;
