//! The engines in memory, for tests: they keep the promises of the ones on RocksDB and no more, so that a `crash`
//! forgets what was not flushed or synced. Must not write files, except the copies that `checkpoint` is asked for.

mod engine;
mod log_engine;
mod tables;

pub use engine::{MemoryEngine, Reclaim};
pub use log_engine::MemoryLogEngine;
