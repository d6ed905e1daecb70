//! Storage engines: the only crate that knows RocksDB. It stores what the core lays out and what Raft appends,
//! and decides nothing about either.

pub mod drop_rule;
pub mod engine;
pub mod history_floor;
pub mod limits;
pub mod log_engine;
pub mod log_extent;
pub mod memory;
pub mod open_error;
pub mod rocks;

#[cfg(test)]
mod tests;
