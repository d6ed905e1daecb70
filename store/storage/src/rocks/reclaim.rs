//! The background thread that gives space back after the history floor moved: it flushes, drops whole event files and
//! compacts what the filters can shrink. Rests far longer than it works, and must never hold up a write.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use holdfast_core::ids::Revision;
use holdfast_core::rows::Table;
use parking_lot::{Condvar, Mutex};
use rocksdb::{CompactOptions, properties};

use super::engine::EngineCore;
use crate::drop_rule::first_kept_event;
use crate::limits::{
    CURRENT_TOMBSTONES_MIN, CURRENT_TOMBSTONES_SHARE, RECLAIM_PAUSE_MIN, RECLAIM_RECHECK, RECLAIM_REST_FACTOR,
};

/// Owns the thread; dropping it ends the thread and any compaction it runs.
pub(super) struct Reclaimer {
    signal: Arc<Signal>,
    core: Arc<EngineCore>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Signal {
    state: Mutex<SignalState>,
    changed: Condvar,
}

#[derive(Default)]
struct SignalState {
    is_woken: bool,
    is_stopped: bool,
}

impl Reclaimer {
    /// Starts the thread, which sleeps until it is woken.
    pub(super) fn start(core: Arc<EngineCore>) -> Reclaimer {
        let signal = Arc::new(Signal::default());
        let thread = std::thread::Builder::new()
            .name("reclaim".to_owned())
            .spawn({
                let (signal, core) = (Arc::clone(&signal), Arc::clone(&core));
                move || run(&signal, &core)
            })
            .expect("the system can start a thread while the member starts");
        Reclaimer { signal, core, thread: Some(thread) }
    }

    /// Tells the thread that the floor moved.
    pub(super) fn wake(&self) {
        self.signal.state.lock().is_woken = true;
        self.signal.changed.notify_one();
    }
}

impl Drop for Reclaimer {
    fn drop(&mut self) {
        self.signal.state.lock().is_stopped = true;
        self.signal.changed.notify_one();
        // Ends a running compaction early; RocksDB flushes what is still only in memory first.
        self.core.database.db().cancel_all_background_work(true);
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was already reported by the panic hook.
            let _ = thread.join();
        }
    }
}

impl Signal {
    /// Waits until woken, or for at most `limit`.
    fn wait(&self, limit: Option<Duration>) -> ControlFlow<()> {
        let mut state = self.state.lock();
        let deadline = limit.map(|limit| Instant::now() + limit);
        while !state.is_woken && !state.is_stopped {
            match deadline {
                None => self.changed.wait(&mut state),
                Some(deadline) => {
                    if self.changed.wait_until(&mut state, deadline).timed_out() {
                        break;
                    }
                }
            }
        }
        state.is_woken = false;
        if state.is_stopped { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// Rests for `pause`, whatever happens short of the end.
    fn rest(&self, pause: Duration) -> ControlFlow<()> {
        let mut state = self.state.lock();
        let deadline = Instant::now() + pause;
        while !state.is_stopped {
            if self.changed.wait_until(&mut state, deadline).timed_out() {
                return ControlFlow::Continue(());
            }
        }
        ControlFlow::Break(())
    }
}

fn run(signal: &Signal, core: &EngineCore) {
    let mut reclaimed = Revision(0);
    loop {
        let is_behind = reclaimed < core.floor.requested();
        if signal.wait(is_behind.then_some(RECLAIM_RECHECK)).is_break() {
            return;
        }
        let begun = Instant::now();
        // A flush that fails is reported by the next one that the member asks for.
        if core.flush().is_err() {
            continue;
        }
        let floor = core.floor.droppable();
        if floor <= reclaimed {
            continue;
        }
        reclaim(core, floor);
        reclaimed = floor;
        let pause = (begun.elapsed() * RECLAIM_REST_FACTOR).max(RECLAIM_PAUSE_MIN);
        if signal.rest(pause).is_break() {
            return;
        }
    }
}

/// One pass over what history up to `floor` occupied.
fn reclaim(core: &EngineCore, floor: Revision) {
    let database = &core.database;
    let mut options = CompactOptions::default();
    // RocksDB's own compactions keep their turn.
    options.set_exclusive_manual_compaction(false);

    let events = database.family(Table::Events);
    let first_kept = first_kept_event(floor);
    // Only a shortcut: what it cannot drop, the compaction behind it does.
    let _ = database.db().delete_file_in_range_cf(&events, [].as_slice(), first_kept.as_slice());
    database.db().compact_range_cf_opt(&events, None::<&[u8]>, Some(first_kept), &options);
    database.db().compact_range_cf_opt(
        &database.family(Table::History),
        None::<&[u8]>,
        None::<&[u8]>,
        &options,
    );

    let tombstones = core.tombstones.load(Ordering::Relaxed);
    let current = database.family(Table::Current);
    let keys = database
        .db()
        .property_int_value_cf(&current, properties::ESTIMATE_NUM_KEYS)
        .ok()
        .flatten()
        .unwrap_or(0);
    if tombstones >= CURRENT_TOMBSTONES_MIN.max(keys / CURRENT_TOMBSTONES_SHARE) {
        database.db().compact_range_cf_opt(&current, None::<&[u8]>, None::<&[u8]>, &options);
        core.tombstones.fetch_sub(tombstones, Ordering::Relaxed);
    }
}
