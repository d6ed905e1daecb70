//! When leases run out, as the leader sees it: pure bookkeeping over instants that are passed in. Must not read a
//! clock, propose anything or know about Raft.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use holdfast_core::ids::LeaseId;

/// One lease on the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeaseDeadline {
    /// When it runs out.
    pub deadline: Instant,
    /// What it was granted.
    pub granted_ttl_seconds: i64,
}

/// The deadlines of all leases, ordered for expiry.
#[derive(Debug, Default)]
pub struct LeaseDeadlines {
    leases: BTreeMap<LeaseId, LeaseDeadline>,
    order: BTreeSet<(Instant, LeaseId)>,
}

impl LeaseDeadlines {
    /// Starts or restarts a lease of `granted_ttl_seconds` that runs out at `deadline`.
    pub fn start(&mut self, id: LeaseId, granted_ttl_seconds: i64, deadline: Instant) {
        self.remove(id);
        self.leases.insert(id, LeaseDeadline { deadline, granted_ttl_seconds });
        self.order.insert((deadline, id));
    }

    /// Forgets a lease that ended.
    pub fn remove(&mut self, id: LeaseId) {
        if let Some(lease) = self.leases.remove(&id) {
            self.order.remove(&(lease.deadline, id));
        }
    }

    /// Forgets everything, as a member that stopped leading does.
    pub fn clear(&mut self) {
        self.leases.clear();
        self.order.clear();
    }

    /// Renews a lease that has not run out; answers its granted time to live, or `Expired` when its time is up but
    /// its end is not in the log yet. `None` when it is unknown.
    pub fn renew(&mut self, id: LeaseId, now: Instant) -> Option<Result<i64, Expired>> {
        let lease = *self.leases.get(&id)?;
        if lease.deadline <= now {
            return Some(Err(Expired));
        }
        self.start(id, lease.granted_ttl_seconds, after(now, lease.granted_ttl_seconds));
        Some(Ok(lease.granted_ttl_seconds))
    }

    /// One lease.
    pub fn get(&self, id: LeaseId) -> Option<LeaseDeadline> {
        self.leases.get(&id).copied()
    }

    /// Up to `limit` leases whose time is up at `now`, those first that ran out first.
    pub fn expired(&self, now: Instant, limit: usize) -> Vec<LeaseId> {
        self.order
            .iter()
            .take_while(|(deadline, _)| *deadline <= now)
            .take(limit)
            .map(|(_, id)| *id)
            .collect()
    }

    /// The next instant at which a lease runs out.
    pub fn next_deadline(&self) -> Option<Instant> {
        self.order.first().map(|(deadline, _)| *deadline)
    }

    /// All leases, those that run out first first.
    pub fn ids_by_deadline(&self) -> Vec<LeaseId> {
        self.order.iter().map(|(_, id)| *id).collect()
    }
}

/// The instant `seconds` after `now`; negative counts as none.
pub fn after(now: Instant, seconds: i64) -> Instant {
    now + Duration::from_secs(u64::try_from(seconds).unwrap_or(0))
}

/// The lease's time is up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expired;

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: LeaseId = LeaseId(1);
    const TWO: LeaseId = LeaseId(2);

    #[test]
    fn leases_run_out_in_the_order_of_their_deadlines() {
        let start = Instant::now();
        let mut deadlines = LeaseDeadlines::default();
        deadlines.start(ONE, 20, after(start, 20));
        deadlines.start(TWO, 10, after(start, 10));
        assert_eq!(deadlines.ids_by_deadline(), [TWO, ONE]);
        assert_eq!(deadlines.next_deadline(), Some(start + Duration::from_secs(10)));
        assert!(deadlines.expired(start + Duration::from_secs(9), 10).is_empty());
        assert_eq!(deadlines.expired(start + Duration::from_secs(10), 10), [TWO]);
        assert_eq!(deadlines.expired(start + Duration::from_secs(30), 1), [TWO]);
        deadlines.remove(TWO);
        assert_eq!(deadlines.expired(start + Duration::from_secs(30), 10), [ONE]);
    }

    #[test]
    fn a_renewal_restarts_the_full_time_but_never_revives() {
        let start = Instant::now();
        let mut deadlines = LeaseDeadlines::default();
        deadlines.start(ONE, 10, after(start, 11));
        assert_eq!(deadlines.renew(ONE, start + Duration::from_secs(10)), Some(Ok(10)));
        assert_eq!(deadlines.get(ONE).map(|lease| lease.deadline), Some(start + Duration::from_secs(20)));
        assert_eq!(deadlines.renew(ONE, start + Duration::from_secs(20)), Some(Err(Expired)));
        assert_eq!(deadlines.renew(TWO, start), None);
    }

    #[test]
    fn a_second_grant_of_an_id_replaces_the_first() {
        let start = Instant::now();
        let mut deadlines = LeaseDeadlines::default();
        deadlines.start(ONE, 10, after(start, 10));
        deadlines.start(ONE, 60, after(start, 60));
        assert!(deadlines.expired(start + Duration::from_secs(30), 10).is_empty());
        deadlines.clear();
        assert_eq!(deadlines.next_deadline(), None);
    }
}
