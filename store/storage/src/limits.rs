//! Every limit and default of the storage engines in one place. Must hold constants only.

use std::time::Duration;

/// Version of what this crate writes into a state-machine folder or a log folder; a higher one is refused.
pub const FORMAT_VERSION: u32 = 1;

/// Memory for cached blocks, indexes, filters and write buffers of the state machine together.
pub const CACHE_BYTES_DEFAULT: usize = 96 << 20;

/// Write buffers of the state machine, charged to the cache; a flush begins when they are 7/8 full.
pub const WRITE_BUFFER_BYTES_DEFAULT: usize = 32 << 20;

/// Smallest cache that still holds its own write buffers.
pub const CACHE_BYTES_MIN: usize = 8 << 20;

/// One write buffer of the log. Entries that are purged before it fills are never written a second time.
pub const LOG_MEMTABLE_BYTES_DEFAULT: usize = 32 << 20;

/// Blocks of the log kept in memory; followers that lag read forward, so few are ever asked for twice.
pub const LOG_CACHE_BYTES: usize = 4 << 20;

/// Old write-ahead log files kept to be overwritten.
pub const LOG_RECYCLED_FILES: usize = 4;

/// Purged log entries that gather before one range tombstone drops them (many tombstones slow reads).
pub const LOG_PURGE_STEP_ENTRIES: u64 = 1000;

/// Write buffer of a column family that holds a row or two.
pub const SMALL_WRITE_BUFFER_BYTES: usize = 64 << 10;

/// Memory that a column family takes at a time while it fills a write buffer.
pub const ARENA_BLOCK_BYTES: usize = 256 << 10;

/// Size of a data block before compression.
pub const BLOCK_BYTES: usize = 8 << 10;

/// Size at which a compaction starts a new file.
pub const SST_FILE_BYTES: u64 = 32 << 20;

/// Size of the first sorted level.
pub const LEVEL_BASE_BYTES: u64 = 128 << 20;

/// Dirty bytes of a table file after which writing it back begins, so that a later fsync finds little to do.
pub const BYTES_PER_SYNC: u64 = 1 << 20;

/// Bits of bloom filter for each key.
pub const BLOOM_BITS_PER_KEY: f64 = 10.0;

/// Share of a write buffer spent on a filter that makes "no such key" cheap for creates.
pub const MEMTABLE_BLOOM_RATIO: f64 = 0.03;

/// Threads for flushes and compactions together.
pub const BACKGROUND_JOBS: i32 = 2;

/// Information log files of RocksDB that are kept, and the size at which one ends.
pub const INFO_LOG_FILES: usize = 2;
/// Bytes of one information log file.
pub const INFO_LOG_BYTES: usize = 4 << 20;

/// How often a write that is stopped by full memory tries again.
pub const WRITE_STOP_RECHECK: Duration = Duration::from_millis(1);

/// How old the sizes that `Engine::size` reports may be.
pub const SIZE_AGE_MAX: Duration = Duration::from_secs(1);

/// Shortest pause between two runs of background reclaim.
pub const RECLAIM_PAUSE_MIN: Duration = Duration::from_millis(200);

/// Reclaim rests this many times as long as its last run took, so that it costs a tenth of a core at most.
pub const RECLAIM_REST_FACTOR: u32 = 9;

/// How often reclaim looks whether views that held it back are gone.
pub const RECLAIM_RECHECK: Duration = Duration::from_secs(1);

/// Tombstone rows written to `cur` since its last full compaction from which another one pays.
pub const CURRENT_TOMBSTONES_MIN: u64 = 10_000;

/// And the share of all keys of `cur` that they must be: one in this many.
pub const CURRENT_TOMBSTONES_SHARE: u64 = 8;
