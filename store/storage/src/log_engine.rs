//! What the Raft log needs of storage: the only fsync of the write path happens in `append`. Implementations: `rocks`
//! (an instance of its own with a recycled write-ahead log) and `memory`. Must not know what entries mean.

use bytes::Bytes;

use crate::engine::EngineFault;

/// Small values that belong to the log, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogMeta {
    /// The vote (`v`).
    Vote,
    /// The committed position (`c`); written without waiting, rides along with the next synced write.
    Committed,
    /// The newest purged position (`p`).
    Purged,
    /// Cluster id, member id and format version (`i`).
    Identity,
}

/// One batch of changes to the log, applied atomically in this order: truncate, purge, append, meta.
#[derive(Debug, Clone, Default)]
pub struct LogBatch {
    /// Drop the entries at and above this index.
    pub truncate_from: Option<u64>,
    /// Drop the entries up to and including this index.
    pub purge_upto: Option<u64>,
    /// Entries to append: index and encoded entry, ascending, without holes.
    pub entries: Vec<(u64, Bytes)>,
    /// Values to set.
    pub meta: Vec<(LogMeta, Bytes)>,
}

/// An append-only log with a few values beside it.
pub trait LogEngine: Send + Sync + 'static {
    /// Applies the batch; when `sync`, returns only once it is on stable storage. A failed synced write must never be
    /// retried: the process stops.
    fn write(&self, batch: LogBatch, sync: bool) -> Result<(), EngineFault>;

    /// Entries with index in `from..to`, at least one when there is one, stopping before `bytes_max` is exceeded.
    fn read(&self, from: u64, to: u64, bytes_max: usize) -> Result<Vec<(u64, Bytes)>, EngineFault>;

    /// The lowest and highest index held, `None` when empty.
    fn bounds(&self) -> Result<Option<(u64, u64)>, EngineFault>;

    /// One value.
    fn meta(&self, name: LogMeta) -> Result<Option<Bytes>, EngineFault>;
}
