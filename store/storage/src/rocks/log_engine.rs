//! The Raft log on RocksDB: one batch and one fsync for each synced write. Must stop for good after a failed write,
//! because a failed fsync may have thrown the bytes away that it was asked to keep.
//!
//! Recovery cuts the log at the first damaged record, whether torn by a crash or rotten. Whoever opens the log compares
//! `bounds` with `LogMeta::Committed` and with the state machine's applied index, and does not vote when it is shorter.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use parking_lot::Mutex;
use rocksdb::{ColumnFamily, DB, ReadOptions, WriteBatch, WriteOptions};
use self_cell::self_cell;

use super::fault::{check_stamp, engine_fault, open_error};
use super::log_options::{RocksLogOptions, families, instance_options};
use crate::engine::EngineFault;
use crate::limits::{FORMAT_VERSION, LOG_PURGE_STEP_ENTRIES};
use crate::log_engine::{LogBatch, LogEngine, LogMeta};
use crate::log_extent::LogExtent;
use crate::open_error::OpenError;

const LOG_FAMILY: &str = "log";
const META_FAMILY: &str = "meta";

/// The engine's own value beside the log: the lowest index that was not purged, LE64.
const FIRST_KEY: &[u8] = b"f";

/// What RocksDB adds to an entry in a batch, at most.
const ENTRY_OVERHEAD_BYTES: usize = 20;

/// The engine's own value beside the log: the format's version, LE32.
const FORMAT_KEY: &[u8] = b"format";

struct LogFamilies<'a> {
    log: &'a ColumnFamily,
    meta: &'a ColumnFamily,
}

self_cell!(
    struct LogDatabase {
        owner: DB,

        #[covariant]
        dependent: LogFamilies,
    }
);

/// The Raft log's engine.
pub struct RocksLogEngine {
    database: LogDatabase,
    synced: WriteOptions,
    unsynced: WriteOptions,
    /// Held during a write, so that the extent follows the order of writes.
    writer: Mutex<Writer>,
    extent: Mutex<LogExtent>,
    has_failed: AtomicBool,
}

/// What only writers need.
#[derive(Clone, Copy)]
struct Writer {
    /// Entries below this index carry a range tombstone.
    erased_below: u64,
    /// Files that end below this index were dropped.
    dropped_below: u64,
}

impl RocksLogEngine {
    /// Opens the log in `path`, which is created when missing.
    pub fn open(path: &Path, options: RocksLogOptions) -> Result<RocksLogEngine, OpenError> {
        let fail = |error| open_error(path, error);
        let descriptors = families(options, [LOG_FAMILY, META_FAMILY]);
        let db = DB::open_cf_descriptors(&instance_options(options), path, descriptors).map_err(fail)?;
        let database = LogDatabase::new(db, |db| LogFamilies {
            log: db.cf_handle(LOG_FAMILY).expect("the family was opened"),
            meta: db.cf_handle(META_FAMILY).expect("the family was opened"),
        });
        let mut synced = WriteOptions::default();
        synced.set_sync(true);
        database.check_format(path, &synced)?;
        let (extent, lowest_on_disk) = database.find_extent().map_err(fail)?;
        Ok(RocksLogEngine {
            database,
            synced,
            unsynced: WriteOptions::default(),
            writer: Mutex::new(Writer { erased_below: lowest_on_disk, dropped_below: lowest_on_disk }),
            extent: Mutex::new(extent),
            has_failed: AtomicBool::new(false),
        })
    }

    /// Turns the batch into RocksDB's, and the extent into the one after it.
    fn encode(
        &self,
        batch: &LogBatch,
        extent: &mut LogExtent,
        writer: &mut Writer,
    ) -> Result<WriteBatch, EngineFault> {
        let families = self.database.borrow_dependent();
        let bytes = batch.entries.iter().map(|(_, entry)| entry.len() + ENTRY_OVERHEAD_BYTES).sum();
        let mut encoded = WriteBatch::with_capacity_bytes(bytes);
        if let Some((low, high)) = batch.truncate_from.and_then(|from| extent.truncate(from)) {
            encoded.delete_range_cf(&families.log, low.to_be_bytes(), (high + 1).to_be_bytes());
        }
        if let Some(upto) = batch.purge_upto {
            extent.purge(upto);
            encoded.put_cf(&families.meta, FIRST_KEY, extent.first().to_le_bytes());
            if extent.first().saturating_sub(writer.erased_below) >= LOG_PURGE_STEP_ENTRIES {
                let (low, high) = (writer.erased_below.to_be_bytes(), extent.first().to_be_bytes());
                encoded.delete_range_cf(&families.log, low, high);
                writer.erased_below = extent.first();
            }
        }
        extent.append(&batch.entries)?;
        for (index, entry) in &batch.entries {
            encoded.put_cf(&families.log, index.to_be_bytes(), entry);
        }
        for (name, value) in &batch.meta {
            encoded.put_cf(&families.meta, meta_key(*name), value);
        }
        Ok(encoded)
    }

    /// Drops files full of purged entries, once the purge itself is on disk.
    fn drop_files(&self, durable_first: u64, writer: &mut Writer) {
        let durable = durable_first.min(writer.erased_below);
        if durable <= writer.dropped_below {
            return;
        }
        let families = self.database.borrow_dependent();
        // Only a shortcut: compaction follows the range tombstones anyway.
        let _ = self.database.borrow_owner().delete_file_in_range_cf(
            &families.log,
            0u64.to_be_bytes(),
            durable.to_be_bytes(),
        );
        writer.dropped_below = durable;
    }
}

