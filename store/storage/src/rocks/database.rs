//! An open state-machine instance together with its column families, looked up once. Must not decide anything about
//! rows.

use std::path::Path;

use holdfast_core::rows::Table;
use rocksdb::{ColumnFamily, DB, WriteBatch, WriteOptions};
use self_cell::self_cell;

use super::fault::{check_stamp, engine_fault, open_error};
use super::options;
use crate::engine::EngineFault;
use crate::limits::FORMAT_VERSION;
use crate::open_error::OpenError;

/// The row of the default column family that holds the format's version, LE32.
pub(super) const FORMAT_KEY: &[u8] = b"format";

/// Column families in the order of `Table::ALL`.
pub(super) struct Families<'a>([&'a ColumnFamily; Table::ALL.len()]);

self_cell!(
    /// The instance and its column families.
    pub(super) struct Database {
        owner: DB,

        #[covariant]
        dependent: Families,
    }
);

impl Database {
    /// Opens the folder, which is created when missing.
    pub(super) fn open(path: &Path, tuned: &options::Tuned) -> Result<Database, OpenError> {
        let db = DB::open_cf_descriptors(&tuned.instance, path, tuned.families())
            .map_err(|error| open_error(path, error))?;
        check_format(&db, path)?;
        let database = Database::new(db, |db| {
            Families(Table::ALL.map(|table| db.cf_handle(table.name()).expect("every table was opened")))
        });
        Ok(database)
    }

    /// The instance.
    pub(super) fn db(&self) -> &DB {
        self.borrow_owner()
    }

    /// A table's column family.
    pub(super) fn family(&self, table: Table) -> &ColumnFamily {
        self.borrow_dependent().0[table as usize]
    }

    /// Flushes all tables as one step.
    pub(super) fn flush_all(&self) -> Result<(), EngineFault> {
        let families = &self.borrow_dependent().0;
        self.db()
            .flush_cfs_opt(families.as_slice(), &rocksdb::FlushOptions::default())
            .map_err(|error| engine_fault("flushing", error))
    }

    /// The sum of one integer property over all tables.
    pub(super) fn sum_of(&self, property: &rocksdb::properties::PropName) -> u64 {
        Table::ALL
            .iter()
            .filter_map(|table| self.db().property_int_value_cf(self.family(*table), property).ok().flatten())
            .sum()
    }
}

/// Refuses the folders of newer versions; stamps new ones.
fn check_format(db: &DB, path: &Path) -> Result<(), OpenError> {
    let fail = |error| open_error(path, error);
    match db.get(FORMAT_KEY).map_err(fail)? {
        None => {
            let mut batch = WriteBatch::default();
            batch.put(FORMAT_KEY, FORMAT_VERSION.to_le_bytes());
            let mut unlogged = WriteOptions::default();
            unlogged.disable_wal(true);
            db.write_opt(batch, &unlogged).map_err(fail)?;
            db.flush().map_err(fail)
        }
        Some(stamp) => check_stamp(path, &stamp),
    }
}
