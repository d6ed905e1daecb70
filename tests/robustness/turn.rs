//! One scenario at a time: two at once would disturb each other's timings and memory. Must not order them.

use tokio::sync::{Mutex, MutexGuard};

static TURN: Mutex<()> = Mutex::const_new(());

/// Waits until no other scenario of this process runs; it is this one's turn until the guard is dropped.
pub async fn take() -> MutexGuard<'static, ()> {
    TURN.lock().await
}
