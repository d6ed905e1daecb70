//! What the log holds, as seen by Raft at once: bounds, vote, and the newest entries in memory. Entries leave memory
//! oldest first, and only after they are on disk. Knows nothing of threads or engines.

use std::collections::VecDeque;

use crate::entry_codec::payload_size;
use crate::limits::ENTRY_OVERHEAD_BYTES;
use crate::types::{Entry, LogId, Vote};

/// The log's state in memory. Indexes are openraft's.
#[derive(Debug)]
pub struct LogTail {
    entries: VecDeque<Entry>,
    /// Index of the first entry in `entries`, or of the next one to come.
    first: u64,
    last: Option<LogId>,
    purged: Option<LogId>,
    /// Entries below this index are on disk.
    persisted_below: u64,
    /// Raised by each truncation: what was written before one says nothing about entries appended after it.
    epoch: u64,
    held_bytes: usize,
    held_bytes_max: usize,
    vote: Option<Vote>,
    committed: Option<LogId>,
}

/// Where the entries of a range are to be found.
#[derive(Debug)]
pub struct TailRead {
    /// The part that only the disk holds: indexes `from..to`.
    pub on_disk: Option<(u64, u64)>,
    /// The part in memory, which follows the one on disk.
    pub in_memory: Vec<Entry>,
}

impl LogTail {
    /// A tail over a log whose entries are all on disk.
    pub fn new(
        purged: Option<LogId>,
        last: Option<LogId>,
        vote: Option<Vote>,
        committed: Option<LogId>,
        held_bytes_max: usize,
    ) -> LogTail {
        let next = last.map_or(0, |last| last.index + 1);
        LogTail {
            entries: VecDeque::new(),
            first: next,
            last,
            purged,
            persisted_below: next,
            epoch: 0,
            held_bytes: 0,
            held_bytes_max,
            vote,
            committed,
        }
    }

    /// The newest entry, or the newest purged one when there is none.
    pub fn last(&self) -> Option<LogId> {
        self.last
    }

    /// The newest purged entry.
    pub fn purged(&self) -> Option<LogId> {
        self.purged
    }

    /// The vote as last set, durable or not.
    pub fn vote(&self) -> Option<Vote> {
        self.vote
    }

    /// Sets the vote.
    pub fn set_vote(&mut self, vote: Vote) {
        self.vote = Some(vote);
    }

    /// The newest committed entry that Raft spoke of.
    pub fn committed(&self) -> Option<LogId> {
        self.committed
    }

    /// Sets the newest committed entry.
    pub fn set_committed(&mut self, committed: Option<LogId>) {
        self.committed = committed;
    }

    /// The epoch that entries appended now belong to.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Adds entries, which follow the last one.
    pub fn append(&mut self, entries: impl IntoIterator<Item = Entry>) {
        for entry in entries {
            if self.entries.is_empty() {
                self.first = entry.log_id.index;
            }
            self.last = Some(entry.log_id);
            self.held_bytes += cost(&entry);
            self.entries.push_back(entry);
        }
        self.evict();
    }

    /// Drops the entries behind `last`; nothing when there are none.
    pub fn truncate_after(&mut self, last: Option<LogId>) {
        let next = last.map_or(0, |last| last.index + 1);
        if self.last.is_none_or(|newest| newest.index < next) {
            return;
        }
        while self.entries.back().is_some_and(|entry| entry.log_id.index >= next) {
            let entry = self.entries.pop_back().expect("the back was looked at");
            self.held_bytes -= cost(&entry);
        }
        if self.entries.is_empty() {
            self.first = next;
        }
        self.persisted_below = self.persisted_below.min(next);
        self.epoch += 1;
        self.last = last;
    }

    /// Drops the entries up to and including `upto`.
    pub fn purge(&mut self, upto: LogId) {
        if self.purged.is_some_and(|purged| purged.index >= upto.index) {
            return;
        }
        self.purged = Some(upto);
        while self.entries.front().is_some_and(|entry| entry.log_id.index <= upto.index) {
            self.pop_front();
        }
        if self.last.is_none_or(|last| last.index < upto.index) {
            self.last = Some(upto);
        }
        if self.entries.is_empty() {
            self.first = self.last.map_or(0, |last| last.index + 1);
            self.persisted_below = self.persisted_below.max(upto.index + 1);
        }
    }

    /// Records that everything below `index` that was appended in `epoch` is on disk.
    pub fn set_persisted(&mut self, epoch: u64, index: u64) {
        if epoch == self.epoch {
            self.persisted_below = self.persisted_below.max(index);
            self.evict();
        }
    }

    /// Entries below this index are on disk.
    pub fn persisted_below(&self) -> u64 {
        self.persisted_below
    }

    /// Finds the entries that the log holds in `from..to`.
    pub fn read(&self, from: u64, to: u64) -> TailRead {
        let from = from.max(self.purged.map_or(0, |purged| purged.index + 1));
        let to = to.min(self.last.map_or(0, |last| last.index + 1));
        if from >= to {
            return TailRead { on_disk: None, in_memory: Vec::new() };
        }
        let split = self.first.clamp(from, to);
        let in_memory = if split < to {
            let start = usize::try_from(split - self.first).expect("an index within the deque");
            let end = usize::try_from(to - self.first).expect("an index within the deque");
            self.entries.range(start..end).cloned().collect()
        } else {
            Vec::new()
        };
        TailRead { on_disk: (from < split).then_some((from, split)), in_memory }
    }

    fn evict(&mut self) {
        while self.held_bytes > self.held_bytes_max
            && self.entries.front().is_some_and(|entry| entry.log_id.index < self.persisted_below)
        {
            self.pop_front();
        }
    }

    fn pop_front(&mut self) {
        if let Some(entry) = self.entries.pop_front() {
            self.held_bytes -= cost(&entry);
            self.first = entry.log_id.index + 1;
        }
    }
}

fn cost(entry: &Entry) -> usize {
    payload_size(&entry.payload) + ENTRY_OVERHEAD_BYTES
}

/// Cuts entries behind the one with which `bytes_max` is reached; the first always stays.
pub fn limit_bytes(entries: &mut Vec<Entry>, bytes_max: usize) {
    let mut total = 0;
    let mut keep = 0;
    for entry in entries.iter() {
        total += payload_size(&entry.payload) + ENTRY_OVERHEAD_BYTES;
        if keep > 0 && total > bytes_max {
            break;
        }
        keep += 1;
    }
    entries.truncate(keep);
}

#[cfg(test)]
mod tests;
