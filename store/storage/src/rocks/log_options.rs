//! How the Raft log's instance is tuned: small synced appends into recycled files, entries that mostly die before
//! they are written a second time. Must hold settings only; numbers stand in `limits`.

use rocksdb::{Cache, ColumnFamilyDescriptor, DBCompressionType, DEFAULT_COLUMN_FAMILY_NAME, Options};

use super::options::{base_options, block_options, small_family};
use crate::limits;

/// What a caller may choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RocksLogOptions {
    /// One write buffer, in bytes; two may exist at a time. Larger buffers write less twice.
    pub memtable_bytes: usize,
}

impl Default for RocksLogOptions {
    fn default() -> RocksLogOptions {
        RocksLogOptions { memtable_bytes: limits::LOG_MEMTABLE_BYTES_DEFAULT }
    }
}

/// Options of the instance.
pub(super) fn instance_options(options: RocksLogOptions) -> Options {
    let mut instance = base_options();
    instance.set_recycle_log_file_num(limits::LOG_RECYCLED_FILES);
    // The few values beside the log would else keep its oldest file from being recycled.
    instance.set_max_total_wal_size(2 * options.memtable_bytes as u64);
    instance
}

/// Options of its column families.
pub(super) fn families(options: RocksLogOptions, names: [&str; 2]) -> Vec<ColumnFamilyDescriptor> {
    let cache = Cache::new_lru_cache(limits::LOG_CACHE_BYTES);
    let large = names.into_iter().map(|name| {
        let mut family = Options::default();
        family.set_block_based_table_factory(&block_options(&cache));
        family.set_compression_type(DBCompressionType::None);
        family.set_write_buffer_size(options.memtable_bytes);
        family.set_max_write_buffer_number(2);
        family.set_arena_block_size(limits::ARENA_BLOCK_BYTES);
        ColumnFamilyDescriptor::new(name, family)
    });
    large.chain([ColumnFamilyDescriptor::new(DEFAULT_COLUMN_FAMILY_NAME, small_family())]).collect()
}
