//! The engines on RocksDB: `RocksEngine` for the state machine (no write-ahead log, atomic flush) and
//! `RocksLogEngine` for the Raft log (write-ahead log on, recycled). Two instances, because RocksDB refuses writes
//! without a log in an instance that recycles logs. Nothing outside this folder may name a RocksDB type.

mod cursor;
mod database;
mod engine;
mod fault;
mod filter;
mod log_engine;
mod log_options;
mod options;
mod reclaim;
mod view;
mod write_path;

pub use engine::RocksEngine;
pub use log_engine::RocksLogEngine;
pub use log_options::RocksLogOptions;
pub use options::RocksOptions;
