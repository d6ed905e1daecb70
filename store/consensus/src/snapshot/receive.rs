//! Takes a stream of files from the leader into a folder of its own: names and sizes are checked before anything is
//! written, every chunk against its checksum, and the whole is durable before it is handed on.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use holdfast_proto::peer;
use holdfast_proto::peer::snapshot_frame::Frame;
use tonic::{Status, Streaming};

use super::data::SnapshotFolder;
use crate::data_dir::sync_folder;
use crate::limits::{
    SNAPSHOT_CHUNK_BYTES, SNAPSHOT_FILES_MAX, SNAPSHOT_IDLE_TIMEOUT, SNAPSHOT_NAME_BYTES_MAX,
};
use crate::types::{SnapshotMeta, StoredMembership, Vote};
use crate::wire;

/// A snapshot that has arrived.
pub struct Received {
    /// The leader's vote.
    pub vote: Vote,
    /// What it is of.
    pub meta: SnapshotMeta,
    /// Its files, verified and durable.
    pub folder: SnapshotFolder,
}

/// Why a snapshot is refused.
#[derive(Debug, thiserror::Error)]
pub enum ReceiveError {
    /// The stream does not follow the protocol.
    #[error("malformed snapshot: {0}")]
    Malformed(&'static str),
    /// A chunk is not what was sent.
    #[error("a chunk of {0} does not match its checksum")]
    Checksum(String),
    /// The files do not fit.
    #[error("a snapshot of {size_bytes} bytes does not fit: {free_bytes} are free")]
    NoRoom {
        /// What was announced.
        size_bytes: u64,
        /// What is there.
        free_bytes: u64,
    },
    /// A file could not be written.
    #[error("writing {path}: {source}")]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Nothing arrived for too long.
    #[error("the stream stands still")]
    Idle,
    /// The connection broke.
    #[error(transparent)]
    Connection(#[from] Status),
    /// A value of the start frame makes no sense.
    #[error(transparent)]
    Value(#[from] wire::Malformed),
}

/// Reads the frame that every snapshot begins with.
pub async fn receive_start(
    stream: &mut Streaming<peer::SnapshotFrame>,
) -> Result<peer::SnapshotStart, ReceiveError> {
    match next_frame(stream).await? {
        Some(Frame::Start(start)) => Ok(start),
        _ => Err(ReceiveError::Malformed("it does not begin with a start")),
    }
}

/// Takes the files into the new folder `path`.
pub async fn receive_files(
    stream: &mut Streaming<peer::SnapshotFrame>,
    start: peer::SnapshotStart,
    path: PathBuf,
) -> Result<Received, ReceiveError> {
    let vote = wire::vote_from_wire(start.vote)?;
    let membership = wire::membership_from_wire(start.membership.unwrap_or_default())?;
    let meta = SnapshotMeta {
        last_log_id: wire::position_from_wire(start.applied),
        last_membership: StoredMembership::new(wire::position_from_wire(start.membership_at), membership),
    };
    check_names(&start.files)?;
    let folder = SnapshotFolder::new(path);
    let failed = |source| ReceiveError::File { path: folder.path().to_path_buf(), source };
    std::fs::create_dir(folder.path()).map_err(failed)?;
    check_room(folder.path(), &start.files)?;
    for announced in start.files {
        receive_file(stream, folder.path(), announced).await?;
    }
    match next_frame(stream).await? {
        Some(Frame::End(_)) => {}
        _ => return Err(ReceiveError::Malformed("it does not end with an end")),
    }
    // Not on this thread: Raft shares it.
    let path = folder.path().to_path_buf();
    let synced = tokio::task::spawn_blocking(move || sync_folder(&path).map_err(|error| error.to_string()));
    synced.await.map_err(|error| error.to_string()).flatten().map_err(|reason| ReceiveError::File {
        path: folder.path().to_path_buf(),
        source: std::io::Error::other(reason),
    })?;
    Ok(Received { vote, meta, folder })
}

async fn receive_file(
    stream: &mut Streaming<peer::SnapshotFrame>,
    folder: &Path,
    announced: peer::snapshot_start::File,
) -> Result<(), ReceiveError> {
    let path = folder.join(&announced.name);
    let failed = |source| ReceiveError::File { path: path.clone(), source };
    let mut file = File::create_new(&path).map_err(failed)?;
    let mut left = announced.size_bytes;
    while left > 0 {
        let Some(Frame::Chunk(chunk)) = next_frame(stream).await? else {
            return Err(ReceiveError::Malformed("it ends within a file"));
        };
        let length = chunk.data.len() as u64;
        if length == 0 || length > left || chunk.data.len() > SNAPSHOT_CHUNK_BYTES {
            return Err(ReceiveError::Malformed("a chunk has a wrong size"));
        }
        left -= length;
        let is_last = left == 0;
        let written =
            tokio::task::spawn_blocking(move || write_chunk(file, &chunk.data, chunk.checksum, is_last));
        file = match written.await {
            Ok(Ok(Some(file))) => file,
            Ok(Ok(None)) => return Err(ReceiveError::Checksum(announced.name)),
            Ok(Err(source)) => return Err(failed(source)),
            Err(error) => return Err(failed(std::io::Error::other(error))),
        };
    }
    if announced.size_bytes == 0 {
        file.sync_all().map_err(failed)?;
    }
    Ok(())
}

/// Writes a chunk and gives the file back, or nothing when the checksum does not match.
fn write_chunk(mut file: File, data: &Bytes, checksum: u32, is_last: bool) -> std::io::Result<Option<File>> {
    if crc32c::crc32c(data) != checksum {
        return Ok(None);
    }
    file.write_all(data)?;
    if is_last {
        file.sync_all()?;
    }
    Ok(Some(file))
}

/// Names must be plain names of this folder, each once.
fn check_names(files: &[peer::snapshot_start::File]) -> Result<(), ReceiveError> {
    if files.is_empty() || files.len() > SNAPSHOT_FILES_MAX {
        return Err(ReceiveError::Malformed("it has too few or too many files"));
    }
    let mut previous = "";
    for file in files {
        let name = file.name.as_str();
        let is_plain = !name.is_empty()
            && name.len() <= SNAPSHOT_NAME_BYTES_MAX
            && name != "."
            && name != ".."
            && !name.contains(['/', '\\', '\0']);
        if !is_plain || name <= previous {
            return Err(ReceiveError::Malformed("a file has a name that is not allowed"));
        }
        previous = name;
    }
    Ok(())
}

fn check_room(folder: &Path, files: &[peer::snapshot_start::File]) -> Result<(), ReceiveError> {
    let size_bytes = files.iter().fold(0_u64, |total, file| total.saturating_add(file.size_bytes));
    // Where the system cannot tell, writing will.
    let Ok(room) = rustix::fs::statvfs(folder) else { return Ok(()) };
    let free_bytes = room.f_bavail.saturating_mul(room.f_frsize);
    if size_bytes > free_bytes { Err(ReceiveError::NoRoom { size_bytes, free_bytes }) } else { Ok(()) }
}

async fn next_frame(stream: &mut Streaming<peer::SnapshotFrame>) -> Result<Option<Frame>, ReceiveError> {
    let message = tokio::time::timeout(SNAPSHOT_IDLE_TIMEOUT, stream.message())
        .await
        .map_err(|_| ReceiveError::Idle)??;
    Ok(message.and_then(|message| message.frame))
}

#[cfg(test)]
mod tests;
