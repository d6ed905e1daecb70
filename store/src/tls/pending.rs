//! Handshakes under way. Above the limit the oldest is cut off, not the newest refused: an honest one takes
//! milliseconds, and what is old is slow on purpose.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::oneshot;

/// All of one kind of port.
#[derive(Debug, Default)]
pub(super) struct Pending {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    next: u64,
    /// By age. Dropping a sender cuts its handshake off.
    under_way: BTreeMap<u64, oneshot::Sender<()>>,
}

/// One handshake; leaves when dropped.
pub(super) struct Entry {
    pending: Arc<Pending>,
    number: u64,
    cut_off: oneshot::Receiver<()>,
}

impl Pending {
    /// Another one begins; `max` may be under way with it.
    pub(super) fn enter(self: &Arc<Pending>, max: usize) -> Entry {
        let (sender, cut_off) = oneshot::channel();
        let mut state = self.state.lock();
        let number = state.next;
        state.next += 1;
        state.under_way.insert(number, sender);
        if state.under_way.len() > max {
            state.under_way.pop_first();
        }
        Entry { pending: Arc::clone(self), number, cut_off }
    }
}

impl Entry {
    /// Resolves when it has to make room.
    pub(super) async fn cut_off(&mut self) {
        // Nothing is ever sent.
        let _ = (&mut self.cut_off).await;
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.pending.state.lock().under_way.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt as _;

    #[test]
    fn the_oldest_makes_room() {
        let pending = Arc::new(Pending::default());
        let mut first = pending.enter(2);
        let mut second = pending.enter(2);
        assert!(first.cut_off().now_or_never().is_none());
        drop(second);
        second = pending.enter(2);
        assert!(first.cut_off().now_or_never().is_none());
        let mut third = pending.enter(2);
        assert!(first.cut_off().now_or_never().is_some());
        assert!(second.cut_off().now_or_never().is_none());
        assert!(third.cut_off().now_or_never().is_none());
    }
}
