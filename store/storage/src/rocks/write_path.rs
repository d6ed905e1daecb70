//! How a batch enters RocksDB when background work cannot keep up. RocksDB would block a write for as long as its
//! memory is full, even while it waits for room on a full disk; here such a write learns of the full disk. Must not
//! hurry past the delays by which RocksDB lets compactions catch up.

use rocksdb::{Error, ErrorKind, WriteBatch, WriteOptions, properties};

use super::database::Database;
use crate::limits::WRITE_STOP_RECHECK;

/// Both ways to write without a log.
pub(super) struct WritePaths {
    /// Refuses when it would have to wait.
    impatient: WriteOptions,
    /// Waits.
    patient: WriteOptions,
}

impl WritePaths {
    /// The options, made once.
    pub(super) fn new() -> WritePaths {
        let mut impatient = WriteOptions::default();
        impatient.disable_wal(true);
        impatient.set_no_slowdown(true);
        let mut patient = WriteOptions::default();
        patient.disable_wal(true);
        WritePaths { impatient, patient }
    }

    /// Writes the batch, which is encoded once more for every attempt after the first. Waits while memory is full and
    /// being flushed, but fails once flushing has failed.
    pub(super) fn write(&self, database: &Database, encode: impl Fn() -> WriteBatch) -> Result<(), Error> {
        loop {
            match database.db().write_opt(encode(), &self.impatient) {
                Err(error) if error.kind() == ErrorKind::Incomplete => {}
                result => return result,
            }
            if !is_stopped(database) {
                // Only slowed down: every refusal would add to the delay, so sit it out.
                return database.db().write_opt(encode(), &self.patient);
            }
            // Flushing ends the stop, or fails and makes the next attempt fail with the reason.
            std::thread::sleep(WRITE_STOP_RECHECK);
        }
    }
}

fn is_stopped(database: &Database) -> bool {
    database.db().property_int_value(properties::IS_WRITE_STOPPED).ok().flatten().unwrap_or(0) != 0
}