impl LogEngine for RocksLogEngine {
    fn write(&self, batch: LogBatch, sync: bool) -> Result<(), EngineFault> {
        const DOING: &str = "writing the log";
        let mut held_writer = self.writer.lock();
        let mut writer = *held_writer;
        if self.has_failed.load(Ordering::Acquire) {
            let reason = "an earlier write failed".to_owned();
            return Err(EngineFault { doing: DOING, reason, out_of_space: false });
        }
        let mut extent = *self.extent.lock();
        let encoded = self.encode(&batch, &mut extent, &mut writer)?;
        let options = if sync { &self.synced } else { &self.unsynced };
        if let Err(error) = self.database.borrow_owner().write_opt(encoded, options) {
            self.has_failed.store(true, Ordering::Release);
            return Err(engine_fault(DOING, error));
        }
        *self.extent.lock() = extent;
        if sync {
            self.drop_files(extent.first(), &mut writer);
        }
        *held_writer = writer;
        Ok(())
    }

    fn read(&self, from: u64, to: u64, bytes_max: usize) -> Result<Vec<(u64, Bytes)>, EngineFault> {
        const DOING: &str = "reading the log";
        let Some((first, last)) = self.extent.lock().bounds() else { return Ok(Vec::new()) };
        let (from, to) = (from.max(first), to.min(last.saturating_add(1)));
        if from >= to {
            return Ok(Vec::new());
        }
        let mut options = ReadOptions::default();
        options.set_iterate_upper_bound(to.to_be_bytes());
        let families = self.database.borrow_dependent();
        let mut iterator = self.database.borrow_owner().raw_iterator_cf_opt(&families.log, options);
        iterator.seek(from.to_be_bytes());
        let mut entries = Vec::new();
        let mut bytes = 0;
        for index in from..to {
            let Some((key, entry)) = iterator.item() else {
                iterator.status().map_err(|error| engine_fault(DOING, error))?;
                return Err(missing_entry(DOING, index));
            };
            if key != index.to_be_bytes() {
                return Err(missing_entry(DOING, index));
            }
            bytes += entry.len();
            if bytes > bytes_max && !entries.is_empty() {
                break;
            }
            entries.push((index, Bytes::copy_from_slice(entry)));
            iterator.next();
        }
        Ok(entries)
    }

    fn bounds(&self) -> Result<Option<(u64, u64)>, EngineFault> {
        Ok(self.extent.lock().bounds())
    }

    fn meta(&self, name: LogMeta) -> Result<Option<Bytes>, EngineFault> {
        let families = self.database.borrow_dependent();
        self.database
            .borrow_owner()
            .get_cf(&families.meta, meta_key(name))
            .map(|value| value.map(Bytes::from))
            .map_err(|error| engine_fault("reading a value beside the log", error))
    }
}

impl LogDatabase {
    /// Refuses the folders of newer versions; stamps new ones.
    fn check_format(&self, path: &Path, synced: &WriteOptions) -> Result<(), OpenError> {
        let (db, families) = (self.borrow_owner(), self.borrow_dependent());
        let found = db.get_cf(&families.meta, FORMAT_KEY).map_err(|error| open_error(path, error))?;
        match found {
            None => db
                .put_cf_opt(&families.meta, FORMAT_KEY, FORMAT_VERSION.to_le_bytes(), synced)
                .map_err(|error| open_error(path, error)),
            Some(stamp) => check_stamp(path, &stamp),
        }
    }

    /// The entries held, and the lowest index for which there are still bytes on disk.
    fn find_extent(&self) -> Result<(LogExtent, u64), rocksdb::Error> {
        let (db, families) = (self.borrow_owner(), self.borrow_dependent());
        let first = db
            .get_cf(&families.meta, FIRST_KEY)?
            .and_then(|value| value.try_into().ok())
            .map_or(0, u64::from_le_bytes);
        let mut iterator = db.raw_iterator_cf(&families.log);
        iterator.seek_to_first();
        iterator.status()?;
        let lowest_on_disk = iterator.key().and_then(index_of).unwrap_or(first);
        iterator.seek(first.to_be_bytes());
        iterator.status()?;
        let low = iterator.key().and_then(index_of);
        iterator.seek_to_last();
        iterator.status()?;
        let high = iterator.key().and_then(index_of);
        let extent = match (low, high) {
            (Some(low), Some(high)) => LogExtent::holding(low, high),
            _ => LogExtent::empty_from(first),
        };
        Ok((extent, lowest_on_disk))
    }
}

fn index_of(key: &[u8]) -> Option<u64> {
    key.try_into().ok().map(u64::from_be_bytes)
}

fn meta_key(name: LogMeta) -> &'static [u8] {
    match name {
        LogMeta::Vote => b"v",
        LogMeta::Committed => b"c",
        LogMeta::Purged => b"p",
        LogMeta::Identity => b"i",
    }
}

fn missing_entry(doing: &'static str, index: u64) -> EngineFault {
    EngineFault { doing, reason: format!("entry {index} is missing"), out_of_space: false }
}
