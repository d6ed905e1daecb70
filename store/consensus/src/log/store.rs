//! openraft's view of the log. Every call but a read of old entries only touches memory and the log thread's queue:
//! these calls are awaited inside Raft's core, and a stall there would stop heartbeats. The exception is a lone entry of
//! a member that has nobody to send heartbeats to: see `is_lone`.

use std::fmt::Debug;
use std::io;
use std::ops::{Bound, RangeBounds};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures::{Stream, StreamExt, TryStreamExt, stream};
use holdfast_storage::log_engine::LogEngine;
use openraft::storage::{IOFlushed, RaftLogStorage};
use openraft::{EntryPayload, LogState, OptionalSend, RaftLogReader};
use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::sole_voter::SoleVoter;
use super::tail::{LogTail, limit_bytes};
use super::thread::{LogOperation, LogQueue};
use super::writer::LogWriter;
use crate::entry_codec::{decode_entry, payload_size};
use crate::limits::{APPEND_BYTES_MAX, APPLY_BYTES_MAX, LONE_ENTRY_BYTES_MAX};
use crate::types::{Entry, LogId, RaftTypes, Vote, outer_index, position_or_none};

/// The log. Clones share it.
#[derive(Clone)]
pub struct LogStore {
    /// Read for entries that memory no longer holds.
    pub engine: Arc<dyn LogEngine>,
    /// What the log holds.
    pub tail: Arc<Mutex<LogTail>>,
    /// The way to the thread that writes.
    pub queue: Arc<LogQueue>,
    /// What writes, when it is not the thread.
    pub writer: Arc<Mutex<LogWriter>>,
    /// Told of votes and memberships.
    pub sole_voter: Arc<SoleVoter>,
    /// Index of the newest committed entry, counted from 1; read for every proposal.
    pub committed: Arc<AtomicU64>,
}

impl LogStore {
    /// All entries in `from..to`, or the first of them up to `bytes_max`.
    async fn read(&self, from: u64, to: u64, bytes_max: usize) -> Result<Vec<Entry>, io::Error> {
        let found = self.tail.lock().read(from, to);
        let Some((disk_from, disk_to)) = found.on_disk else {
            return Ok(found.in_memory);
        };
        let engine = Arc::clone(&self.engine);
        let read =
            tokio::task::spawn_blocking(move || read_disk(engine.as_ref(), disk_from, disk_to, bytes_max));
        let (mut entries, is_complete) = read.await.map_err(io::Error::other)??;
        if is_complete {
            entries.extend(found.in_memory);
        }
        Ok(entries)
    }

    /// Whether these entries are one small write with everything before it committed, on a member that nobody waits for
    /// but whoever waits for this write. Nothing could share its sync then, and waking the log thread and being woken by
    /// it would take as long as a quick sync. A leader of others never writes here: they write at the same time.
    fn is_lone(&self, entries: &[Entry]) -> bool {
        let [entry] = entries else { return false };
        !self.sole_voter.has_followers()
            && outer_index(entry.log_id.index) == self.committed.load(Ordering::Acquire) + 1
            && payload_size(&entry.payload) <= LONE_ENTRY_BYTES_MAX
    }

    /// Writes on the caller's thread if the last sync was quick and nothing is on its way to the log thread.
    fn write_here(&self, operation: LogOperation) {
        match self.writer.try_lock() {
            Some(mut writer) if writer.is_quick && self.queue.is_empty() => {
                // A failure is reported by the writer and reaches Raft through the callback.
                let _ = writer.write_all(&mut vec![operation]);
            }
            _ => self.queue.push(operation),
        }
    }

    fn bounds(&self, range: &impl RangeBounds<u64>) -> (u64, u64) {
        let from = match range.start_bound() {
            Bound::Included(index) => *index,
            Bound::Excluded(index) => index + 1,
            Bound::Unbounded => 0,
        };
        let to = match range.end_bound() {
            Bound::Included(index) => index + 1,
            Bound::Excluded(index) => *index,
            Bound::Unbounded => u64::MAX,
        };
        (from, to)
    }
}

/// Reads entries from disk until `bytes_max`; tells whether that was all of the range.
fn read_disk(
    engine: &dyn LogEngine,
    from: u64,
    to: u64,
    bytes_max: usize,
) -> Result<(Vec<Entry>, bool), io::Error> {
    let mut entries = Vec::new();
    let mut next = from;
    let mut budget = bytes_max;
    while next < to {
        if budget == 0 {
            return Ok((entries, false));
        }
        let found = engine
            .read(outer_index(next), outer_index(to), budget.min(APPLY_BYTES_MAX))
            .map_err(|fault| io::Error::other(fault.to_string()))?;
        if found.is_empty() {
            // Purged while it was read: the caller asked for a range whose beginning is gone.
            return Ok((entries, true));
        }
        for (index, bytes) in found {
            budget = budget.saturating_sub(bytes.len());
            entries.push(decode_entry(index - 1, bytes).map_err(io::Error::other)?);
            next = index;
        }
    }
    Ok((entries, true))
}

