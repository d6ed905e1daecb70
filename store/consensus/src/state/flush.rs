//! Decides when the state is flushed and knows which position is durable. The log is only purged behind that position,
//! so it may never claim more than a completed flush began with.

use std::sync::Arc;
use std::time::{Duration, Instant};

use holdfast_storage::engine::{Engine, EngineFault};
use parking_lot::{Condvar, Mutex};

use crate::failure::Failure;
use crate::limits::{FLUSH_AGE_MAX, FLUSH_BYTES, FLUSH_PAUSE_MIN, OUT_OF_SPACE_PAUSE};
use crate::types::{LogId, StoredMembership};

/// A position of the state machine and the membership in effect there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StatePosition {
    /// The newest applied entry.
    pub applied: Option<LogId>,
    /// The membership.
    pub membership: StoredMembership,
}

/// Keeps count of what a crash would have to replay.
pub struct FlushClock {
    state: Mutex<FlushState>,
    changed: Condvar,
    entries_max: u64,
    on_durable: Box<dyn Fn() + Send + Sync>,
}

struct FlushState {
    engine: Arc<dyn Engine>,
    applied: StatePosition,
    durable: StatePosition,
    /// Applied since the last flush began.
    bytes: u64,
    entries: u64,
    dirty_since: Option<Instant>,
    last_flush: Instant,
    is_stopped: bool,
}

impl FlushState {
    /// How long until a flush is due; `None` when nothing would be flushed.
    fn due_in(&self, entries_max: u64) -> Option<Duration> {
        let dirty_since = self.dirty_since?;
        if self.bytes >= FLUSH_BYTES {
            return Some(Duration::ZERO);
        }
        let by_age = FLUSH_AGE_MAX.saturating_sub(dirty_since.elapsed());
        if self.entries >= entries_max {
            return Some(FLUSH_PAUSE_MIN.saturating_sub(self.last_flush.elapsed()).min(by_age));
        }
        Some(by_age)
    }
}

impl FlushClock {
    /// Begins with everything in `engine` durable at `position`. `on_durable` runs after each flush.
    pub fn new(
        engine: Arc<dyn Engine>,
        position: StatePosition,
        entries_max: u64,
        on_durable: impl Fn() + Send + Sync + 'static,
    ) -> FlushClock {
        let state = FlushState {
            engine,
            applied: position.clone(),
            durable: position,
            bytes: 0,
            entries: 0,
            dirty_since: None,
            last_flush: Instant::now(),
            is_stopped: false,
        };
        FlushClock {
            state: Mutex::new(state),
            changed: Condvar::new(),
            entries_max: entries_max.max(1),
            on_durable: Box::new(on_durable),
        }
    }

    /// The engine in use.
    pub fn engine(&self) -> Arc<dyn Engine> {
        Arc::clone(&self.state.lock().engine)
    }

    /// Records that entries were applied and written to the engine.
    pub fn applied(&self, position: StatePosition, entries: u64, bytes: u64) {
        let mut state = self.state.lock();
        state.applied = position;
        state.entries += entries;
        state.bytes += bytes;
        let was_clean = state.dirty_since.is_none();
        if was_clean {
            state.dirty_since = Some(Instant::now());
        }
        let is_due = state.bytes >= FLUSH_BYTES || state.entries >= self.entries_max;
        drop(state);
        if was_clean || is_due {
            self.changed.notify_one();
        }
    }

    /// Records that a snapshot has replaced the state.
    pub fn replaced(&self, engine: Arc<dyn Engine>, position: StatePosition) {
        let mut state = self.state.lock();
        state.engine = engine;
        state.applied = position.clone();
        state.durable = position;
        state.bytes = 0;
        state.entries = 0;
        state.dirty_since = None;
    }

    /// What would survive a crash now.
    pub fn durable(&self) -> StatePosition {
        self.state.lock().durable.clone()
    }

    /// Flushes at once, on the caller's thread, and returns what is durable then.
    pub fn flush(&self) -> Result<StatePosition, EngineFault> {
        let (engine, position) = {
            let mut state = self.state.lock();
            state.bytes = 0;
            state.entries = 0;
            state.dirty_since = None;
            state.last_flush = Instant::now();
            (Arc::clone(&state.engine), state.applied.clone())
        };
        let result = engine.flush();
        let mut state = self.state.lock();
        if let Err(fault) = result {
            state.dirty_since.get_or_insert_with(Instant::now);
            state.entries = state.entries.max(self.entries_max);
            return Err(fault);
        }
        if Arc::ptr_eq(&engine, &state.engine) && position.applied > state.durable.applied {
            state.durable = position.clone();
        }
        drop(state);
        (self.on_durable)();
        Ok(position)
    }

    /// Ends `run`.
    pub fn stop(&self) {
        self.state.lock().is_stopped = true;
        self.changed.notify_one();
    }

    /// Flushes whenever it is due, until stopped.
    pub fn run(&self, failure: &Failure) {
        while self.wait_until_due() {
            match self.flush() {
                Ok(_) => {}
                Err(fault) if fault.out_of_space => {
                    tracing::warn!(reason = %fault.reason, "no space to flush the state; trying again");
                    std::thread::sleep(OUT_OF_SPACE_PAUSE);
                }
                Err(fault) => return failure.report(format!("the state cannot be flushed: {fault}")),
            }
        }
    }

    /// Returns whether a flush is due; `false` once stopped.
    fn wait_until_due(&self) -> bool {
        let mut state = self.state.lock();
        loop {
            if state.is_stopped {
                return false;
            }
            match state.due_in(self.entries_max) {
                Some(Duration::ZERO) => return true,
                Some(wait) => {
                    self.changed.wait_for(&mut state, wait);
                }
                None => self.changed.wait(&mut state),
            }
        }
    }
}

#[cfg(test)]
mod tests;
