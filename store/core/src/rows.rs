//! What the core asks of storage: sorted tables of bytes that can be read at one moment. Storage engines implement
//! `Rows`; the core lays out every key and value itself and never learns which engine it runs on.

use bytes::Bytes;

/// A sorted table. Engines keep one column family (or map) for each; the byte layouts stand in `layout`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// User key to its newest version, tombstones included.
    Current,
    /// Superseded versions, by key, newest first.
    History,
    /// Revision to the key that changed.
    Events,
    /// Lease id to its time to live.
    Leases,
    /// (lease id, key) pairs.
    LeaseKeys,
    /// Users, roles and settings of authentication.
    Auth,
    /// Live-key counts by chunk of the key space.
    Rank,
    /// Applied index, revision, membership and other single values.
    System,
}

impl Table {
    /// Every table, in the order in which engines create them.
    pub const ALL: [Table; 8] = [
        Table::Current,
        Table::History,
        Table::Events,
        Table::Leases,
        Table::LeaseKeys,
        Table::Auth,
        Table::Rank,
        Table::System,
    ];

    /// The table's name on disk.
    pub fn name(self) -> &'static str {
        match self {
            Table::Current => "cur",
            Table::History => "hist",
            Table::Events => "evt",
            Table::Leases => "lease",
            Table::LeaseKeys => "lkey",
            Table::Auth => "auth",
            Table::Rank => "rank",
            Table::System => "sys",
        }
    }
}

/// Storage could not answer: an I/O error or damaged bytes. Never caused by a request; the member must stop.
#[derive(Debug, Clone, thiserror::Error)]
#[error("storage fault in table {table}: {reason}")]
pub struct RowsFault {
    /// The table that was read.
    pub table: &'static str,
    /// What the engine or the decoder said.
    pub reason: String,
}

/// Which way a cursor walks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Ascending keys.
    Forward,
    /// Descending keys.
    Backward,
}

/// A consistent view of all tables at one moment. Cheap to share, safe to read from several threads.
pub trait Rows: Send + Sync {
    /// The value stored under exactly this key.
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Bytes>, RowsFault>;

    /// A cursor over the keys `>= lower` and `< upper` (no upper end when `None`), standing on the first row in
    /// the given direction.
    fn scan<'a>(
        &'a self,
        table: Table,
        lower: &[u8],
        upper: Option<&[u8]>,
        direction: Direction,
    ) -> Result<Box<dyn Cursor + 'a>, RowsFault>;
}

/// A position in a bounded walk over one table. What it lends is valid until it moves.
pub trait Cursor {
    /// The row under the cursor, `None` behind the last.
    fn current(&self) -> Option<(&[u8], &[u8])>;

    /// Moves one row on in the cursor's direction.
    fn advance(&mut self) -> Result<(), RowsFault>;

    /// Moves to the first row at or behind `key` in the cursor's direction, within its bounds; may move back.
    fn seek(&mut self, key: &[u8]) -> Result<(), RowsFault>;
}

/// One change of one row; `None` deletes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowChange {
    /// The table.
    pub table: Table,
    /// The row's key.
    pub key: Bytes,
    /// The new value, `None` for a deletion.
    pub value: Option<Bytes>,
}
