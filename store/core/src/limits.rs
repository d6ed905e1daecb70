//! Every limit of the core in one place. Must hold constants only.

/// A lease's longest time to live, in seconds (etcd's `MaxLeaseTTL`).
pub const LEASE_TTL_SECONDS_MAX: i64 = 9_000_000_000;

/// Live keys in a chunk of the rank index before it is split.
pub const RANK_CHUNK_KEYS_MAX: u32 = 256;

/// Live keys in a chunk below which it is merged into its neighbour.
pub const RANK_CHUNK_KEYS_MIN: u32 = 64;

/// Recent (revision, accumulator) pairs kept so that a hash of the recent past needs no scan.
pub const HASH_HISTORY_LEN: usize = 4096;

/// Leases ended by one expiry entry, at most.
pub const LEASE_EXPIRE_BATCH_MAX: usize = 1000;
