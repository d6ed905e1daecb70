//! The Raft log in memory. Must forget unsynced writes in a crash, and must not reorder any.

use std::collections::BTreeMap;

use bytes::Bytes;
use parking_lot::Mutex;

use crate::engine::EngineFault;
use crate::log_engine::{LogBatch, LogEngine, LogMeta};
use crate::log_extent::LogExtent;

/// The Raft log's engine for tests.
#[derive(Debug, Default)]
pub struct MemoryLogEngine {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    written: Log,
    durable: Log,
    /// Batches that `written` has and `durable` has not.
    unsynced: Vec<LogBatch>,
}

#[derive(Debug, Clone, Default)]
struct Log {
    extent: LogExtent,
    entries: BTreeMap<u64, Bytes>,
    meta: BTreeMap<LogMeta, Bytes>,
}

impl MemoryLogEngine {
    /// An empty log.
    pub fn new() -> MemoryLogEngine {
        MemoryLogEngine::default()
    }

    /// Forgets every write behind the last synced one, as a power failure may.
    pub fn crash(&self) {
        let mut state = self.state.lock();
        state.written = state.durable.clone();
        state.unsynced.clear();
    }
}

impl LogEngine for MemoryLogEngine {
    fn write(&self, batch: LogBatch, sync: bool) -> Result<(), EngineFault> {
        let state = &mut *self.state.lock();
        state.written.apply(&batch)?;
        state.unsynced.push(batch);
        if sync {
            for batch in state.unsynced.drain(..) {
                state.durable.apply(&batch)?;
            }
        }
        Ok(())
    }

    fn read(&self, from: u64, to: u64, bytes_max: usize) -> Result<Vec<(u64, Bytes)>, EngineFault> {
        if from >= to {
            return Ok(Vec::new());
        }
        let mut bytes = 0;
        let state = self.state.lock();
        let within =
            state.written.entries.range(from..to).enumerate().take_while(|(position, (_, entry))| {
                bytes += entry.len();
                *position == 0 || bytes <= bytes_max
            });
        Ok(within.map(|(_, (index, entry))| (*index, entry.clone())).collect())
    }

    fn bounds(&self) -> Result<Option<(u64, u64)>, EngineFault> {
        Ok(self.state.lock().written.extent.bounds())
    }

    fn meta(&self, name: LogMeta) -> Result<Option<Bytes>, EngineFault> {
        Ok(self.state.lock().written.meta.get(&name).cloned())
    }
}

impl Log {
    fn apply(&mut self, batch: &LogBatch) -> Result<(), EngineFault> {
        let mut extent = self.extent;
        if let Some(from) = batch.truncate_from {
            extent.truncate(from);
        }
        if let Some(upto) = batch.purge_upto {
            extent.purge(upto);
        }
        let kept = extent.bounds();
        extent.append(&batch.entries)?;
        self.extent = extent;
        self.entries.retain(|index, _| kept.is_some_and(|(low, high)| (low..=high).contains(index)));
        self.entries.extend(batch.entries.iter().cloned());
        self.meta.extend(batch.meta.iter().cloned());
        Ok(())
    }
}
