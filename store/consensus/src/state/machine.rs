//! openraft's view of the state machine: hands runs of committed entries to the apply thread and waits for each. Must
//! not apply anything itself but a lone brief command: a large one would hold up what Raft shares with heartbeats.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};

use futures::{Stream, StreamExt};
use holdfast_core::codec;
use openraft::storage::{EntryResponder, RaftStateMachine};
use openraft::{EntryPayload, OptionalSend, RaftSnapshotBuilder};
use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::decided::Decided;
use super::flush::{FlushClock, StatePosition};
use super::worker::{ApplyWorker, Job};
use crate::entry_codec::payload_size;
use crate::limits::{APPLY_BYTES_MAX, APPLY_ENTRIES_MAX, LONE_ENTRY_BYTES_MAX};
use crate::snapshot::data::SnapshotData;
use crate::types::{LogId, Payload, RaftTypes, SnapshotMeta, StoredMembership};

/// A snapshot as openraft hands it around.
pub type Snapshot = openraft::type_config::alias::SnapshotOf<RaftTypes, SnapshotData>;

/// The way to the apply thread.
pub struct StateMachine {
    /// Work for the apply thread, in order.
    pub jobs: mpsc::Sender<Job>,
    /// What applies, when it is not the thread.
    pub worker: Arc<Mutex<ApplyWorker>>,
    /// Where the state is durable.
    pub flush: Arc<FlushClock>,
    /// Raft runs: a snapshot that is asked for now is going to be sent. Before, only its position matters.
    pub is_started: Arc<AtomicBool>,
}

/// The apply thread has ended, which it only does after a failure or at the end.
fn ended<T>(_: T) -> io::Error {
    io::Error::other("the apply thread has ended")
}

impl StateMachine {
    async fn ask<T>(
        &self,
        job: impl FnOnce(oneshot::Sender<Result<T, io::Error>>) -> Job,
    ) -> Result<T, io::Error> {
        let (done, answer) = oneshot::channel();
        self.jobs.send(job(done)).map_err(ended)?;
        answer.await.map_err(ended)?
    }
}

/// What became of a run that Raft's own thread might apply.
enum Here {
    /// It is applied.
    Applied,
    /// It was decided, and the engine had no room for it.
    Decided(Decided),
    /// It is for the apply thread.
    Untouched(Vec<EntryResponder<RaftTypes>>),
}

impl StateMachine {
    /// Applies a lone brief command: waking the apply thread and being woken by it would take longer than the command.
    fn apply_here(&self, mut run: Vec<EntryResponder<RaftTypes>>) -> Result<Here, io::Error> {
        let is_brief = match run.as_mut_slice() {
            [(entry, _)] => is_brief(&mut entry.payload),
            _ => false,
        };
        let worker = if is_brief { self.worker.try_lock() } else { None };
        match worker {
            Some(mut worker) if worker.is_quick() => match worker.apply_here(run) {
                Ok(None) => Ok(Here::Applied),
                Ok(Some(decided)) => Ok(Here::Decided(decided)),
                Err(fault) => Err(io::Error::other(fault.to_string())),
            },
            _ => Ok(Here::Untouched(run)),
        }
    }
}

/// Whether an entry's work is bounded by its own small size. Decodes its command, if nobody has.
fn is_brief(payload: &mut Payload) -> bool {
    if payload_size(payload) > LONE_ENTRY_BYTES_MAX {
        return false;
    }
    let EntryPayload::Normal(proposal) = payload else { return false };
    if proposal.command.is_none() {
        // Whoever applies it reports what cannot be decoded.
        proposal.command = codec::decode(proposal.encoded.clone()).ok().map(Arc::new);
    }
    proposal.command.as_ref().is_some_and(|command| command.operation.is_brief())
}

impl RaftStateMachine<RaftTypes> for StateMachine {
    type SnapshotData = SnapshotData;
    type SnapshotBuilder = SnapshotPosition;

