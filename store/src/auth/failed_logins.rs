//! Slows guessing down: a user name tried from one address has a number of failures free and then one more for each
//! pause. Bounded; when it is full, the entry that failed longest ago goes. Must not tell whether a user exists.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Instant;

use parking_lot::Mutex;

use crate::limits::{FAILED_LOGIN_ENTRIES_MAX, FAILED_LOGIN_PAUSE, FAILED_LOGINS_FREE};

type Key = (Option<IpAddr>, String);

/// Failures of late.
#[derive(Debug, Default)]
pub(super) struct FailedLogins {
    /// Until when each key's failures count: every failure moves it a pause ahead.
    paid_until: Mutex<BTreeMap<Key, Instant>>,
}

impl FailedLogins {
    /// Whether another try is allowed now.
    pub fn admits(&self, user: &str, address: Option<IpAddr>, now: Instant) -> bool {
        let paid_until = self.paid_until.lock();
        let Some(until) = paid_until.get(&(address, user.to_owned())) else { return true };
        until.saturating_duration_since(now) < FAILED_LOGIN_PAUSE * FAILED_LOGINS_FREE
    }

    /// Counts a failure.
    pub fn failed(&self, user: &str, address: Option<IpAddr>, now: Instant) {
        let mut paid_until = self.paid_until.lock();
        let key = (address, user.to_owned());
        if !paid_until.contains_key(&key) && paid_until.len() >= FAILED_LOGIN_ENTRIES_MAX {
            paid_until.retain(|_, until| *until > now);
            let oldest = paid_until.iter().min_by_key(|(_, until)| **until).map(|(key, _)| key.clone());
            if let Some(oldest) = oldest.filter(|_| paid_until.len() >= FAILED_LOGIN_ENTRIES_MAX) {
                paid_until.remove(&oldest);
            }
        }
        let until = paid_until.entry(key).or_insert(now);
        *until = (*until).max(now) + FAILED_LOGIN_PAUSE;
    }

    /// Forgets the failures of a user that is in.
    pub fn succeeded(&self, user: &str, address: Option<IpAddr>) {
        self.paid_until.lock().remove(&(address, user.to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_free_up_to_a_number_and_then_cost_time() {
        let logins = FailedLogins::default();
        let begin = Instant::now();
        for _ in 0..FAILED_LOGINS_FREE {
            assert!(logins.admits("u", None, begin));
            logins.failed("u", None, begin);
        }
        assert!(!logins.admits("u", None, begin));
        assert!(logins.admits("v", None, begin), "another user is not concerned");
        let elsewhere = Some(IpAddr::from([127, 0, 0, 1]));
        assert!(logins.admits("u", elsewhere, begin), "nor is another address");
        assert!(logins.admits("u", None, begin + FAILED_LOGIN_PAUSE + FAILED_LOGIN_PAUSE / 2));
    }

    #[test]
    fn a_success_clears_the_slate() {
        let logins = FailedLogins::default();
        let now = Instant::now();
        for _ in 0..FAILED_LOGINS_FREE {
            logins.failed("u", None, now);
        }
        logins.succeeded("u", None);
        assert!(logins.admits("u", None, now));
    }

    #[test]
    fn many_names_do_not_grow_it_beyond_its_bound() {
        let logins = FailedLogins::default();
        let now = Instant::now();
        for number in 0..FAILED_LOGIN_ENTRIES_MAX + 10 {
            logins.failed(&number.to_string(), None, now + FAILED_LOGIN_PAUSE / 100);
        }
        assert_eq!(logins.paid_until.lock().len(), FAILED_LOGIN_ENTRIES_MAX);
    }
}
