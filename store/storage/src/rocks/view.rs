//! A consistent view: RocksDB's snapshot, owned together with the instance it reads. Must be cheap to take, since one
//! is taken for every batch that is applied.

use std::sync::Arc;

use bytes::Bytes;
use holdfast_core::rows::{Cursor, Direction, Rows, RowsFault, Table};
use rocksdb::{ReadOptions, Snapshot};
use self_cell::self_cell;

use super::cursor::RocksCursor;
use super::database::Database;
use super::fault::rows_fault;
use crate::history_floor::FloorClaim;

/// The snapshot and the options of point reads in it, made once.
struct Reads<'a> {
    snapshot: Snapshot<'a>,
    point: ReadOptions,
}

self_cell!(
    struct PinnedSnapshot {
        owner: Arc<Database>,

        #[covariant]
        dependent: Reads,
    }
);

/// A view of the state machine's instance.
pub(super) struct RocksView {
    pinned: PinnedSnapshot,
    /// Held, never read: filters keep what this view may ask for.
    _claim: FloorClaim,
}

impl RocksView {
    /// Takes a view. The claim must be older than the snapshot, so it is a parameter.
    pub(super) fn take(database: Arc<Database>, claim: FloorClaim) -> RocksView {
        let pinned = PinnedSnapshot::new(database, |database| {
            let snapshot = database.db().snapshot();
            let mut point = ReadOptions::default();
            point.set_snapshot(&snapshot);
            Reads { snapshot, point }
        });
        RocksView { pinned, _claim: claim }
    }
}

impl Rows for RocksView {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Bytes>, RowsFault> {
        let database = self.pinned.borrow_owner();
        let value = database
            .db()
            .get_pinned_cf_opt(database.family(table), key, &self.pinned.borrow_dependent().point)
            .map_err(|error| rows_fault(table, error))?;
        Ok(value.map(|value| Bytes::copy_from_slice(&value)))
    }

    fn scan<'a>(
        &'a self,
        table: Table,
        lower: &[u8],
        upper: Option<&[u8]>,
        direction: Direction,
    ) -> Result<Box<dyn Cursor + 'a>, RowsFault> {
        let database = self.pinned.borrow_owner();
        let mut options = ReadOptions::default();
        options.set_snapshot(&self.pinned.borrow_dependent().snapshot);
        if !lower.is_empty() {
            options.set_iterate_lower_bound(lower);
        }
        if let Some(upper) = upper {
            options.set_iterate_upper_bound(upper);
        }
        let iterator = database.db().raw_iterator_cf_opt(database.family(table), options);
        Ok(Box::new(RocksCursor::start(iterator, table, direction)?))
    }
}