    async fn applied_state(&mut self) -> Result<(Option<LogId>, StoredMembership), io::Error> {
        let position = self.ask(|done| Job::Position { done }).await?;
        Ok((position.applied, position.membership))
    }

    async fn apply<Strm>(&mut self, mut entries: Strm) -> Result<(), io::Error>
    where
        Strm: Stream<Item = Result<EntryResponder<RaftTypes>, io::Error>> + Unpin + OptionalSend,
    {
        let mut run = Vec::new();
        let mut bytes = 0;
        while let Some(item) = entries.next().await {
            let item = item?;
            bytes += payload_size(&item.0.payload);
            run.push(item);
            if run.len() >= APPLY_ENTRIES_MAX || bytes >= APPLY_BYTES_MAX {
                let entries = std::mem::take(&mut run);
                bytes = 0;
                self.ask(|done| Job::Apply { entries, done }).await?;
            }
        }
        if run.is_empty() {
            return Ok(());
        }
        match self.apply_here(run)? {
            Here::Applied => Ok(()),
            Here::Decided(decided) => self.ask(|done| Job::Finish { decided, done }).await,
            Here::Untouched(entries) => self.ask(|done| Job::Apply { entries, done }).await,
        }
    }

    async fn get_snapshot_builder(&mut self) -> SnapshotPosition {
        SnapshotPosition { flush: Arc::clone(&self.flush), is_forced: false }
    }

    async fn try_create_snapshot_builder(&mut self, force: bool) -> Option<SnapshotPosition> {
        Some(SnapshotPosition { flush: Arc::clone(&self.flush), is_forced: force })
    }

    async fn install_snapshot(
        &mut self,
        meta: &SnapshotMeta,
        snapshot: SnapshotData,
    ) -> Result<(), io::Error> {
        let position = StatePosition { applied: meta.last_log_id, membership: meta.last_membership.clone() };
        match snapshot {
            SnapshotData::Folder(folder) => self.ask(|done| Job::Install { position, folder, done }).await,
            // Only positions of this member's own state exist, and that state is here already.
            SnapshotData::Position => Ok(()),
        }
    }

    async fn get_current_snapshot(&mut self) -> Result<Option<Snapshot>, io::Error> {
        if !self.is_started.load(Ordering::Acquire) {
            let durable = self.flush.durable();
            return Ok(durable.applied.is_some().then(|| snapshot_at(durable, SnapshotData::Position)));
        }
        match self.ask(|done| Job::Checkpoint { done }).await {
            Ok((position, folder)) => {
                Ok(position.applied.is_some().then(|| snapshot_at(position, SnapshotData::Folder(folder))))
            }
            // An error would end this member. Without files the sender fails instead, and tries again later.
            Err(error) => {
                tracing::warn!(%error, "no copy of the state could be made for a follower");
                Ok(Some(snapshot_at(self.flush.durable(), SnapshotData::Position)))
            }
        }
    }
}

/// Tells openraft which entries the durable state covers, so that it may purge them. Builds nothing: files are copied
/// when a follower needs them.
pub struct SnapshotPosition {
    flush: Arc<FlushClock>,
    /// The newest position is wanted, so it is made durable first.
    is_forced: bool,
}

impl RaftSnapshotBuilder<RaftTypes> for SnapshotPosition {
    type SnapshotData = SnapshotData;

    async fn build_snapshot(&mut self) -> Result<Snapshot, io::Error> {
        if self.is_forced {
            let flush = Arc::clone(&self.flush);
            let flushed = tokio::task::spawn_blocking(move || flush.flush()).await;
            flushed.map_err(io::Error::other)?.map_err(io::Error::other)?;
        }
        Ok(snapshot_at(self.flush.durable(), SnapshotData::Position))
    }
}

fn snapshot_at(position: StatePosition, snapshot: SnapshotData) -> Snapshot {
    let meta = SnapshotMeta { last_log_id: position.applied, last_membership: position.membership };
    Snapshot { meta, snapshot }
}
