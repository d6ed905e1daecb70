//! How engines are opened, so that tests can run the same consensus on memory engines.

use std::path::Path;
use std::sync::Arc;

use holdfast_storage::engine::Engine;
use holdfast_storage::log_engine::LogEngine;
use holdfast_storage::open_error::OpenError;
use holdfast_storage::rocks::{RocksEngine, RocksLogEngine, RocksLogOptions, RocksOptions};

/// Opens the two engines of a member.
pub trait Engines: Send + Sync + 'static {
    /// Opens the Raft log in a folder, which is created when missing.
    fn open_log(&self, path: &Path) -> Result<Arc<dyn LogEngine>, OpenError>;

    /// Opens the state machine's tables in a folder: an empty one, one written earlier, or a checkpoint.
    fn open_state(&self, path: &Path) -> Result<Arc<dyn Engine>, OpenError>;
}

/// RocksDB for both.
#[derive(Debug, Clone, Copy)]
pub struct RocksEngines {
    /// Bytes of cache and write buffers.
    pub cache_bytes: usize,
}

impl Engines for RocksEngines {
    fn open_log(&self, path: &Path) -> Result<Arc<dyn LogEngine>, OpenError> {
        Ok(Arc::new(RocksLogEngine::open(path, RocksLogOptions::default())?))
    }

    fn open_state(&self, path: &Path) -> Result<Arc<dyn Engine>, OpenError> {
        let options = RocksOptions { cache_bytes: self.cache_bytes, ..RocksOptions::default() };
        Ok(Arc::new(RocksEngine::open(path, options)?))
    }
}
