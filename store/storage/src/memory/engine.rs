//! The state machine's engine in memory. Must forget unflushed batches in a crash, and drops history as the one on
//! RocksDB may: at once, or here and there.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use std::sync::Arc;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use holdfast_core::ids::Revision;
use holdfast_core::layout::system;
use holdfast_core::rows::{RowChange, Rows, Table};
use parking_lot::Mutex;

use super::tables::Tables;
use crate::drop_rule::is_droppable;
use crate::engine::{Engine, EngineFault, EngineSize};
use crate::history_floor::HistoryFloor;
use crate::open_error::OpenError;

/// The file that a checkpoint consists of.
const ROWS_FILE: &str = "rows";

/// How history at or below the floor goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reclaim {
    /// All of it with the next flush.
    AtOnce,
    /// Each row with even odds, at every flush; the same seed makes the same choices.
    Random {
        /// Where the choices begin.
        seed: u64,
    },
}

/// The state machine's engine for tests.
#[derive(Debug)]
pub struct MemoryEngine {
    floor: HistoryFloor,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    written: Tables,
    flushed: Tables,
    reclaim: Reclaim,
}

impl MemoryEngine {
    /// An empty engine.
    pub fn new(reclaim: Reclaim) -> MemoryEngine {
        MemoryEngine::holding(Tables::default(), reclaim)
    }

    /// The engine that wrote the checkpoint in `path`.
    pub fn open_checkpoint(path: &Path, reclaim: Reclaim) -> Result<MemoryEngine, OpenError> {
        let mut bytes = Vec::new();
        File::open(path.join(ROWS_FILE))
            .and_then(|mut file| file.read_to_end(&mut bytes))
            .map_err(|error| OpenError::Failed { path: path.to_path_buf(), reason: error.to_string() })?;
        let changes = decode_rows(Bytes::from(bytes)).ok_or_else(|| OpenError::Corrupt {
            path: path.to_path_buf(),
            reason: "a row is cut short".to_owned(),
        })?;
        let mut tables = Tables::default();
        tables.apply(&changes);
        Ok(MemoryEngine::holding(tables, reclaim))
    }

    fn holding(tables: Tables, reclaim: Reclaim) -> MemoryEngine {
        let state = State { written: tables.clone(), flushed: tables, reclaim };
        MemoryEngine { floor: HistoryFloor::default(), state: Mutex::new(state) }
    }

    /// Forgets every batch behind the last flush, as a process that dies does. The floor stays to be set again.
    pub fn crash(&self) {
        let mut state = self.state.lock();
        state.written = state.flushed.clone();
    }
}

impl Engine for MemoryEngine {
    fn view(&self) -> Arc<dyn Rows> {
        Arc::new(self.state.lock().written.clone())
    }

    fn write(&self, changes: &[RowChange]) -> Result<(), EngineFault> {
        self.state.lock().written.apply(changes);
        Ok(())
    }

    fn flush(&self) -> Result<(), EngineFault> {
        let mut state = self.state.lock();
        self.floor.set_durable(self.floor.requested());
        state.drop_history(self.floor.droppable());
        state.flushed = state.written.clone();
        Ok(())
    }

    fn durable_applied_index(&self) -> u64 {
        let state = self.state.lock();
        let value = state.flushed.rows(Table::System).get(system::APPLIED);
        value.and_then(|value| system::decode_position(value).ok()).map_or(0, |position| position.index.0)
    }

    fn set_history_floor(&self, floor: Revision) {
        self.floor.request(floor);
    }

    fn checkpoint(&self, target: &Path) -> Result<(), EngineFault> {
        self.flush()?;
        let bytes = encode_rows(&self.state.lock().flushed);
        let write = || {
            std::fs::create_dir(target)?;
            let mut file = File::create(target.join(ROWS_FILE))?;
            file.write_all(&bytes)?;
            file.sync_all()
        };
        write().map_err(|error: std::io::Error| EngineFault {
            doing: "making a checkpoint",
            out_of_space: error.kind() == std::io::ErrorKind::StorageFull,
            reason: error.to_string(),
        })
    }

    fn size(&self) -> EngineSize {
        let state = self.state.lock();
        let rows = Table::ALL.iter().flat_map(|table| state.written.rows(*table));
        let bytes = rows.map(|(key, value)| (key.len() + value.len()) as u64).sum();
        EngineSize { total_bytes: bytes, in_use_bytes: bytes }
    }
}

impl State {
    fn drop_history(&mut self, floor: Revision) {
        let mut gone = Vec::new();
        for table in [Table::Current, Table::History, Table::Events] {
            for (key, value) in self.written.rows(table) {
                if is_droppable(table, key, value, floor) && self.reclaim.takes_next() {
                    gone.push(RowChange { table, key: key.clone(), value: None });
                }
            }
        }
        self.written.apply(&gone);
    }
}

impl Reclaim {
    /// Whether the next row that may go does go.
    fn takes_next(&mut self) -> bool {
        match self {
            Reclaim::AtOnce => true,
            Reclaim::Random { seed } => {
                // A linear congruential step (Knuth's MMIX constants); its high bits are random enough for a coin.
                *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                *seed >> 63 == 1
            }
        }
    }
}

/// Table, key length LE32, key, value length LE32, value, for each row.
fn encode_rows(tables: &Tables) -> Bytes {
    let mut bytes = BytesMut::new();
    for table in Table::ALL {
        for (key, value) in tables.rows(table) {
            bytes.put_u8(table as u8);
            for part in [key, value] {
                bytes.put_u32_le(u32::try_from(part.len()).expect("rows are far smaller than 4 GiB"));
                bytes.put_slice(part);
            }
        }
    }
    bytes.freeze()
}

fn decode_rows(mut bytes: Bytes) -> Option<Vec<RowChange>> {
    let mut rows = Vec::new();
    while bytes.has_remaining() {
        let table = *Table::ALL.get(usize::from(bytes.get_u8()))?;
        let key = decode_part(&mut bytes)?;
        let value = Some(decode_part(&mut bytes)?);
        rows.push(RowChange { table, key, value });
    }
    Some(rows)
}

fn decode_part(bytes: &mut Bytes) -> Option<Bytes> {
    let length = bytes.try_get_u32_le().ok()? as usize;
    (length <= bytes.remaining()).then(|| bytes.split_to(length))
}