impl RaftLogReader<RaftTypes> for LogStore {
    async fn try_get_log_entries<RB>(&mut self, range: RB) -> Result<Vec<Entry>, io::Error>
    where
        RB: RangeBounds<u64> + Clone + Debug + OptionalSend,
    {
        let (from, to) = self.bounds(&range);
        self.read(from, to, usize::MAX).await
    }

    async fn entries_stream<RB>(
        &mut self,
        range: RB,
    ) -> impl Stream<Item = Result<Entry, io::Error>> + OptionalSend
    where
        RB: RangeBounds<u64> + Clone + Debug + OptionalSend,
    {
        let (from, to) = self.bounds(&range);
        let found = self.tail.lock().read(from, to);
        if found.on_disk.is_none() {
            return stream::iter(found.in_memory.into_iter().map(Ok)).boxed();
        }
        drop(found);
        let store = self.clone();
        stream::try_unfold((store, from), move |(store, from)| async move {
            let entries = store.read(from, to, APPLY_BYTES_MAX).await?;
            let Some(last) = entries.last() else { return Ok::<_, io::Error>(None) };
            let next = last.log_id.index + 1;
            Ok(Some((stream::iter(entries.into_iter().map(Ok)), (store, next))))
        })
        .try_flatten()
        .boxed()
    }

    async fn read_vote(&mut self) -> Result<Option<Vote>, io::Error> {
        Ok(self.tail.lock().vote())
    }

    async fn limited_get_log_entries(&mut self, start: u64, end: u64) -> Result<Vec<Entry>, io::Error> {
        let mut entries = self.read(start, end, APPEND_BYTES_MAX).await?;
        limit_bytes(&mut entries, APPEND_BYTES_MAX);
        Ok(entries)
    }
}

impl RaftLogStorage<RaftTypes> for LogStore {
    type LogReader = LogStore;

    async fn get_log_state(&mut self) -> Result<LogState<RaftTypes>, io::Error> {
        let tail = self.tail.lock();
        Ok(LogState { last_purged_log_id: tail.purged(), last_log_id: tail.last() })
    }

    async fn get_log_reader(&mut self) -> LogStore {
        self.clone()
    }

    async fn save_vote(&mut self, vote: &Vote) -> Result<(), io::Error> {
        self.sole_voter.set_vote(vote);
        self.tail.lock().set_vote(*vote);
        let (done, written) = oneshot::channel();
        self.queue.push(LogOperation::Vote { vote: *vote, done });
        written.await.unwrap_or_else(|_| Err(io::Error::other("the log thread has ended")))
    }

    async fn save_committed(&mut self, committed: Option<LogId>) -> Result<(), io::Error> {
        self.tail.lock().set_committed(committed);
        self.committed.store(position_or_none(committed.as_ref()).index.0, Ordering::Release);
        Ok(())
    }

    async fn read_committed(&mut self) -> Result<Option<LogId>, io::Error> {
        Ok(self.tail.lock().committed())
    }

    async fn append<I>(&mut self, entries: I, callback: IOFlushed<RaftTypes>) -> Result<(), io::Error>
    where
        I: IntoIterator<Item = Entry> + OptionalSend,
        I::IntoIter: OptionalSend,
    {
        let entries: Vec<Entry> = entries.into_iter().collect();
        for entry in &entries {
            if let EntryPayload::Membership(membership) = &entry.payload {
                self.sole_voter.set_membership(membership);
            }
        }
        let is_lone = self.is_lone(&entries);
        let mut tail = self.tail.lock();
        tail.append(entries.iter().cloned());
        let operation = LogOperation::Append { entries, epoch: tail.epoch(), callback };
        if is_lone {
            drop(tail);
            self.write_here(operation);
        } else {
            // Under the lock, so that the queue's order is the tail's.
            self.queue.push(operation);
        }
        Ok(())
    }

    async fn truncate_after(&mut self, last_log_id: Option<LogId>) -> Result<(), io::Error> {
        self.sole_voter.forget_membership();
        let mut tail = self.tail.lock();
        tail.truncate_after(last_log_id);
        let from = last_log_id.map_or(0, |last| last.index + 1);
        self.queue.push(LogOperation::Truncate { from });
        Ok(())
    }

    async fn purge(&mut self, log_id: LogId) -> Result<(), io::Error> {
        let mut tail = self.tail.lock();
        tail.purge(log_id);
        self.queue.push(LogOperation::Purge { upto: log_id });
        Ok(())
    }
}

#[cfg(test)]
mod tests;
