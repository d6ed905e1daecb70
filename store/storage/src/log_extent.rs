//! Which entries a log holds, kept beside the engines so that `bounds` costs nothing and a hole is refused before it
//! is written. Must not hold entries.

use bytes::Bytes;

use crate::engine::EngineFault;

/// The entries `first..end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LogExtent {
    /// The lowest index held; of an empty log, the lowest that may still come.
    first: u64,
    /// One above the highest index held; equal to `first` when empty.
    end: u64,
}

impl LogExtent {
    /// An empty log whose entries below `first` were purged.
    pub fn empty_from(first: u64) -> LogExtent {
        LogExtent { first, end: first }
    }

    /// A log that holds `low..=high`.
    pub fn holding(low: u64, high: u64) -> LogExtent {
        LogExtent { first: low, end: high + 1 }
    }

    /// The lowest index that was not purged.
    pub fn first(&self) -> u64 {
        self.first
    }

    /// The lowest and highest index held.
    pub fn bounds(&self) -> Option<(u64, u64)> {
        (self.first < self.end).then(|| (self.first, self.end - 1))
    }

    /// Drops the entries at and above `from`; returns the lowest and highest that went.
    pub fn truncate(&mut self, from: u64) -> Option<(u64, u64)> {
        let from = from.max(self.first);
        if from >= self.end {
            return None;
        }
        let gone = (from, self.end - 1);
        self.end = from;
        Some(gone)
    }

    /// Drops the entries up to and including `upto`.
    pub fn purge(&mut self, upto: u64) {
        self.first = self.first.max(upto + 1);
        self.end = self.end.max(self.first);
    }

    /// Adds the entries.
    ///
    /// # Errors
    ///
    /// When they would leave a hole, overwrite an entry or bring back a purged one.
    pub fn append(&mut self, entries: &[(u64, Bytes)]) -> Result<(), EngineFault> {
        for (index, _) in entries {
            let is_empty = self.first == self.end;
            if *index < self.first || !is_empty && *index != self.end {
                return Err(EngineFault {
                    doing: "appending to the log",
                    reason: format!("entry {index} does not follow {}..{}", self.first, self.end),
                    out_of_space: false,
                });
            }
            if is_empty {
                self.first = *index;
            }
            self.end = index + 1;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
