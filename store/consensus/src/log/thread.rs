//! The thread that writes the log. It takes everything that waits and has it written as one batch. Must not read entries
//! or know what they mean.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use openraft::storage::IOFlushed;
use parking_lot::{Condvar, Mutex};
use tokio::sync::oneshot;

use super::writer::{LogWriter, WriteOutcome};
use crate::entry_codec::payload_size;
use crate::limits::{GATHER_PAUSE, GATHER_PROPOSALS_MIN, LOG_BATCH_BYTES_MAX};
use crate::types::{Entry, LogId, RaftTypes, Vote};

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
    /// Writes.
    pub writer: Arc<Mutex<LogWriter>>,
    /// Proposals of this member that have no outcome yet.
    pub in_flight: Arc<AtomicU64>,
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

    /// Whether no operation waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.lock().operations.is_empty()
    }

    /// Waits for operations.
    fn wait(&self, in_flight: &AtomicU64) {
        let mut waiting = self.waiting.lock();
        while waiting.operations.is_empty() {
            self.arrival.wait(&mut waiting);
        }
        if waiting.is_worth_a_pause(in_flight.load(Ordering::Relaxed)) {
            drop(waiting);
            std::thread::sleep(GATHER_PAUSE);
        }
    }

    /// Takes operations, up to a batch's worth of bytes.
    fn take(&self, taken: &mut Vec<LogOperation>) {
        let mut waiting = self.waiting.lock();
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

impl LogThread {
    /// Runs until it is told to stop or a write fails.
    pub fn run(self, queue: &LogQueue) {
        let mut taken = Vec::new();
        loop {
            queue.wait(&self.in_flight);
            // Before anything is taken: an empty queue tells whoever holds the writer that nothing is on its way.
            let mut writer = self.writer.lock();
            queue.take(&mut taken);
            if writer.write_all(&mut taken) != WriteOutcome::Written {
                break;
            }
        }
        queue.close();
    }
}

#[cfg(test)]
mod tests;
