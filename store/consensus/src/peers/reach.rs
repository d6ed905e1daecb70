//! Which peers answer, as a person should hear of it: at once when one does not, now and then while that lasts, and
//! when it is over. Must not decide anything.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use parking_lot::Mutex;

use crate::limits::UNREACHABLE_REPEAT_PAUSE;

/// What is known of the peers that do not answer.
#[derive(Default)]
pub struct Reach {
    /// How many these are, so that the usual answer costs no lock.
    count: AtomicUsize,
    silent: Mutex<BTreeMap<u64, Silence>>,
}

#[derive(Debug, Clone, Copy)]
struct Silence {
    since: Instant,
    told: Instant,
}

impl Reach {
    /// `member` answered.
    pub fn answered(&self, member: u64) {
        if self.count.load(Ordering::Relaxed) == 0 {
            return;
        }
        let mut silent = self.silent.lock();
        if let Some(silence) = silent.remove(&member) {
            self.count.store(silent.len(), Ordering::Relaxed);
            let seconds = silence.since.elapsed().as_secs();
            tracing::info!(member = format_args!("{member:x}"), seconds, "a member is reachable again");
        }
    }

    /// `member` is one no more.
    pub fn forget(&self, member: u64) {
        let mut silent = self.silent.lock();
        silent.remove(&member);
        self.count.store(silent.len(), Ordering::Relaxed);
    }

    /// `member` did not answer at `url`.
    pub fn failed(&self, member: u64, name: &str, url: &str, reason: &str) {
        if self.is_to_be_told(member, Instant::now()) {
            tracing::warn!(
                member = format_args!("{member:x}"),
                name,
                url,
                reason,
                "a member cannot be reached; trying on"
            );
        }
    }

    fn is_to_be_told(&self, member: u64, now: Instant) -> bool {
        let mut silent = self.silent.lock();
        let Some(silence) = silent.get_mut(&member) else {
            silent.insert(member, Silence { since: now, told: now });
            self.count.store(silent.len(), Ordering::Relaxed);
            return true;
        };
        let is_due = now.duration_since(silence.told) >= UNREACHABLE_REPEAT_PAUSE;
        if is_due {
            silence.told = now;
        }
        is_due
    }
}

/// The innermost reason of an error, which is what the system said.
pub fn root_reason(error: &(dyn Error + 'static)) -> String {
    let mut root = error;
    while let Some(source) = root.source() {
        root = source;
    }
    root.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_told_at_once_then_now_and_then_and_anew_after_an_answer() {
        let (reach, start) = (Reach::default(), Instant::now());
        assert!(reach.is_to_be_told(1, start));
        assert!(!reach.is_to_be_told(1, start));
        assert!(reach.is_to_be_told(2, start));
        assert!(reach.is_to_be_told(1, start + UNREACHABLE_REPEAT_PAUSE));
        reach.answered(1);
        assert!(reach.is_to_be_told(1, start + UNREACHABLE_REPEAT_PAUSE));
        assert!(!reach.is_to_be_told(2, start));
    }

    #[test]
    fn the_root_of_an_error_is_named() {
        let system = std::io::Error::from_raw_os_error(111);
        let expected = system.to_string();
        let wrapped = std::io::Error::other(tonic::Status::from_error(Box::new(system)));
        assert_eq!(root_reason(&wrapped), expected);
    }
}
