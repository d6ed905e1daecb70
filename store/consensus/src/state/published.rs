//! The newest applied state, for everyone who reads, and those who wait for an index to be applied.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwap;
use holdfast_core::read::ReadView;
use parking_lot::Mutex;
use tokio::sync::oneshot;

/// What apply has published.
pub struct Published {
    view: ArcSwap<ReadView>,
    /// Index of the newest applied entry, counted from 1.
    applied: AtomicU64,
    waiters: Mutex<BTreeMap<u64, Vec<oneshot::Sender<()>>>>,
}

impl Published {
    /// Begins with the state as it was loaded.
    pub fn new(view: ReadView) -> Published {
        let applied = AtomicU64::new(view.head().applied.index.0);
        Published { view: ArcSwap::from_pointee(view), applied, waiters: Mutex::new(BTreeMap::new()) }
    }

    /// The newest view.
    pub fn view(&self) -> Arc<ReadView> {
        self.view.load_full()
    }

    /// Index of the newest applied entry, counted from 1; 0 when nothing was applied.
    pub fn applied_index(&self) -> u64 {
        self.applied.load(Ordering::Acquire)
    }

    /// Replaces the view. Whoever waits is only woken by `wake`.
    pub fn publish(&self, view: ReadView) {
        let index = view.head().applied.index.0;
        self.view.store(Arc::new(view));
        self.applied.store(index, Ordering::Release);
    }

    /// Wakes those whose index is applied.
    pub fn wake(&self) {
        let mut waiters = self.waiters.lock();
        if waiters.is_empty() {
            return;
        }
        let still_waiting = waiters.split_off(&(self.applied_index() + 1));
        let reached = std::mem::replace(&mut *waiters, still_waiting);
        drop(waiters);
        for sender in reached.into_values().flatten() {
            // Whoever waited may have given up.
            let _ = sender.send(());
        }
    }

    /// Waits until the entry at `index` (counted from 1) is applied.
    pub async fn wait_applied(&self, index: u64) {
        if self.applied_index() >= index {
            return;
        }
        let (sender, reached) = oneshot::channel();
        {
            let mut waiters = self.waiters.lock();
            if self.applied_index() >= index {
                return;
            }
            waiters.entry(index).or_default().push(sender);
        }
        // The sender is only dropped with `self`, which the caller borrows.
        let _ = reached.await;
    }
}
