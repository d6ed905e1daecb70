//! What the state machine needs of a storage engine. Implementations: `rocks` (RocksDB, no write-ahead log, atomic
//! flush) and `memory` (sorted maps that forget what was not flushed when they crash). Must not know about Raft.

use std::path::Path;
use std::sync::Arc;

use holdfast_core::ids::Revision;
use holdfast_core::rows::{RowChange, Rows};

/// The engine failed. Never caused by a request; the member must stop unless `out_of_space` is set.
#[derive(Debug, Clone, thiserror::Error)]
#[error("storage engine failed while {doing}: {reason}")]
pub struct EngineFault {
    /// What was being done.
    pub doing: &'static str,
    /// What the engine said.
    pub reason: String,
    /// The disk is full: the engine may recover once there is room.
    pub out_of_space: bool,
}

/// How much an engine holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EngineSize {
    /// Bytes on disk and in write buffers.
    pub total_bytes: u64,
    /// Of these, bytes that live data needs (an estimate).
    pub in_use_bytes: u64,
}

/// Sorted tables with atomic batches and consistent views.
///
/// Writes become durable by `flush` only; after a crash the engine holds a prefix of the batches written, never a part
/// of one, and at least everything that was written before the last completed `flush`.
pub trait Engine: Send + Sync + 'static {
    /// A view of everything written so far.
    fn view(&self) -> Arc<dyn Rows>;

    /// Writes one batch atomically; visible to views taken afterwards.
    fn write(&self, changes: &[RowChange]) -> Result<(), EngineFault>;

    /// Makes everything written so far durable. May take long; must not block `write` or `view` meanwhile.
    fn flush(&self) -> Result<(), EngineFault>;

    /// A view of what would survive a crash now (the last completed flush), where the engine can tell; used to learn
    /// the durable applied index after `flush`. Engines that cannot tell return the state at the start of the
    /// last completed `flush`.
    fn durable_applied_index(&self) -> u64;

    /// Lets background work drop history up to `floor`: superseded versions (`History`), events (`Events`) and
    /// tombstones (`Current`) at or below it. Readers that need more are excluded by the caller. Idempotent, O(1).
    fn set_history_floor(&self, floor: Revision);

    /// Writes a complete, durable, openable copy of the last flushed state into `target`, a folder that must not exist
    /// (hard links where the file system allows).
    fn checkpoint(&self, target: &Path) -> Result<(), EngineFault>;

    /// Current sizes.
    fn size(&self) -> EngineSize;
}
