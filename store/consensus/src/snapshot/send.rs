//! Streams a folder of files to a peer: start, chunks with checksums, end. Reads happen off the async threads.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use holdfast_proto::peer;
use holdfast_proto::peer::peer_client::PeerClient;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Channel;

use super::data::SnapshotData;
use crate::limits::SNAPSHOT_CHUNK_BYTES;
use crate::state::machine::Snapshot;
use crate::types::{SnapshotMeta, Vote};
use crate::wire;

/// Why a snapshot did not arrive.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// A file could not be read.
    #[error("reading {path}: {source}")]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file has a name that cannot be sent.
    #[error("{0} cannot be part of a snapshot")]
    Name(PathBuf),
    /// There are no files to send.
    #[error("the snapshot has no files")]
    NoFiles,
    /// The peer did not take it.
    #[error("the peer did not take the snapshot: {0}")]
    Peer(#[source] tonic::Status),
    /// The peer's answer makes no sense.
    #[error(transparent)]
    Malformed(#[from] wire::Malformed),
}

/// Sends a snapshot under the leader's vote and returns the vote that the peer holds.
pub async fn send_snapshot(
    mut client: PeerClient<Channel>,
    header: peer::Header,
    vote: &Vote,
    snapshot: Snapshot,
) -> Result<Vote, SendError> {
    let SnapshotData::Folder(folder) = snapshot.snapshot else { return Err(SendError::NoFiles) };
    let files = list(folder.path())?;
    let start = start_frame(header, vote, &snapshot.meta, &files);
    // A few chunks ahead of the connection, no more.
    let (frames, stream) = mpsc::channel(4);
    let root = folder.path().to_path_buf();
    let reader = tokio::task::spawn_blocking(move || read_files(&root, start, files, &frames));
    let answer = client.install_snapshot(ReceiverStream::new(stream)).await;
    // The peer's refusal says more than that the stream was cut.
    let answer = match answer {
        Ok(answer) => answer.into_inner(),
        Err(status) => return Err(SendError::Peer(status)),
    };
    reader.await.map_err(|error| SendError::Peer(tonic::Status::internal(error.to_string())))??;
    // The folder goes only now: its files were being read.
    drop(folder);
    Ok(wire::vote_from_wire(answer.vote)?)
}

fn start_frame(
    header: peer::Header,
    vote: &Vote,
    meta: &SnapshotMeta,
    files: &[(String, u64)],
) -> peer::SnapshotFrame {
    let membership = &meta.last_membership;
    let files = files.iter();
    let start = peer::SnapshotStart {
        header: Some(header),
        vote: wire::vote_to_wire(vote),
        applied: wire::position_to_wire(meta.last_log_id.as_ref()),
        membership_at: wire::position_to_wire(membership.log_id().as_ref()),
        membership: Some(wire::membership_to_wire(membership.membership())),
        files: files
            .map(|(name, size_bytes)| peer::snapshot_start::File {
                name: name.clone(),
                size_bytes: *size_bytes,
            })
            .collect(),
    };
    peer::SnapshotFrame { frame: Some(peer::snapshot_frame::Frame::Start(start)) }
}

/// Names and sizes of the files, by name.
fn list(root: &Path) -> Result<Vec<(String, u64)>, SendError> {
    let failed = |source| SendError::File { path: root.to_path_buf(), source };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(root).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let metadata = entry.metadata().map_err(failed)?;
        let name = entry.file_name().into_string().map_err(|_| SendError::Name(entry.path()))?;
        if !metadata.is_file() {
            return Err(SendError::Name(entry.path()));
        }
        files.push((name, metadata.len()));
    }
    files.sort();
    Ok(files)
}

/// Sends all frames; ends quietly when nobody takes them any more.
fn read_files(
    root: &Path,
    start: peer::SnapshotFrame,
    files: Vec<(String, u64)>,
    frames: &mpsc::Sender<peer::SnapshotFrame>,
) -> Result<(), SendError> {
    if frames.blocking_send(start).is_err() {
        return Ok(());
    }
    let mut total_bytes = 0;
    for (name, size_bytes) in files {
        let path = root.join(name);
        let failed = |source| SendError::File { path: path.clone(), source };
        let mut file = File::open(&path).map_err(failed)?;
        let mut left = size_bytes;
        while left > 0 {
            let length =
                usize::try_from(left).map_or(SNAPSHOT_CHUNK_BYTES, |left| left.min(SNAPSHOT_CHUNK_BYTES));
            let mut data = vec![0; length];
            file.read_exact(&mut data).map_err(failed)?;
            left -= length as u64;
            total_bytes += length as u64;
            let checksum = crc32c::crc32c(&data);
            let chunk = peer::SnapshotChunk { data: Bytes::from(data), checksum };
            let frame = peer::SnapshotFrame { frame: Some(peer::snapshot_frame::Frame::Chunk(chunk)) };
            if frames.blocking_send(frame).is_err() {
                return Ok(());
            }
        }
    }
    let end = peer::snapshot_frame::Frame::End(peer::SnapshotEnd { total_bytes });
    // When nobody takes it, the call itself tells why.
    let _ = frames.blocking_send(peer::SnapshotFrame { frame: Some(end) });
    Ok(())
}
