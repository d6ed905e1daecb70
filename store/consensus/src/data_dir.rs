//! The data folder: which folder of tables is in use, what may be thrown away, whose data it is. Must not open engines.
//!
//! `raft/` is the log, `sm-<n>/` the tables, `SM` one line that names the `n` in use, `reserve` ballast for a full
//! disk, `LOCK` held while a process runs, `REMOVED` there once the member was removed. Whatever ends in `.tmp` is unfinished and goes at start.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use holdfast_storage::open_error::OpenError;

use crate::limits::{DATA_FORMAT, RESERVE_BYTES, RESERVE_FREE_FACTOR};

const LOCK_FILE: &str = "LOCK";
const ACTIVE_FILE: &str = "SM";
const REMOVED_FILE: &str = "REMOVED";
const RESERVE_FILE: &str = "reserve";
const LOG_FOLDER: &str = "raft";
const STATE_PREFIX: &str = "sm-";
const UNFINISHED_SUFFIX: &str = ".tmp";

/// Why the data folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataDirError {
    /// A file operation failed.
    #[error("{doing} {path}: {source}")]
    File {
        /// What was being done.
        doing: &'static str,
        /// To what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another process uses the folder.
    #[error("{path} is in use by another process: stop it, or choose another folder with --data-dir")]
    InUse {
        /// The lock file.
        path: PathBuf,
    },
    /// A file does not hold what it must.
    #[error("{path} is damaged: {reason}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// Written by a newer version.
    #[error("data directory has format {found}, this version reads up to {DATA_FORMAT}")]
    NewerFormat {
        /// The format found.
        found: u32,
    },
    /// An engine could not be opened.
    #[error(transparent)]
    Open(OpenError),
}

/// A data folder in use by this process.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    /// Number of the newest state folder that exists.
    newest: AtomicU64,
    active: AtomicU64,
    /// Makes names of temporary folders unique.
    next_temporary: AtomicU64,
    _lock: File,
}

/// Adds what was being done to an error of the system.
fn failed<'a>(doing: &'static str, path: &'a Path) -> impl FnOnce(io::Error) -> DataDirError + 'a {
    move |source| DataDirError::File { doing, path: path.to_path_buf(), source }
}

/// Whether a member has run on the folder before.
pub fn holds_member(path: &Path) -> bool {
    path.join(ACTIVE_FILE).exists()
}

impl DataDir {
    /// Locks the folder, making it if it is missing, and throws away what was left unfinished.
    pub fn open(path: &Path) -> Result<DataDir, DataDirError> {
        create_private(path)?;
        let lock = lock(&path.join(LOCK_FILE))?;
        let active = read_active(&path.join(ACTIVE_FILE))?.unwrap_or(1);
        let dir = DataDir {
            path: path.to_path_buf(),
            newest: AtomicU64::new(active),
            active: AtomicU64::new(active),
            next_temporary: AtomicU64::new(1),
            _lock: lock,
        };
        dir.clean()?;
        dir.lay_reserve();
        Ok(dir)
    }

    /// The folder of the log.
    pub fn log_path(&self) -> PathBuf {
        self.path.join(LOG_FOLDER)
    }

    /// The folder of the tables in use.
    pub fn active_state_path(&self) -> PathBuf {
        self.state_path(self.active.load(Ordering::Acquire))
    }

    /// The folder of tables number `number`.
    pub fn state_path(&self, number: u64) -> PathBuf {
        self.path.join(format!("{STATE_PREFIX}{number}"))
    }

    /// A new path for files that are being received.
    pub fn new_receive_path(&self) -> PathBuf {
        self.temporary_path("receive")
    }

    /// A new path for a copy of the state.
    pub fn new_checkpoint_path(&self) -> PathBuf {
        self.temporary_path("checkpoint")
    }

    /// Gives a complete and durable folder of tables a number of its own; it is not in use yet.
    pub fn adopt_state(&self, folder: &Path) -> Result<u64, DataDirError> {
        let number = self.newest.fetch_add(1, Ordering::AcqRel) + 1;
        let target = self.state_path(number);
        std::fs::rename(folder, &target).map_err(failed("moving a snapshot to", &target))?;
        sync_folder(&self.path)?;
        Ok(number)
    }

    /// Puts tables number `number` in use, for this process and the next.
    pub fn activate_state(&self, number: u64) -> Result<(), DataDirError> {
        write_active(&self.path, number)?;
        self.active.store(number, Ordering::Release);
        Ok(())
    }

    /// Number of the tables in use.
    pub fn active_state(&self) -> u64 {
        self.active.load(Ordering::Acquire)
    }

    /// Removes folders of tables with a number below `number`, which must not be in use.
    pub fn remove_states_below(&self, number: u64) -> Result<(), DataDirError> {
        for (path, found) in self.state_folders()? {
            if found < number {
                std::fs::remove_dir_all(&path).map_err(failed("removing", &path))?;
            }
        }
        Ok(())
    }

    /// Marks the folder as that of a member, which `holds_member` sees. Whose it is must be durable by then.
    pub fn mark_used(&self) -> Result<(), DataDirError> {
        if holds_member(&self.path) { Ok(()) } else { write_active(&self.path, self.active_state()) }
    }

