//! Counts credentials that were refused, by reason and nothing else: whose they were is for the log. Must hold numbers
//! only.

use std::sync::atomic::{AtomicU64, Ordering};

/// Why credentials are refused, as metrics tell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalReason {
    /// The name or the password is wrong.
    Password,
    /// The token is void.
    Token,
    /// They were not looked at: too many of this user from this address failed before.
    Limited,
    /// They were not looked at: too many others wait.
    Busy,
}

/// How often each happened since the start.
#[derive(Debug, Default)]
pub(super) struct RefusalCounts([AtomicU64; 4]);

impl RefusalReason {
    const ALL: [RefusalReason; 4] =
        [RefusalReason::Busy, RefusalReason::Limited, RefusalReason::Password, RefusalReason::Token];

    fn name(self) -> &'static str {
        match self {
            RefusalReason::Password => "password",
            RefusalReason::Token => "token",
            RefusalReason::Limited => "limited",
            RefusalReason::Busy => "busy",
        }
    }
}

impl RefusalCounts {
    /// Counts one.
    pub fn add(&self, reason: RefusalReason) {
        self.0[reason as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// All of them, by the reason's name.
    pub fn all(&self) -> impl Iterator<Item = (&'static str, u64)> {
        RefusalReason::ALL
            .into_iter()
            .map(|reason| (reason.name(), self.0[reason as usize].load(Ordering::Relaxed)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_is_counted_under_its_own_name() {
        let counts = RefusalCounts::default();
        for (times, reason) in RefusalReason::ALL.into_iter().enumerate() {
            for _ in 0..times {
                counts.add(reason);
            }
        }
        let all: Vec<_> = counts.all().collect();
        assert_eq!(all, [("busy", 0), ("limited", 1), ("password", 2), ("token", 3)]);
    }
}
