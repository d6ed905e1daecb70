//! The leader's lease clock: deadlines in memory, expiry turned into proposals. Members that do not lead keep
//! nothing here; a new leader starts every lease anew with its full time plus an election timeout (etcd's rule).

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use holdfast_core::apply::LeaseChange;
use holdfast_core::ids::{LeaseId, Term};
use holdfast_core::limits::LEASE_EXPIRE_BATCH_MAX;
use holdfast_core::read::ReadView;
use holdfast_core::rows::RowsFault;
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::lease_deadlines::{Expired, LeaseDeadlines, after};

#[derive(Default)]
struct State {
    leading: Option<Term>,
    deadlines: LeaseDeadlines,
}

/// The clock of one member.
#[derive(Default)]
pub(super) struct LeaseClock {
    state: Mutex<State>,
    /// Woken when the earliest deadline may have moved forward.
    sooner: Notify,
    /// Woken when leases ended, for those who wait for an expiry to become true in the log.
    ended: Notify,
}

/// What the clock says to a renewal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Renewal {
    /// Renewed; the granted time to live.
    Renewed(i64),
    /// There is no such lease.
    Unknown,
    /// Its time is up and its end is on the way into the log.
    Expiring,
    /// This member does not lead.
    NotLeading,
}

impl LeaseClock {
    /// Hears of leases made and ended. Called on the apply thread, in order.
    pub(super) fn applied(&self, changes: &[LeaseChange]) {
        if changes.is_empty() {
            return;
        }
        let mut state = self.state.lock();
        if state.leading.is_none() {
            return;
        }
        let now = Instant::now();
        for change in changes {
            match *change {
                LeaseChange::Granted { id, ttl_seconds } => {
                    state.deadlines.start(id, ttl_seconds, after(now, ttl_seconds));
                }
                LeaseChange::Ended { id } => state.deadlines.remove(id),
            }
        }
        drop(state);
        self.sooner.notify_one();
        self.ended.notify_waiters();
    }

    /// Starts to keep time as the leader of `term`. `newest_view` is read under the lock so that no change falls
    /// between the view and the news that follow it.
    pub(super) fn lead(
        &self,
        term: Term,
        extension: Duration,
        newest_view: impl FnOnce() -> std::sync::Arc<ReadView>,
    ) -> Result<(), RowsFault> {
        let mut state = self.state.lock();
        state.deadlines.clear();
        state.leading = Some(term);
        let now = Instant::now();
        for lease in newest_view().leases()? {
            let deadline = match lease.expiration_unix_nanos {
                Some(expiration) => now + left_until(expiration, lease.granted_ttl_seconds),
                None => after(now, lease.remaining_ttl_seconds) + extension,
            };
            state.deadlines.start(lease.id, lease.granted_ttl_seconds, deadline);
        }
        drop(state);
        self.sooner.notify_one();
        Ok(())
    }

    /// Stops keeping time.
    pub(super) fn follow(&self) {
        let mut state = self.state.lock();
        state.leading = None;
        state.deadlines.clear();
        drop(state);
        self.ended.notify_waiters();
    }

    /// Whether this member keeps time.
    pub(super) fn is_leading(&self) -> bool {
        self.state.lock().leading.is_some()
    }

    /// Renews a lease.
    fn renew(&self, id: LeaseId) -> Renewal {
        let mut state = self.state.lock();
        if state.leading.is_none() {
            return Renewal::NotLeading;
        }
        match state.deadlines.renew(id, Instant::now()) {
            None => Renewal::Unknown,
            Some(Err(Expired)) => Renewal::Expiring,
            Some(Ok(ttl_seconds)) => Renewal::Renewed(ttl_seconds),
        }
    }

    /// Renews a lease; one whose time is up is first waited for until its end is applied, because telling a client
    /// that it is gone before the log says so could be wrong after a change of leader.
    pub(super) async fn renew_or_wait(&self, id: LeaseId) -> Renewal {
        loop {
            let ended = self.ended.notified();
            match self.renew(id) {
                Renewal::Expiring => ended.await,
                answer => return answer,
            }
        }
    }

    /// Whole seconds left and seconds granted; `None` when unknown or when this member does not lead.
    pub(super) fn remaining(&self, id: LeaseId) -> Option<(i64, i64)> {
        let state = self.state.lock();
        let lease = state.deadlines.get(id)?;
        let left = lease.deadline.saturating_duration_since(Instant::now());
        Some((i64::try_from(left.as_secs()).unwrap_or(i64::MAX), lease.granted_ttl_seconds))
    }

    /// All leases by deadline; `None` when this member does not lead.
    pub(super) fn ids_by_deadline(&self) -> Option<Vec<LeaseId>> {
        let state = self.state.lock();
        state.leading.map(|_| state.deadlines.ids_by_deadline())
    }

    /// Waits until leases have run out and returns them with the term to propose their end under.
    pub(super) async fn next_expired(&self) -> (Term, Vec<LeaseId>) {
        loop {
            let sooner = self.sooner.notified();
            let next = {
                let state = self.state.lock();
                if let Some(term) = state.leading {
                    let expired = state.deadlines.expired(Instant::now(), LEASE_EXPIRE_BATCH_MAX);
                    if !expired.is_empty() {
                        return (term, expired);
                    }
                }
                state.deadlines.next_deadline()
            };
            match next {
                None => sooner.await,
                Some(deadline) => {
                    tokio::select! {
                        () = sooner => {}
                        () = tokio::time::sleep_until(deadline.into()) => {}
                    }
                }
            }
        }
    }
}

/// What is left of the time of a node of the v2 API. Its renewals are in the log, so that a new leader knows when it
/// ends, and lets it live no longer than it was given even when this member's clock is behind.
fn left_until(expiration_unix_nanos: i64, ttl_seconds: i64) -> Duration {
    let now_nanos = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
    let expiration_nanos = u128::try_from(expiration_unix_nanos).unwrap_or(0);
    let left_nanos = u64::try_from(expiration_nanos.saturating_sub(now_nanos)).unwrap_or(u64::MAX);
    Duration::from_nanos(left_nanos).min(Duration::from_secs(u64::try_from(ttl_seconds).unwrap_or(0)))
}
