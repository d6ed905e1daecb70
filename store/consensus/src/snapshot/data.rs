//! What stands for a snapshot inside this process: a folder with an engine's files, removed when nobody needs it.

use std::path::{Path, PathBuf};

/// A snapshot's content.
#[derive(Debug)]
pub enum SnapshotData {
    /// None: only the position matters.
    Position,
    /// Files.
    Folder(SnapshotFolder),
}

/// A folder with an engine's files that belongs to whoever holds this.
#[derive(Debug)]
pub struct SnapshotFolder {
    path: PathBuf,
}

impl SnapshotFolder {
    /// Takes over the folder at `path`, which need not exist yet.
    pub fn new(path: PathBuf) -> SnapshotFolder {
        SnapshotFolder { path }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for SnapshotFolder {
    fn drop(&mut self) {
        match std::fs::remove_dir_all(&self.path) {
            Ok(()) => {}
            // It was moved into place, or never made.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => {
                tracing::warn!(path = %self.path.display(), %error, "a snapshot's files stay behind")
            }
        }
    }
}
