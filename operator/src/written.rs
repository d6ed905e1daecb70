//! When each cluster's status was written last, so that sizes in it are brought up to date now and then, and not with
//! every look.

use std::collections::BTreeMap;
use std::time::Instant;

use crate::context::Key;
use crate::limits::STATUS_REFRESH;

/// Times of the last writes by this process.
#[derive(Debug, Default)]
pub struct Written {
    times: BTreeMap<Key, Instant>,
}

impl Written {
    /// Whether it was long ago, or not by this process.
    #[must_use]
    pub fn is_stale(&self, key: &Key) -> bool {
        self.times.get(key).is_none_or(|time| time.elapsed() >= STATUS_REFRESH)
    }

    /// Notes that it was written now.
    pub fn written(&mut self, key: Key) {
        self.times.insert(key, Instant::now());
    }

    /// Forgets a cluster.
    pub fn remove(&mut self, key: &Key) {
        self.times.remove(key);
    }
}
