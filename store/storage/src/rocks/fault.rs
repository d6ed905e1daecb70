//! Translates RocksDB's errors, which are texts, into ours. Must stay the only place that reads those texts.

use std::path::Path;

use holdfast_core::rows::{RowsFault, Table};
use rocksdb::{Error, ErrorKind};

use crate::engine::EngineFault;
use crate::limits::FORMAT_VERSION;
use crate::open_error::OpenError;

/// A fault of a write, a flush or a checkpoint.
pub(super) fn engine_fault(doing: &'static str, error: Error) -> EngineFault {
    let reason = error.into_string();
    EngineFault { doing, out_of_space: is_out_of_space(&reason), reason }
}

/// A fault of a read.
pub(super) fn rows_fault(table: Table, error: Error) -> RowsFault {
    RowsFault { table: table.name(), reason: error.into_string() }
}

/// A refusal to open a folder.
pub(super) fn open_error(path: &Path, error: Error) -> OpenError {
    let kind = error.kind();
    let reason = error.into_string();
    let path = path.to_path_buf();
    if is_out_of_space(&reason) {
        return OpenError::OutOfSpace { path, reason };
    }
    if reason.contains("While lock file") || reason.contains("lock hold by current process") {
        let is_denied = reason.contains("Permission denied");
        return if is_denied {
            OpenError::NotWritable { path, reason }
        } else {
            OpenError::Locked { path, reason }
        };
    }
    if [
        "Permission denied",
        "PermissionDenied",
        "Read-only file system",
        "ReadOnlyFilesystem",
        "Operation not permitted",
    ]
    .iter()
    .any(|denial| reason.contains(denial))
    {
        return OpenError::NotWritable { path, reason };
    }
    match kind {
        // A column family that this version does not know.
        ErrorKind::InvalidArgument if reason.contains("Column families not opened") => {
            OpenError::NewerFormat { path, found: reason, supported: FORMAT_VERSION }
        }
        ErrorKind::NotSupported => OpenError::NewerFormat { path, found: reason, supported: FORMAT_VERSION },
        ErrorKind::Corruption => OpenError::Corrupt { path, reason },
        _ => OpenError::Failed { path, reason },
    }
}

/// Judges the format stamp of a folder, LE32.
pub(super) fn check_stamp(path: &Path, stamp: &[u8]) -> Result<(), OpenError> {
    let path = path.to_path_buf();
    match <[u8; 4]>::try_from(stamp).map(u32::from_le_bytes) {
        Ok(version) if version <= FORMAT_VERSION => Ok(()),
        Ok(version) => Err(OpenError::NewerFormat {
            path,
            found: format!("format {version}"),
            supported: FORMAT_VERSION,
        }),
        Err(_) => Err(OpenError::Corrupt {
            path,
            reason: format!("the format stamp is {} bytes long", stamp.len()),
        }),
    }
}

fn is_out_of_space(reason: &str) -> bool {
    ["No space left on device", "Disk quota exceeded", "Space limit reached", "Max allowed space was reached"]
        .iter()
        .any(|text| reason.contains(text))
}
