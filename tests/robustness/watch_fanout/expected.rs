//! The events of a run, known before it begins: which key each is about. Their values are their numbers. At which
//! revisions they happen is learned once and must then be the same for whoever is told.

use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;

/// Width of a key's number.
const DIGITS: usize = 6;

/// The events of a run.
#[derive(Debug)]
pub struct Expected {
    keys: Vec<usize>,
    key_count: usize,
    revisions: Vec<AtomicI64>,
    written: AtomicUsize,
    watching: AtomicUsize,
}

/// The key with a number.
pub fn key(number: usize) -> Bytes {
    format!("k{number:0DIGITS$}").into()
}

impl Expected {
    /// `events` events spread over `key_count` keys by chance.
    pub fn new(events: usize, key_count: usize, random: &mut fastrand::Rng) -> Expected {
        Expected {
            keys: (0..events).map(|_| random.usize(..key_count)).collect(),
            key_count,
            revisions: (0..events).map(|_| AtomicI64::new(0)).collect(),
            written: AtomicUsize::new(0),
            watching: AtomicUsize::new(0),
        }
    }

    /// How many events there are.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// How many keys there are.
    pub fn key_count(&self) -> usize {
        self.key_count
    }

    /// The number of the key that an event is about.
    pub fn key_of(&self, event: usize) -> usize {
        self.keys[event]
    }

    /// Learns the revision of an event, or compares it with what was learned; returns what it should be if it differs.
    pub fn learn_revision(&self, event: usize, revision: i64) -> Result<(), i64> {
        let known = self.revisions[event].compare_exchange(0, revision, Ordering::Relaxed, Ordering::Relaxed);
        match known {
            Err(known) if known != revision => Err(known),
            _ => Ok(()),
        }
    }

    /// All events before this one were acknowledged.
    pub fn set_written(&self, events: usize) {
        self.written.store(events, Ordering::Relaxed);
    }

    /// One more stream has all of its watchers.
    pub fn add_watching(&self) {
        self.watching.fetch_add(1, Ordering::Relaxed);
    }

    /// Waits until so many events were acknowledged.
    pub async fn wait_written(&self, events: usize, deadline: Duration) {
        wait(&self.written, events, "written events", deadline).await;
    }

    /// Waits until so many streams have all of their watchers.
    pub async fn wait_watching(&self, streams: usize, deadline: Duration) {
        wait(&self.watching, streams, "watching streams", deadline).await;
    }
}

async fn wait(count: &AtomicUsize, wanted: usize, what: &str, deadline: Duration) {
    let start = Instant::now();
    while count.load(Ordering::Relaxed) < wanted {
        let found = count.load(Ordering::Relaxed);
        assert!(start.elapsed() < deadline, "{found} of {wanted} {what} after {deadline:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
