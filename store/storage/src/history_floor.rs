//! Keeps the revision up to which history may be dropped, and the views that hold it back. RocksDB's snapshots do not
//! protect rows from compaction filters, so the lowest floor under which a living view was taken bounds every filter.
//! Must not touch rows.

use std::collections::BTreeMap;
use std::sync::Arc;

use holdfast_core::ids::Revision;
use parking_lot::Mutex;

/// Nothing may be dropped.
const NOTHING: Revision = Revision(0);

/// The floor and who depends on it.
#[derive(Debug, Default)]
pub struct HistoryFloor {
    state: Mutex<FloorState>,
}

#[derive(Debug, Default)]
struct FloorState {
    /// What the caller asked for.
    requested: i64,
    /// The part of it that was requested before a completed flush began: a crash must not bring back a store that
    /// still promises history which is gone.
    durable: i64,
    /// Living views by the floor they were taken under.
    views: BTreeMap<i64, usize>,
}

/// A living view's claim on history; ends when dropped.
#[derive(Debug)]
pub struct FloorClaim {
    floor: i64,
    owner: Arc<HistoryFloor>,
}

impl HistoryFloor {
    /// Asks for history up to `floor` to be dropped; returns whether that is news.
    pub fn request(&self, floor: Revision) -> bool {
        let mut state = self.state.lock();
        let is_news = floor.0 > state.requested;
        state.requested = state.requested.max(floor.0);
        is_news
    }

    /// The floor that was asked for.
    pub fn requested(&self) -> Revision {
        Revision(self.state.lock().requested)
    }

    /// Records that a flush which began when `requested` returned `floor` has completed.
    pub fn set_durable(&self, floor: Revision) {
        let mut state = self.state.lock();
        state.durable = state.durable.max(floor.0);
    }

    /// Registers a view; must happen before its snapshot is taken.
    pub fn claim(self: &Arc<HistoryFloor>) -> FloorClaim {
        let mut state = self.state.lock();
        let floor = state.requested;
        *state.views.entry(floor).or_insert(0) += 1;
        FloorClaim { floor, owner: Arc::clone(self) }
    }

    /// The revision up to which rows may go now. Never falls, and no view taken later can need more.
    pub fn droppable(&self) -> Revision {
        let state = self.state.lock();
        let lowest_view = state.views.keys().next().copied().unwrap_or(i64::MAX);
        Revision(state.durable.min(lowest_view)).max(NOTHING)
    }
}

impl Drop for FloorClaim {
    fn drop(&mut self) {
        let mut state = self.owner.state.lock();
        if let Some(count) = state.views.get_mut(&self.floor) {
            *count -= 1;
            if *count == 0 {
                state.views.remove(&self.floor);
            }
        }
    }
}

#[cfg(test)]
mod tests;
