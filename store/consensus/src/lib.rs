//! Consensus: a Raft log on a `LogEngine`, the replicated state machine on an `Engine`, snapshots and peer traffic,
//! behind one handle. openraft's types stay inside this crate; bytes on disk and wire are our own.

pub mod handle;
