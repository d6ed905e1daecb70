//! Watches the free space of the data folder's file system, so that writes are refused while there is still room for
//! what is already in memory: a log write that fails for lack of space would end the process and with it the reads.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::limits::{DISK_FREE_BYTES_MIN, DISK_FREE_BYTES_RECOVERED};

/// Tells whether there is room to write.
#[derive(Debug)]
pub(super) struct DiskGuard {
    data_dir: PathBuf,
    full: AtomicBool,
}

impl DiskGuard {
    /// Watches the file system of `data_dir`.
    pub(super) fn new(data_dir: &Path) -> DiskGuard {
        let guard = DiskGuard { data_dir: data_dir.to_path_buf(), full: AtomicBool::new(false) };
        guard.look();
        guard
    }

    /// Whether writes that add data must be refused.
    pub(super) fn is_full(&self) -> bool {
        self.full.load(Ordering::Relaxed)
    }

    /// Looks at the file system; cheap, to be called a few times a second.
    pub(super) fn look(&self) {
        let Ok(stat) = rustix::fs::statvfs(&self.data_dir) else { return };
        let free_bytes = stat.f_bavail.saturating_mul(stat.f_frsize);
        let was_full = self.full.load(Ordering::Relaxed);
        let is_full = decide(was_full, free_bytes);
        if is_full != was_full {
            self.full.store(is_full, Ordering::Relaxed);
            if is_full {
                tracing::error!(
                    data_dir = %self.data_dir.display(),
                    free_bytes,
                    "disk almost full: writes are refused until space is freed; reads and deletes go on"
                );
            } else {
                tracing::info!(free_bytes, "disk has room again: writes are accepted");
            }
        }
    }
}

/// Two thresholds, so that writes do not flap around one.
fn decide(was_full: bool, free_bytes: u64) -> bool {
    if was_full { free_bytes < DISK_FREE_BYTES_RECOVERED } else { free_bytes < DISK_FREE_BYTES_MIN }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_stop_below_the_minimum_and_resume_above_the_recovery_mark() {
        assert!(!decide(false, DISK_FREE_BYTES_MIN));
        assert!(decide(false, DISK_FREE_BYTES_MIN - 1));
        assert!(decide(true, DISK_FREE_BYTES_RECOVERED - 1));
        assert!(!decide(true, DISK_FREE_BYTES_RECOVERED));
    }
}
