//! What clients did and what they were told. Does not judge.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// A write that was acknowledged.
#[derive(Clone, Debug)]
pub struct Acknowledged {
    /// The key, which is written once and never again.
    pub key: String,
    /// Its value.
    pub value: String,
    /// The store's revision in the acknowledgement.
    pub revision: i64,
    /// How many tries it took.
    pub tries: u32,
    /// When it was told.
    pub at: Instant,
}

/// All that the clients of one load did.
#[derive(Clone, Debug)]
pub struct Ledger {
    /// When it began.
    pub begun: Instant,
    /// When it ended.
    pub ended: Instant,
    /// What was acknowledged, in no order.
    pub acknowledged: Vec<Acknowledged>,
    /// Writes that were given up, with the last error.
    pub given_up: Vec<(String, String)>,
    /// Tries that failed and were retried, with the error and when.
    pub failed_tries: Vec<(Instant, String)>,
    /// Linearizable reads that did not find what was acknowledged before them.
    pub stale_reads: Vec<String>,
    /// Linearizable reads that were answered.
    pub reads: usize,
}

/// How steadily writes went through.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Acknowledged writes.
    pub writes: usize,
    /// Failed tries.
    pub failed_tries: usize,
    /// Most tries that a write took.
    pub tries_most: u32,
    /// Longest time without an acknowledged write of anybody.
    pub gap_longest: Duration,
}

impl std::fmt::Display for Pace {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { writes, failed_tries, tries_most, gap_longest } = self;
        let gap = gap_longest.as_millis();
        write!(
            formatter,
            "{writes} writes, longest gap {gap} ms, {failed_tries} failed tries, at most {tries_most} for a write"
        )
    }
}

impl Ledger {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        let now = Instant::now();
        Self {
            begun: now,
            ended: now,
            acknowledged: Vec::new(),
            given_up: Vec::new(),
            failed_tries: Vec::new(),
            stale_reads: Vec::new(),
            reads: 0,
        }
    }

    /// How steadily writes went through, from the first moment to the last.
    #[must_use]
    pub fn pace(&self) -> Pace {
        Pace {
            writes: self.acknowledged.len(),
            failed_tries: self.failed_tries.len(),
            tries_most: self.acknowledged.iter().map(|each| each.tries).max().unwrap_or_default(),
            gap_longest: self.gap_between(self.begun, self.ended),
        }
    }

    /// Longest time without an acknowledged write between two moments.
    #[must_use]
    pub fn gap_between(&self, from: Instant, to: Instant) -> Duration {
        let mut moments: Vec<_> =
            self.acknowledged.iter().map(|each| each.at).filter(|at| (from..=to).contains(at)).collect();
        moments.extend([from, to]);
        moments.sort_unstable();
        moments.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or_default()
    }

    /// The failed tries, by their words, with how often each was met: for messages.
    #[must_use]
    pub fn failures_by_text(&self) -> String {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for (_, text) in &self.failed_tries {
            *counts.entry(text).or_default() += 1;
        }
        let lines: Vec<_> = counts.iter().map(|(text, count)| format!("{count} x {text}")).collect();
        lines.join("; ")
    }
}
