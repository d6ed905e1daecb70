//! The state machine's engine on RocksDB. Nothing is logged: a batch becomes durable with the next atomic flush, and
//! the Raft log replays what a crash took. Must not block readers or writers while it flushes.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use holdfast_core::ids::Revision;
use holdfast_core::layout::system;
use holdfast_core::rows::{RowChange, Rows, Table};
use parking_lot::Mutex;
use rocksdb::WriteBatch;
use rocksdb::checkpoint::Checkpoint;
use rocksdb::properties;

use super::database::Database;
use super::fault::engine_fault;
use super::options::{RocksOptions, Tuned};
use super::reclaim::Reclaimer;
use super::view::RocksView;
use super::write_path::WritePaths;
use crate::drop_rule::adds_tombstone;
use crate::engine::{Engine, EngineFault, EngineSize};
use crate::history_floor::HistoryFloor;
use crate::limits::SIZE_AGE_MAX;
use crate::open_error::OpenError;

/// The state machine's engine.
///
/// When the disk is full, RocksDB turns read-only and looks every five seconds whether there is room for one write
/// buffer (`write_buffer_bytes`) again; then it resumes by itself, losing nothing. Until then `write` and `flush` fail
/// at once with `out_of_space` and may simply be repeated; views go on. Tried on a full ext4: writes resumed 1 to 5 s
/// after room was made, and closing a full engine and opening it again gave the last flushed state. Every other
/// background error lasts until the engine is opened anew: stop the member.
pub struct RocksEngine {
    /// Ends before the instance does.
    reclaimer: Reclaimer,
    core: Arc<EngineCore>,
    writes: WritePaths,
    size: Mutex<Option<(Instant, EngineSize)>>,
}

/// What the engine shares with its background thread.
pub(super) struct EngineCore {
    pub(super) database: Arc<Database>,
    pub(super) floor: Arc<HistoryFloor>,
    durable_applied: AtomicU64,
    /// Tombstones written to `Current` since it was last compacted as a whole.
    pub(super) tombstones: AtomicU64,
}

impl RocksEngine {
    /// Opens the engine in `path`, which is created when missing.
    pub fn open(path: &Path, options: RocksOptions) -> Result<RocksEngine, OpenError> {
        let floor = Arc::new(HistoryFloor::default());
        let tuned = Tuned::new(options, Arc::clone(&floor));
        let database = Arc::new(Database::open(path, &tuned)?);
        // Everything that an opened instance holds comes from its files.
        let applied = read_applied(&database)
            .map_err(|reason| OpenError::Corrupt { path: path.to_path_buf(), reason })?;
        let core = Arc::new(EngineCore {
            database,
            floor,
            durable_applied: AtomicU64::new(applied),
            tombstones: AtomicU64::new(0),
        });
        let reclaimer = Reclaimer::start(Arc::clone(&core));
        Ok(RocksEngine { reclaimer, core, writes: WritePaths::new(), size: Mutex::new(None) })
    }

    fn measure(&self) -> EngineSize {
        let database = &self.core.database;
        let buffered = database.sum_of(properties::CUR_SIZE_ALL_MEM_TABLES);
        let total_bytes = database.sum_of(properties::TOTAL_SST_FILES_SIZE) + buffered;
        let live = database.sum_of(properties::ESTIMATE_LIVE_DATA_SIZE) + buffered;
        EngineSize { total_bytes, in_use_bytes: live.min(total_bytes) }
    }
}

impl EngineCore {
    /// Flushes everything; what was applied, and asked to be forgotten, before it began is durable afterwards.
    pub(super) fn flush(&self) -> Result<(), EngineFault> {
        let floor = self.floor.requested();
        let applied = read_applied(&self.database).map_err(|reason| EngineFault {
            doing: "reading the applied index",
            reason,
            out_of_space: false,
        })?;
        self.database.flush_all()?;
        self.durable_applied.fetch_max(applied, Ordering::AcqRel);
        self.floor.set_durable(floor);
        Ok(())
    }
}

impl Engine for RocksEngine {
    fn view(&self) -> Arc<dyn Rows> {
        let claim = self.core.floor.claim();
        Arc::new(RocksView::take(Arc::clone(&self.core.database), claim))
    }

    fn write(&self, changes: &[RowChange]) -> Result<(), EngineFault> {
        let database = &self.core.database;
        self.writes
            .write(database, || encode_batch(database, changes))
            .map_err(|error| engine_fault("writing a batch", error))?;
        let tombstones = changes.iter().filter(|change| adds_tombstone(change)).count() as u64;
        if tombstones > 0 {
            self.core.tombstones.fetch_add(tombstones, Ordering::Relaxed);
        }
        Ok(())
    }

    fn flush(&self) -> Result<(), EngineFault> {
        self.core.flush()
    }

    fn durable_applied_index(&self) -> u64 {
        self.core.durable_applied.load(Ordering::Acquire)
    }

    fn set_history_floor(&self, floor: Revision) {
        if self.core.floor.request(floor) {
            self.reclaimer.wake();
        }
    }

    fn checkpoint(&self, target: &Path) -> Result<(), EngineFault> {
        const DOING: &str = "making a checkpoint";
        self.core.flush()?;
        Checkpoint::new(self.core.database.db())
            .and_then(|checkpoint| checkpoint.create_checkpoint(target))
            .map_err(|error| engine_fault(DOING, error))?;
        sync_folder(target).and_then(|()| target.parent().map_or(Ok(()), sync_folder)).map_err(|error| {
            EngineFault {
                doing: DOING,
                out_of_space: error.kind() == std::io::ErrorKind::StorageFull,
                reason: format!("cannot sync {}: {error}", target.display()),
            }
        })
    }

    fn size(&self) -> EngineSize {
        let mut cached = self.size.lock();
        match *cached {
            Some((measured_at, size)) if measured_at.elapsed() < SIZE_AGE_MAX => size,
            _ => {
                let size = self.measure();
                *cached = Some((Instant::now(), size));
                size
            }
        }
    }
}

/// The applied index among everything written so far; 0 in a fresh store.
fn read_applied(database: &Database) -> Result<u64, String> {
    let value = database
        .db()
        .get_pinned_cf(database.family(Table::System), system::APPLIED)
        .map_err(rocksdb::Error::into_string)?;
    match value {
        None => Ok(0),
        Some(value) => system::decode_position(&value)
            .map(|position| position.index.0)
            .map_err(|fault| fault.to_string()),
    }
}

fn encode_batch(database: &Database, changes: &[RowChange]) -> WriteBatch {
    let mut batch = WriteBatch::with_capacity_bytes(batch_bytes(changes));
    for change in changes {
        let family = database.family(change.table);
        match &change.value {
            Some(value) => batch.put_cf(&family, &change.key, value),
            None => batch.delete_cf(&family, &change.key),
        }
    }
    batch
}

/// A guess at the batch's encoded size, so that it is allocated once.
fn batch_bytes(changes: &[RowChange]) -> usize {
    const HEADER_BYTES: usize = 16;
    const ROW_OVERHEAD_BYTES: usize = 12;
    changes
        .iter()
        .map(|change| {
            change.key.len() + change.value.as_ref().map_or(0, |value| value.len()) + ROW_OVERHEAD_BYTES
        })
        .sum::<usize>()
        + HEADER_BYTES
}

/// Makes the folder's entries durable.
fn sync_folder(folder: &Path) -> std::io::Result<()> {
    std::fs::File::open(folder)?.sync_all()
}
