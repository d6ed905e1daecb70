//! Consensus: a Raft log on a `LogEngine`, the replicated state machine on an `Engine`, snapshots and peer traffic,
//! behind one handle. openraft's types stay inside this crate; bytes on disk and wire are our own.

mod ask;
mod confirm;
mod counters;
mod data_dir;
mod entry_codec;
mod failure;
mod forward;
#[doc(hidden)]
pub mod fuzzing;
pub mod handle;
pub mod histogram;
mod leader_heard;
pub mod limits;
mod log;
mod member;
mod membership;
mod peers;
mod propose;
mod raft_thread;
mod read_barrier;
mod running;
mod settings;
mod snapshot;
mod start;
mod state;
mod status;
mod transfer;
mod types;
mod wire;

#[cfg(test)]
mod tests;

pub use counters::{Counters, PeerCounters};
pub use state::engines::{Engines, RocksEngines};
