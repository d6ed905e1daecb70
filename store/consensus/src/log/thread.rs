//! The one thread that writes the log. It takes everything that waits, makes one batch of it, syncs once and completes
//! only the newest callback: openraft reads completion as a watermark, and several completions in a row would make the
//! later ones wait for a timer tick. Must not read entries or know what they mean.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use bytes::BytesMut;
use holdfast_storage::engine::EngineFault;
use holdfast_storage::log_engine::{LogBatch, LogEngine, LogMeta};
use openraft::storage::IOFlushed;
use parking_lot::{Condvar, Mutex};
use tokio::sync::oneshot;

use super::tail::LogTail;
use crate::counters::Counters;
use crate::data_dir::DataDir;
use crate::entry_codec::{encode_entry, encode_position, encode_vote, payload_size};
use crate::failure::Failure;
use crate::limits::{GATHER_PAUSE, GATHER_PROPOSALS_MIN, LOG_BATCH_BYTES_MAX};
use crate::types::{Entry, LogId, RaftTypes, Vote, outer_index};

/// Something to write, in order.
pub enum LogOperation {
    /// Entries and who waits for them.
    Append {
        /// The entries.
        entries: Vec<Entry>,
        /// The tail's epoch when they were appended.
        epoch: u64,
        /// To complete once they are on disk.
        callback: IOFlushed<RaftTypes>,
    },
    /// A vote.
    Vote {
        /// The vote.
        vote: Vote,
        /// To answer once it is on disk.
        done: oneshot::Sender<Result<(), io::Error>>,
    },
    /// Drop the entries at and above this index (openraft's).
    Truncate {
        /// The index.
        from: u64,
    },
    /// Drop the entries up to and including this one.
    Purge {
        /// The entry.
        upto: LogId,
    },
    /// Write what is left and end.
    Stop {
        /// To answer when done.
        done: oneshot::Sender<()>,
    },
}

/// The way to the log thread.
pub struct LogQueue {
    waiting: Mutex<Waiting>,
    arrival: Condvar,
}

#[derive(Default)]
struct Waiting {
    operations: VecDeque<LogOperation>,
    /// Nobody takes operations any more: they are dropped, and with them the callbacks of those who wait.
    is_closed: bool,
}

/// What the thread works with.
pub struct LogThread {
    /// Where to write.
    pub engine: Arc<dyn LogEngine>,
    /// What the log holds.
    pub tail: Arc<Mutex<LogTail>>,
    /// Where it counts.
    pub counters: Arc<Counters>,
    /// Where to report that a write failed.
    pub failure: Arc<Failure>,
    /// Proposals of this member that have no outcome yet.
    pub in_flight: Arc<AtomicU64>,
    /// The folder stays locked for as long as this thread may write.
    pub _data_dir: Arc<DataDir>,
}

impl Waiting {
    /// Whether most of the proposals under way here have yet to arrive. A sync costs the processor as much as several
    /// proposals, so it is worth a short pause to let more of them share it.
    fn is_worth_a_pause(&self, in_flight: u64) -> bool {
        in_flight >= GATHER_PROPOSALS_MIN && {
            let mut entries = 0;
            let only_entries = self.operations.iter().all(|operation| match operation {
                LogOperation::Append { entries: appended, .. } => {
                    entries += appended.len() as u64;
                    true
                }
                _ => false,
            });
            only_entries && entries * 2 < in_flight
        }
    }
}

impl Default for LogQueue {
    fn default() -> LogQueue {
        LogQueue { waiting: Mutex::new(Waiting::default()), arrival: Condvar::new() }
    }
}

impl LogQueue {
    /// Adds an operation behind those that wait.
    pub fn push(&self, operation: LogOperation) {
        let mut waiting = self.waiting.lock();
        if waiting.is_closed {
            return;
        }
        waiting.operations.push_back(operation);
        let is_first = waiting.operations.len() == 1;
        drop(waiting);
        if is_first {
            self.arrival.notify_one();
        }
    }

    /// Waits for operations and takes them, up to a batch's worth of bytes.
    fn take(&self, taken: &mut Vec<LogOperation>, in_flight: &AtomicU64) {
        let mut waiting = self.waiting.lock();
        while waiting.operations.is_empty() {
            self.arrival.wait(&mut waiting);
        }
        if waiting.is_worth_a_pause(in_flight.load(Ordering::Relaxed)) {
            drop(waiting);
            std::thread::sleep(GATHER_PAUSE);
            waiting = self.waiting.lock();
        }
        let mut bytes = 0;
        while bytes < LOG_BATCH_BYTES_MAX {
            let Some(operation) = waiting.operations.pop_front() else { break };
            if let LogOperation::Append { entries, .. } = &operation {
                bytes += entries.iter().map(|entry| payload_size(&entry.payload)).sum::<usize>();
            }
            taken.push(operation);
        }
    }

    fn close(&self) {
        let mut waiting = self.waiting.lock();
        waiting.is_closed = true;
        waiting.operations.clear();
    }
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

impl LogThread {
    /// Runs until it is told to stop or a write fails.
    pub fn run(self, queue: &LogQueue) {
        self.serve(queue);
        queue.close();
    }

    fn serve(&self, queue: &LogQueue) {
        let mut taken = Vec::new();
        let mut written_committed = None;
        loop {
            queue.take(&mut taken, &self.in_flight);
            let mut group = self.collect(&mut taken);
            self.add_committed(&mut group, &mut written_committed);
            let result = self.write(std::mem::take(&mut group.batch), group.needs_sync);
            match result {
                Ok(()) => self.complete(&mut group),
                Err(fault) => return self.fail(group, &fault),
            }
            if let Some(done) = group.stop {
                // Whoever asked may have stopped waiting.
                let _ = done.send(());
                return;
            }
        }
    }

    /// Folds operations into one batch. The engine truncates, purges and appends in this order, so entries that a
    /// later operation of the same group takes back are left out of it.
    fn collect(&self, taken: &mut Vec<LogOperation>) -> Group {
        let mut group = Group::default();
        let mut buffer = BytesMut::new();
        let batch = &mut group.batch;
        for operation in taken.drain(..) {
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

    /// Lets the committed position ride along, as far as the entries it speaks of are on disk with this batch: a
    /// restart replays up to it and must find them.
    fn add_committed(&self, group: &mut Group, written: &mut Option<LogId>) {
        let tail = self.tail.lock();
        let Some(committed) = tail.committed() else { return };
        let below = match group.persisted {
            Some((epoch, below)) if epoch == tail.epoch() => below.max(tail.persisted_below()),
            _ => tail.persisted_below(),
        };
        if *written != Some(committed) && committed.index < below {
            *written = Some(committed);
            group.batch.meta.push((LogMeta::Committed, encode_position(&committed)));
        }
    }

    fn write(&self, batch: LogBatch, sync: bool) -> Result<(), EngineFault> {
        let started = Instant::now();
        self.engine.write(batch, sync)?;
        if sync {
            self.counters.log_syncs.record(started.elapsed());
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

#[cfg(test)]
mod tests;
