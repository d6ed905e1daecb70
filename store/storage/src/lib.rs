//! Storage engines: the only crate that knows RocksDB. It stores what the core lays out and what Raft appends,
//! and decides nothing about either.

pub mod engine;
pub mod log_engine;
