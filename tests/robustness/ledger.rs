//! What clients did and what they were told. Must not judge: whether it fits what the store holds is the audit's part.

use std::time::{Duration, Instant};

/// What an attempt does to one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// The key.
    pub key: String,
    /// The new value, of which no other attempt writes the same; `None` deletes.
    pub value: Option<String>,
}

/// What a client was told of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is in the store, at this revision.
    Acknowledged(i64),
    /// It is not in the store and never will be.
    Refused(String),
    /// Nothing: it may come into the store once, now or later, or never.
    Unknown(String),
}

/// One write of one or more keys, all or nothing.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// Its parts, in order; at least one has a value.
    pub writes: Vec<Write>,
    /// When the client began.
    pub started: Instant,
    /// When the client knew all it ever would.
    pub ended: Instant,
    /// What it knew then.
    pub outcome: Outcome,
}

/// What a read found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The value.
    pub value: String,
    /// The revision that wrote it.
    pub mod_revision: i64,
}

/// One answered read of one key.
#[derive(Clone, Debug)]
pub struct Read {
    /// The key.
    pub key: String,
    /// The newest revision that any client had been told of before the read began, which it must therefore see; 0
    /// for a read that may be stale.
    pub floor: i64,
    /// The store's revision that the answer speaks of.
    pub revision: i64,
    /// The key as of then.
    pub found: Option<Found>,
}

/// All that was done.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    /// Writes, in no order.
    pub attempts: Vec<Attempt>,
    /// Reads, in no order.
    pub reads: Vec<Read>,
}

impl Attempt {
    /// The value that tells this attempt from all others.
    pub fn mark(&self) -> &str {
        let mark = self.writes.iter().find_map(|write| write.value.as_deref());
        mark.expect("every attempt writes a value")
    }
}

impl Ledger {
    /// Takes over what another client did.
    pub fn extend(&mut self, other: Ledger) {
        self.attempts.extend(other.attempts);
        self.reads.extend(other.reads);
    }

    /// How many attempts were acknowledged.
    pub fn acknowledged(&self) -> usize {
        self.attempts.iter().filter(|attempt| matches!(attempt.outcome, Outcome::Acknowledged(_))).count()
    }

    /// How long after `moment` the first write was acknowledged that began after it.
    pub fn resumed_after(&self, moment: Instant) -> Option<Duration> {
        let later = self.attempts.iter().filter(|attempt| {
            attempt.started >= moment && matches!(attempt.outcome, Outcome::Acknowledged(_))
        });
        later.map(|attempt| attempt.ended - moment).min()
    }
}
