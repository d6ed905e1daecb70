//! Why a data folder cannot be opened, in words that tell an administrator what to do about it.
//! Must not hold engine types.

use std::path::PathBuf;

/// A storage folder could not be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Another process, or another engine of this process, has the folder open.
    #[error(
        "{} is in use by another process: stop the other member, or give this one a data folder of its own ({reason})",
        path.display()
    )]
    Locked {
        /// The folder.
        path: PathBuf,
        /// What the engine said.
        reason: String,
    },
    /// The folder cannot be created or written.
    #[error(
        "cannot write to {}: check its owner, its permissions and that its file system is not mounted read-only ({reason})",
        path.display()
    )]
    NotWritable {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// The file system has no room left.
    #[error("no space left for {}: free or add space, then start again ({reason})", path.display())]
    OutOfSpace {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// A newer version of Holdfast wrote the folder.
    #[error(
        "{} was written by a newer version of holdfast ({found}; this one reads up to {supported}): start that \
         version again, or restore a snapshot into a new folder",
        path.display()
    )]
    NewerFormat {
        /// The folder.
        path: PathBuf,
        /// The format found, or what the engine did not recognise.
        found: String,
        /// The newest format that this version reads.
        supported: u32,
    },
    /// The folder holds something else than the engine's files, or they are damaged.
    #[error(
        "the data in {} is damaged: check the disk, then remove this member and add it again empty, or restore a \
         snapshot ({reason})",
        path.display()
    )]
    Corrupt {
        /// The folder.
        path: PathBuf,
        /// What the engine said.
        reason: String,
    },
    /// Reading failed for another reason.
    #[error("cannot open {}: {reason}", path.display())]
    Failed {
        /// The folder.
        path: PathBuf,
        /// What the engine said.
        reason: String,
    },
}