    /// Remembers that the member was removed from its cluster.
    pub fn mark_removed(&self) -> Result<(), DataDirError> {
        let path = self.path.join(REMOVED_FILE);
        File::create(&path).and_then(|file| file.sync_all()).map_err(failed("writing", &path))?;
        sync_folder(&self.path)
    }

    /// Whether the member was removed from its cluster.
    pub fn is_removed(&self) -> bool {
        self.path.join(REMOVED_FILE).exists()
    }

    /// Gives up the ballast, so that work that frees space can end. Tells whether there was any.
    pub fn release_reserve(&self) -> bool {
        let is_released = std::fs::remove_file(self.path.join(RESERVE_FILE)).is_ok();
        if is_released {
            tracing::warn!("the disk is full: the reserve was given up");
        }
        is_released
    }

    /// Lays down the ballast where there is plenty of room. Doing without is fine.
    fn lay_reserve(&self) {
        let path = self.path.join(RESERVE_FILE);
        let has_reserve = std::fs::metadata(&path).is_ok_and(|metadata| metadata.len() == RESERVE_BYTES);
        let Ok(room) = rustix::fs::statvfs(&self.path) else { return };
        if has_reserve || room.f_bavail.saturating_mul(room.f_frsize) < RESERVE_BYTES * RESERVE_FREE_FACTOR {
            return;
        }
        let laid = File::create(&path).and_then(|file| {
            Ok(rustix::fs::fallocate(&file, rustix::fs::FallocateFlags::empty(), 0, RESERVE_BYTES)?)
        });
        if let Err(error) = laid {
            tracing::debug!(%error, "no reserve was laid down");
            // A part of it would be taken for the whole.
            let _ = std::fs::remove_file(&path);
        }
    }

    fn temporary_path(&self, purpose: &str) -> PathBuf {
        let number = self.next_temporary.fetch_add(1, Ordering::Relaxed);
        self.path.join(format!("{purpose}-{number}{UNFINISHED_SUFFIX}"))
    }

    fn clean(&self) -> Result<(), DataDirError> {
        let active = self.active.load(Ordering::Acquire);
        for (path, number) in self.state_folders()? {
            if number != active {
                std::fs::remove_dir_all(&path).map_err(failed("removing", &path))?;
            }
        }
        for entry in self.entries()? {
            if entry.to_string_lossy().ends_with(UNFINISHED_SUFFIX) {
                let path = self.path.join(entry);
                let removed =
                    if path.is_dir() { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) };
                removed.map_err(failed("removing", &path))?;
            }
        }
        Ok(())
    }

    fn state_folders(&self) -> Result<Vec<(PathBuf, u64)>, DataDirError> {
        let numbered = |name: std::ffi::OsString| {
            let number = name.to_str()?.strip_prefix(STATE_PREFIX)?.parse().ok()?;
            Some((self.path.join(name), number))
        };
        Ok(self.entries()?.into_iter().filter_map(numbered).collect())
    }

    fn entries(&self) -> Result<Vec<std::ffi::OsString>, DataDirError> {
        let listing = std::fs::read_dir(&self.path).map_err(failed("listing", &self.path))?;
        let names: io::Result<Vec<_>> = listing.map(|entry| Ok(entry?.file_name())).collect();
        names.map_err(failed("listing", &self.path))
    }
}

/// Makes a folder that only its owner may read.
fn create_private(path: &Path) -> Result<(), DataDirError> {
    use std::os::unix::fs::DirBuilderExt;
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true).mode(0o700).create(path).map_err(failed("creating", path))
}

fn lock(path: &Path) -> Result<File, DataDirError> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true);
    let file = options.open(path).map_err(failed("opening", path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(DataDirError::InUse { path: path.to_path_buf() }),
        Err(std::fs::TryLockError::Error(source)) => Err(failed("locking", path)(source)),
    }
}

/// Reads the line `<n> <format>`.
fn read_active(path: &Path) -> Result<Option<u64>, DataDirError> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed("reading", path)(error)),
    };
    let damaged = || DataDirError::Damaged {
        path: path.to_path_buf(),
        reason: format!("it says {:?}", text.trim_end()),
    };
    let mut words = text.split_whitespace();
    let number = words.next().and_then(|word| word.parse().ok()).ok_or_else(damaged)?;
    let format: u32 = words.next().and_then(|word| word.parse().ok()).ok_or_else(damaged)?;
    if format > DATA_FORMAT {
        return Err(DataDirError::NewerFormat { found: format });
    }
    Ok(Some(number))
}

/// Replaces the line: a crash leaves the old one or the new one.
fn write_active(folder: &Path, number: u64) -> Result<(), DataDirError> {
    let target = folder.join(ACTIVE_FILE);
    let unfinished = folder.join(format!("{ACTIVE_FILE}{UNFINISHED_SUFFIX}"));
    let written = File::create(&unfinished).and_then(|mut file| {
        writeln!(file, "{number} {DATA_FORMAT}")?;
        file.sync_all()
    });
    written.map_err(failed("writing", &unfinished))?;
    std::fs::rename(&unfinished, &target).map_err(failed("replacing", &target))?;
    sync_folder(folder)
}

/// Makes a folder's names durable.
pub fn sync_folder(path: &Path) -> Result<(), DataDirError> {
    File::open(path).and_then(|folder| folder.sync_all()).map_err(failed("syncing", path))
}

#[cfg(test)]
mod tests;
