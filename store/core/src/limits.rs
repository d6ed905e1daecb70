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

/// Entries of a node of the rank tree before it is split.
pub const RANK_NODE_LEN_MAX: usize = 32;

/// Entries of a node of the rank tree below which it is joined with a neighbour; half-full nodes must not be small.
pub const RANK_NODE_LEN_MIN: usize = RANK_NODE_LEN_MAX / 4;

/// Pairs in a part of the hash history; the last part is copied when a reader holds it.
pub const HASH_HISTORY_PART_LEN: usize = 128;

/// Estimated space of a key beside its bytes (etcd's `kvOverhead`).
pub const PUT_OVERHEAD_BYTES: u64 = 256;

/// Estimated space of a lease (etcd's `leaseOverhead`).
pub const LEASE_OVERHEAD_BYTES: u64 = 64;

/// Live keys that two neighbouring chunks may have together to be joined; leaves room before the next split.
pub const RANK_CHUNK_KEYS_JOINED_MAX: u32 = 192;

/// Levels of nested transactions in one command. Above what requests can reach: gRPC's and JSON's decoders stop at 50.
pub const TXN_DEPTH_MAX: usize = 128;

/// Changes that one read of history looks at, so that a watcher of a rarely written key reads in short steps, too.
pub const EVENT_SCAN_ROWS_MAX: usize = 32 << 10;

/// Longest path of a node of the v2 API, and deepest; parents are written with a node, so that both bound a command.
pub const V2_PATH_BYTES_MAX: usize = 32 << 10;
/// See `V2_PATH_BYTES_MAX`.
pub const V2_PATH_DEPTH_MAX: usize = 128;

/// Tokens that are kept beyond the time they were made for; each is looked at when any is renewed.
pub const TOKENS_RENEWED_MAX: usize = 10_000;

/// What the name of a node that is made in order adds to the directory's path: a slash and 20 digits.
pub const V2_IN_ORDER_BYTES: usize = 21;
