//! Memory engines that outlive the member that uses them, so that a test can crash and restart it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use holdfast_storage::engine::{Engine, EngineFault};
use holdfast_storage::log_engine::{LogBatch, LogEngine, LogMeta};
use holdfast_storage::memory::{MemoryEngine, MemoryLogEngine, Reclaim};
use holdfast_storage::open_error::OpenError;
use parking_lot::Mutex;

use crate::state::engines::Engines;

/// Engines by the folder that they stand for.
#[derive(Default)]
pub struct MemoryEngines {
    logs: Mutex<BTreeMap<PathBuf, Arc<SlowLog>>>,
    states: Mutex<BTreeMap<PathBuf, Arc<MemoryEngine>>>,
    sync_time: Duration,
    fails: Arc<AtomicBool>,
}

/// A log in memory whose synced writes take time.
pub struct SlowLog {
    inner: MemoryLogEngine,
    sync_time: Duration,
    fails: Arc<AtomicBool>,
}

impl MemoryEngines {
    /// Engines on which a synced write takes a while.
    pub fn syncing_in(sync_time: Duration) -> MemoryEngines {
        MemoryEngines { sync_time, ..MemoryEngines::default() }
    }

    /// Makes every later write of a log fail.
    pub fn fail_writes(&self) {
        self.fails.store(true, Ordering::SeqCst);
    }

    /// Lets writes succeed again.
    pub fn allow_writes(&self) {
        self.fails.store(false, Ordering::SeqCst);
    }

    /// Forgets everything that was not durable, in every engine.
    pub fn crash(&self) {
        for log in self.logs.lock().values() {
            log.inner.crash();
        }
        for state in self.states.lock().values() {
            state.crash();
        }
    }
}

impl Engines for MemoryEngines {
    fn open_log(&self, path: &Path) -> Result<Arc<dyn LogEngine>, OpenError> {
        let mut logs = self.logs.lock();
        let log = logs.entry(path.to_path_buf()).or_insert_with(|| {
            Arc::new(SlowLog {
                inner: MemoryLogEngine::new(),
                sync_time: self.sync_time,
                fails: Arc::clone(&self.fails),
            })
        });
        Ok(Arc::clone(log) as Arc<dyn LogEngine>)
    }

    fn open_state(&self, path: &Path) -> Result<Arc<dyn Engine>, OpenError> {
        let mut states = self.states.lock();
        if let Some(state) = states.get(path) {
            return Ok(Arc::clone(state) as Arc<dyn Engine>);
        }
        let state = if path.exists() {
            MemoryEngine::open_checkpoint(path, Reclaim::AtOnce)?
        } else {
            MemoryEngine::new(Reclaim::AtOnce)
        };
        let state = Arc::new(state);
        states.insert(path.to_path_buf(), Arc::clone(&state));
        Ok(state)
    }
}

impl LogEngine for SlowLog {
    fn write(&self, batch: LogBatch, sync: bool) -> Result<(), EngineFault> {
        if self.fails.load(Ordering::SeqCst) {
            let reason = "the test wants it".to_owned();
            return Err(EngineFault { doing: "writing the log", reason, out_of_space: false });
        }
        if sync {
            std::thread::sleep(self.sync_time);
        }
        self.inner.write(batch, sync)
    }

    fn read(&self, from: u64, to: u64, bytes_max: usize) -> Result<Vec<(u64, Bytes)>, EngineFault> {
        self.inner.read(from, to, bytes_max)
    }

    fn bounds(&self) -> Result<Option<(u64, u64)>, EngineFault> {
        self.inner.bounds()
    }

    fn meta(&self, name: LogMeta) -> Result<Option<Bytes>, EngineFault> {
        self.inner.meta(name)
    }
}
