//! How the state machine's instance is tuned: memory first, then few background threads, then compression.
//! Must hold settings only; numbers stand in `limits`.

use std::sync::Arc;

use holdfast_core::rows::Table;
use rocksdb::{
    BlockBasedOptions, Cache, ColumnFamilyDescriptor, DBCompressionType, DEFAULT_COLUMN_FAMILY_NAME,
    LogLevel, LruCacheOptions, Options, WriteBufferManager,
};

use super::filter::HistoryFilterFactory;
use crate::history_floor::HistoryFloor;
use crate::limits;

/// What a caller may choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RocksOptions {
    /// Memory for cached blocks, indexes, filters and write buffers together, in bytes; at least
    /// `limits::CACHE_BYTES_MIN`.
    pub cache_bytes: usize,
    /// The part of it that write buffers may fill, in bytes; at most half of the cache.
    pub write_buffer_bytes: usize,
}

impl Default for RocksOptions {
    fn default() -> RocksOptions {
        RocksOptions {
            cache_bytes: limits::CACHE_BYTES_DEFAULT,
            write_buffer_bytes: limits::WRITE_BUFFER_BYTES_DEFAULT,
        }
    }
}

/// RocksDB's options, made from ours.
pub(super) struct Tuned {
    pub(super) instance: Options,
    cache: Cache,
    write_buffer_bytes: usize,
    floor: Arc<HistoryFloor>,
}

impl Tuned {
    /// Makes the options; `floor` is what the compaction filters will ask.
    pub(super) fn new(options: RocksOptions, floor: Arc<HistoryFloor>) -> Tuned {
        let cache_bytes = options.cache_bytes.max(limits::CACHE_BYTES_MIN);
        let write_buffer_bytes = options.write_buffer_bytes.min(cache_bytes / 2);
        let mut cache_options = LruCacheOptions::default();
        cache_options.set_capacity(cache_bytes);
        // Few shards: the charge for write buffers comes in lumps, which would crowd out small shards.
        cache_options.set_num_shard_bits(2);
        let cache = Cache::new_lru_cache_opts(&cache_options);
        let write_buffers =
            WriteBufferManager::new_write_buffer_manager_with_cache(write_buffer_bytes, false, cache.clone());

        let mut instance = base_options();
        instance.set_write_buffer_manager(&write_buffers);
        instance.set_atomic_flush(true);
        instance.set_bytes_per_sync(limits::BYTES_PER_SYNC);
        Tuned { instance, cache, write_buffer_bytes, floor }
    }

    /// Every table's column family, and the default one, which RocksDB wants and which holds the format stamp.
    pub(super) fn families(&self) -> Vec<ColumnFamilyDescriptor> {
        let tables = Table::ALL.iter().map(|table| (table.name(), self.family_options(*table)));
        let default = (DEFAULT_COLUMN_FAMILY_NAME, small_family());
        tables.chain([default]).map(|(name, options)| ColumnFamilyDescriptor::new(name, options)).collect()
    }

    fn family_options(&self, table: Table) -> Options {
        let mut options = Options::default();
        options.set_block_based_table_factory(&block_options(&self.cache));
        options.set_compression_type(DBCompressionType::Lz4);
        // The shared write-buffer budget decides when to flush, always all tables at once.
        options.set_write_buffer_size(self.write_buffer_bytes);
        options.set_arena_block_size(limits::ARENA_BLOCK_BYTES);
        options.set_target_file_size_base(limits::SST_FILE_BYTES);
        options.set_max_bytes_for_level_base(limits::LEVEL_BASE_BYTES);
        options.set_level_compaction_dynamic_level_bytes(true);
        if table == Table::Current {
            options.set_memtable_whole_key_filtering(true);
            options.set_memtable_prefix_bloom_ratio(limits::MEMTABLE_BLOOM_RATIO);
        }
        if matches!(table, Table::Current | Table::History | Table::Events) {
            options.set_compaction_filter_factory(HistoryFilterFactory::new(table, Arc::clone(&self.floor)));
        }
        options
    }
}

/// How table files are laid out: everything that they need in memory lives in the cache and counts against it.
pub(super) fn block_options(cache: &Cache) -> BlockBasedOptions {
    let mut blocks = BlockBasedOptions::default();
    blocks.set_block_cache(cache);
    blocks.set_block_size(limits::BLOCK_BYTES);
    blocks.set_cache_index_and_filter_blocks(true);
    blocks.set_pin_l0_filter_and_index_blocks_in_cache(true);
    blocks.set_bloom_filter(limits::BLOOM_BITS_PER_KEY, false);
    blocks.set_whole_key_filtering(true);
    blocks.set_optimize_filters_for_memory(true);
    blocks
}

/// A column family for a row or two. Says so, because the largest write buffer is also the room on disk that RocksDB
/// waits for after the disk was full.
pub(super) fn small_family() -> Options {
    let mut options = Options::default();
    options.set_write_buffer_size(limits::SMALL_WRITE_BUFFER_BYTES);
    options
}

/// Settings that both instances share.
pub(super) fn base_options() -> Options {
    let mut options = Options::default();
    options.create_if_missing(true);
    options.create_missing_column_families(true);
    options.set_paranoid_checks(true);
    options.set_max_background_jobs(limits::BACKGROUND_JOBS);
    options.set_log_level(LogLevel::Warn);
    options.set_keep_log_file_num(limits::INFO_LOG_FILES);
    options.set_max_log_file_size(limits::INFO_LOG_BYTES);
    options.set_stats_dump_period_sec(0);
    options.set_stats_persist_period_sec(0);
    options.set_skip_stats_update_on_db_open(true);
    options
}
