//! What counts as durable, and when a flush is due.

use std::sync::atomic::{AtomicU64, Ordering};

use holdfast_storage::memory::{MemoryEngine, Reclaim};

use super::*;
use crate::types::log_id;

fn at(index: u64) -> StatePosition {
    StatePosition { applied: Some(log_id(1, index)), membership: StoredMembership::default() }
}

fn clock(entries_max: u64) -> (FlushClock, Arc<AtomicU64>) {
    let flushes = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&flushes);
    let engine = Arc::new(MemoryEngine::new(Reclaim::AtOnce));
    let clock = FlushClock::new(engine, StatePosition::default(), entries_max, move || {
        counted.fetch_add(1, Ordering::SeqCst);
    });
    (clock, flushes)
}

#[test]
fn only_a_completed_flush_makes_a_position_durable() {
    let (clock, flushes) = clock(100);
    clock.applied(at(5), 6, 600);
    assert_eq!(clock.durable(), StatePosition::default());
    assert_eq!(clock.flush().unwrap(), at(5));
    clock.applied(at(7), 2, 200);
    assert_eq!(clock.durable(), at(5));
    assert_eq!(flushes.load(Ordering::SeqCst), 1);
}

#[test]
fn a_snapshot_is_durable_from_the_start() {
    let (clock, _) = clock(100);
    clock.applied(at(5), 6, 600);
    clock.replaced(Arc::new(MemoryEngine::new(Reclaim::AtOnce)), at(50));
    assert_eq!(clock.durable(), at(50));
    assert_eq!(clock.state.lock().due_in(100), None);
}

#[test]
fn bytes_are_due_at_once_entries_after_a_pause_and_the_rest_by_age() {
    let (clock, _) = clock(100);
    assert_eq!(clock.state.lock().due_in(100), None, "nothing to flush");
    clock.applied(at(1), 1, 10);
    let by_age = clock.state.lock().due_in(100).unwrap();
    assert!(by_age > FLUSH_PAUSE_MIN && by_age <= FLUSH_AGE_MAX, "{by_age:?}");
    clock.applied(at(200), 199, 10);
    let by_entries = clock.state.lock().due_in(100).unwrap();
    assert!(by_entries <= FLUSH_PAUSE_MIN, "{by_entries:?}");
    clock.applied(at(201), 1, FLUSH_BYTES);
    assert_eq!(clock.state.lock().due_in(100), Some(Duration::ZERO));
}
