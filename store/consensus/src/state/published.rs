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
    /// Index of the newest entry in the view, counted from 1.
    applied: AtomicU64,
    /// The same, once everyone has heard of it.
    completed: AtomicU64,
    waiters: Mutex<BTreeMap<u64, Vec<oneshot::Sender<()>>>>,
}

impl Published {
    /// Begins with the state as it was loaded.
    pub fn new(view: ReadView) -> Published {
        let index = view.head().applied.index.0;
        Published {
            view: ArcSwap::from_pointee(view),
            applied: AtomicU64::new(index),
            completed: AtomicU64::new(index),
            waiters: Mutex::new(BTreeMap::new()),
        }
    }

    /// The newest view.
    pub fn view(&self) -> Arc<ReadView> {
        self.view.load_full()
    }

    /// Index of the newest applied entry, counted from 1; 0 when nothing was applied.
    pub fn applied_index(&self) -> u64 {
        self.applied.load(Ordering::Acquire)
    }

    /// Replaces the view.
    pub fn publish(&self, view: ReadView) {
        let index = view.head().applied.index.0;
        self.view.store(Arc::new(view));
        self.applied.store(index, Ordering::Release);
    }

    /// Wakes those who wait for what was published, after observers and proposers have heard of it: whoever waits for
    /// an index finds everything that follows from it.
    pub fn complete(&self) {
        let index = self.applied_index();
        self.completed.store(index, Ordering::Release);
        let mut waiters = self.waiters.lock();
        if waiters.is_empty() {
            return;
        }
        let still_waiting = waiters.split_off(&(index + 1));
        let reached = std::mem::replace(&mut *waiters, still_waiting);
        drop(waiters);
        for sender in reached.into_values().flatten() {
            // Whoever waited may have given up.
            let _ = sender.send(());
        }
    }

    /// Waits until the entry at `index` (counted from 1) is applied and everyone has heard of it.
    pub async fn wait_applied(&self, index: u64) {
        if self.completed.load(Ordering::Acquire) >= index {
            return;
        }
        let (sender, reached) = oneshot::channel();
        {
            let mut waiters = self.waiters.lock();
            if self.completed.load(Ordering::Acquire) >= index {
                return;
            }
            waiters.entry(index).or_default().push(sender);
        }
        // The sender is only dropped with `self`, which the caller borrows.
        let _ = reached.await;
    }
}
