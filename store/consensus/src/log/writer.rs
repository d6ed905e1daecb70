//! Writes operations on the log: one batch, one sync, and only the newest callback is completed: openraft reads
//! completion as a watermark, and several completions in a row would make the later ones wait for a timer tick. Must not
//! read entries or know what they mean.

use std::io;
use std::sync::Arc;
use std::time::Instant;

use bytes::BytesMut;
use holdfast_storage::engine::EngineFault;
use holdfast_storage::log_engine::{LogBatch, LogEngine, LogMeta};
use openraft::storage::IOFlushed;
use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::tail::LogTail;
use super::thread::LogOperation;
use crate::counters::Counters;
use crate::data_dir::DataDir;
use crate::entry_codec::{encode_entry, encode_position, encode_vote};
use crate::failure::Failure;
use crate::limits::QUICK_SYNC_MAX;
use crate::types::{LogId, RaftTypes, outer_index};

/// Whoever holds it may write: the log thread, or Raft itself for a lone entry.
pub struct LogWriter {
    /// Where to write.
    pub engine: Arc<dyn LogEngine>,
    /// What the log holds.
    pub tail: Arc<Mutex<LogTail>>,
    /// Where it counts.
    pub counters: Arc<Counters>,
    /// Where to report that a write failed.
    pub failure: Arc<Failure>,
    /// The folder stays locked for as long as anything may be written.
    pub _data_dir: Arc<DataDir>,
    /// The committed position that was written last.
    pub written_committed: Option<LogId>,
    /// The last sync was short enough for Raft to wait for the next one.
    pub is_quick: bool,
    /// A write failed or was the last: nothing may be written any more.
    pub is_ended: bool,
}

/// What became of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteOutcome {
    /// It is written; there may be more.
    Written,
    /// It is written and was to be the last.
    Stopped,
    /// It failed, and nothing may be written any more.
    Failed,
}

/// One batch under construction and those who wait for it.
#[derive(Default)]
struct Group {
    batch: LogBatch,
    needs_sync: bool,
    newest: Option<IOFlushed<RaftTypes>>,
    votes: Vec<oneshot::Sender<Result<(), io::Error>>>,
    persisted: Option<(u64, u64)>,
    stop: Option<oneshot::Sender<()>>,
}

impl LogWriter {
    /// Writes operations in their order and completes them.
    pub fn write_all(&mut self, operations: &mut Vec<LogOperation>) -> WriteOutcome {
        if self.is_ended {
            // With their callbacks: whoever waits learns that nobody will complete them.
            operations.clear();
            return WriteOutcome::Failed;
        }
        let mut group = collect(operations);
        self.add_committed(&mut group);
        match self.write(std::mem::take(&mut group.batch), group.needs_sync) {
            Ok(()) => self.complete(&mut group),
            Err(fault) => {
                self.is_ended = true;
                self.fail(group, &fault);
                return WriteOutcome::Failed;
            }
        }
        let Some(done) = group.stop else { return WriteOutcome::Written };
        self.is_ended = true;
        // Whoever asked may have stopped waiting.
        let _ = done.send(());
        WriteOutcome::Stopped
    }

    /// Lets the committed position ride along, as far as the entries it speaks of are on disk with this batch: a
    /// restart replays up to it and must find them.
    fn add_committed(&mut self, group: &mut Group) {
        let tail = self.tail.lock();
        let Some(committed) = tail.committed() else { return };
        let below = match group.persisted {
            Some((epoch, below)) if epoch == tail.epoch() => below.max(tail.persisted_below()),
            _ => tail.persisted_below(),
        };
        if self.written_committed != Some(committed) && committed.index < below {
            self.written_committed = Some(committed);
            group.batch.meta.push((LogMeta::Committed, encode_position(&committed)));
        }
    }

    fn write(&mut self, batch: LogBatch, sync: bool) -> Result<(), EngineFault> {
        let started = Instant::now();
        self.engine.write(batch, sync)?;
        if sync {
            let took = started.elapsed();
            self.counters.log_syncs.record(took);
            self.is_quick = took <= QUICK_SYNC_MAX;
        }
        Ok(())
    }

    fn complete(&self, group: &mut Group) {
        if let Some((epoch, below)) = group.persisted {
            self.tail.lock().set_persisted(epoch, below);
        }
        for done in group.votes.drain(..) {
            // Raft may have been shut down meanwhile.
            let _ = done.send(Ok(()));
        }
        if let Some(callback) = group.newest.take() {
            callback.io_completed(Ok(()));
        }
    }

    fn fail(&self, group: Group, fault: &EngineFault) {
        self.failure.report(format!("the log cannot be written: {fault}"));
        for done in group.votes {
            let _ = done.send(Err(io::Error::other(fault.to_string())));
        }
        if let Some(callback) = group.newest {
            callback.io_completed(Err(io::Error::other(fault.to_string())));
        }
    }
}

/// Folds operations into one batch. The engine truncates, purges and appends in this order, so entries that a
/// later operation of the same group takes back are left out of it.
fn collect(operations: &mut Vec<LogOperation>) -> Group {
    let mut group = Group::default();
    let mut buffer = BytesMut::new();
    let batch = &mut group.batch;
    for operation in operations.drain(..) {
        match operation {
            LogOperation::Append { entries, epoch, callback } => {
                group.needs_sync = true;
                for entry in &entries {
                    encode_entry(entry, &mut buffer);
                    batch.entries.push((outer_index(entry.log_id.index), buffer.split().freeze()));
                }
                if let Some(last) = entries.last() {
                    group.persisted = Some((epoch, last.log_id.index + 1));
                }
                group.newest = Some(callback);
            }
            LogOperation::Vote { vote, done } => {
                group.needs_sync = true;
                batch.meta.retain(|(name, _)| *name != LogMeta::Vote);
                batch.meta.push((LogMeta::Vote, encode_vote(&vote)));
                group.votes.push(done);
            }
            LogOperation::Truncate { from } => {
                let from = outer_index(from);
                batch.entries.retain(|(index, _)| *index < from);
                batch.truncate_from = Some(batch.truncate_from.map_or(from, |earlier| earlier.min(from)));
            }
            LogOperation::Purge { upto } => {
                let index = outer_index(upto.index);
                batch.entries.retain(|(entry, _)| *entry > index);
                batch.purge_upto = Some(index);
                batch.meta.retain(|(name, _)| *name != LogMeta::Purged);
                batch.meta.push((LogMeta::Purged, encode_position(&upto)));
            }
            LogOperation::Stop { done } => {
                group.needs_sync = true;
                group.stop = Some(done);
            }
        }
    }
    group
}
