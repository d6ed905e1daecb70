//! Judges what clients were told against what the store says: nothing acknowledged is lost, nothing happens twice, no
//! revision goes back, no read was stale. Pure: it does no I/O and knows no server.

use std::collections::{BTreeMap, HashMap};
use std::time::Instant;

use crate::history::{Change, History};
use crate::ledger::{Attempt, Found, Ledger, Outcome, Read, Write};

/// More than this many violations say nothing new.
const VIOLATIONS_SHOWN_MAX: usize = 12;

/// What the store did that it must not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Violation {
    /// A revision is missing, came twice or came out of order.
    NotNext { expected: i64, found: i64 },
    /// A revision holds what no client wrote.
    Stranger { revision: i64, key: String, value: Option<String> },
    /// An attempt happened at two revisions.
    Twice { mark: String, first: i64, second: i64 },
    /// An attempt happened in part, or with other keys or values.
    OtherContent { revision: i64, expected: Vec<Write>, found: Vec<Write> },
    /// An attempt happened at another revision than its client was told.
    OtherRevision { mark: String, told: i64, found: i64 },
    /// An attempt happened that its client was told had not.
    RefusedYetDone { mark: String, revision: i64 },
    /// An acknowledged attempt never happened.
    Lost { mark: String, told: i64 },
    /// An attempt began after another was acknowledged at a higher revision.
    WentBack { mark: String, revision: i64, floor: i64 },
    /// A change carries a wrong version or create revision.
    OtherCounters { change: Change, version: i64, create_revision: i64 },
    /// The keys are not what the changes make of them.
    OtherKey { key: String, changes_say: Option<Found>, store_says: Option<Found> },
    /// A linearizable read answered from before what its client could know.
    StaleRead { key: String, floor: i64, revision: i64 },
    /// A read found something that was never so at its revision.
    WrongRead { read: String, expected: Option<Found> },
}

#[derive(Clone, Debug)]
struct Version {
    found: Found,
    version: i64,
    create_revision: i64,
}

/// The judge. Knows the whole past of the store, which it is told in steps.
#[derive(Debug)]
pub struct Auditor {
    /// Judged up to here.
    revision: i64,
    attempts: Vec<Attempt>,
    by_mark: HashMap<String, usize>,
    seen: Vec<Option<i64>>,
    state: BTreeMap<String, Version>,
    past: HashMap<String, Vec<(i64, Option<Found>)>>,
    violations: Vec<Violation>,
}

impl Auditor {
    /// A judge of a store that is empty and stands at `revision`.
    pub fn new(revision: i64) -> Auditor {
        Auditor {
            revision,
            attempts: Vec::new(),
            by_mark: HashMap::new(),
            seen: Vec::new(),
            state: BTreeMap::new(),
            past: HashMap::new(),
            violations: Vec::new(),
        }
    }

    /// The revision up to which everything was judged.
    pub fn revision(&self) -> i64 {
        self.revision
    }

    /// Judges what was done since the last step: the ledger of those whose attempts have ended, and the store's
    /// history since `revision()`, read afterwards.
    pub fn judge(&mut self, ledger: Ledger, history: &History) -> Vec<Violation> {
        let first_new = self.attempts.len();
        for attempt in ledger.attempts {
            self.by_mark.insert(attempt.mark().to_owned(), self.attempts.len());
            self.attempts.push(attempt);
            self.seen.push(None);
        }
        for group in history.changes.chunk_by(|one, next| one.revision == next.revision) {
            self.judge_revision(group);
        }
        if self.revision != history.revision {
            self.violations.push(Violation::NotNext { expected: self.revision, found: history.revision });
            self.revision = history.revision;
        }
        self.judge_keys(history);
        self.judge_lost(first_new);
        self.judge_order(first_new);
        for read in &ledger.reads {
            self.judge_read(read);
        }
        std::mem::take(&mut self.violations)
    }

    /// Like `judge`, for a scenario: it fails when there is a violation.
    pub fn demand(&mut self, ledger: Ledger, history: &History) {
        let violations = self.judge(ledger, history);
        let shown = &violations[..violations.len().min(VIOLATIONS_SHOWN_MAX)];
        assert!(violations.is_empty(), "{} violations, the first: {shown:#?}", violations.len());
    }

    fn judge_revision(&mut self, group: &[Change]) {
        let revision = group[0].revision;
        if revision != self.revision + 1 {
            self.violations.push(Violation::NotNext { expected: self.revision + 1, found: revision });
        }
        self.revision = revision;
        let mark = group.iter().find_map(|change| change.value.clone());
        let attempt = mark.and_then(|mark| self.by_mark.get(&mark).copied());
        if let Some(attempt) = attempt {
            self.judge_attempt(attempt, group);
        } else {
            let (key, value) = (group[0].key.clone(), group[0].value.clone());
            self.violations.push(Violation::Stranger { revision, key, value });
        }
        for change in group {
            self.fold(change);
        }
    }

    fn judge_attempt(&mut self, index: usize, group: &[Change]) {
        let revision = group[0].revision;
        let attempt = &self.attempts[index];
        let mark = attempt.mark().to_owned();
        if let Some(first) = self.seen[index] {
            self.violations.push(Violation::Twice { mark, first, second: revision });
            return;
        }
        self.seen[index] = Some(revision);
        // Deleting what is not there changes nothing.
        let changes = |write: &&Write| write.value.is_some() || self.state.contains_key(&write.key);
        let expected: Vec<Write> = attempt.writes.iter().filter(changes).cloned().collect();
        let found: Vec<Write> = group
            .iter()
            .map(|change| Write { key: change.key.clone(), value: change.value.clone() })
            .collect();
        if expected != found {
            self.violations.push(Violation::OtherContent { revision, expected, found });
        }
        match attempt.outcome {
            Outcome::Acknowledged(told) if told != revision => {
                self.violations.push(Violation::OtherRevision { mark, told, found: revision });
            }
            Outcome::Refused(_) => self.violations.push(Violation::RefusedYetDone { mark, revision }),
            Outcome::Acknowledged(_) | Outcome::Unknown(_) => {}
        }
    }

    fn fold(&mut self, change: &Change) {
        let found = change.value.clone().map(|value| Found { value, mod_revision: change.revision });
        let before = self.state.remove(&change.key);
        let (mut version, mut create_revision) = (0, 0);
        if let Some(found) = found.clone() {
            version = before.as_ref().map_or(1, |before| before.version + 1);
            create_revision = before.map_or(change.revision, |before| before.create_revision);
            self.state.insert(change.key.clone(), Version { found, version, create_revision });
        }
        if (change.version, change.create_revision) != (version, create_revision) {
            let change = change.clone();
            self.violations.push(Violation::OtherCounters { change, version, create_revision });
        }
        self.past.entry(change.key.clone()).or_default().push((change.revision, found));
    }

    fn judge_keys(&mut self, history: &History) {
        let mut store: BTreeMap<String, Found> = BTreeMap::new();
        for kv in &history.keys {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            let found = Found { value: text(&kv.value), mod_revision: kv.mod_revision };
            store.insert(text(&kv.key), found);
        }
        for (key, version) in &self.state {
            let store_says = store.remove(key);
            let changes_say = Some(version.found.clone());
            if store_says != changes_say {
                self.violations.push(Violation::OtherKey { key: key.clone(), changes_say, store_says });
            }
        }
        for (key, found) in store {
            self.violations.push(Violation::OtherKey { key, changes_say: None, store_says: Some(found) });
        }
    }

    fn judge_lost(&mut self, first_new: usize) {
        for (attempt, seen) in self.attempts.iter().zip(&self.seen).skip(first_new) {
            if let (Outcome::Acknowledged(told), None) = (&attempt.outcome, seen) {
                self.violations.push(Violation::Lost { mark: attempt.mark().to_owned(), told: *told });
            }
        }
    }

    /// Real time orders revisions: whoever began after an acknowledgement comes after it.
    fn judge_order(&mut self, first_new: usize) {
        let new = self.attempts.iter().zip(&self.seen).skip(first_new);
        let mut begun: Vec<(Instant, i64, &str)> = Vec::new();
        let mut acknowledged: Vec<(Instant, i64)> = Vec::new();
        for (attempt, seen) in new {
            if let Some(revision) = *seen {
                begun.push((attempt.started, revision, attempt.mark()));
            }
            if let Outcome::Acknowledged(revision) = attempt.outcome {
                acknowledged.push((attempt.ended, revision));
            }
        }
        begun.sort_unstable();
        acknowledged.sort_unstable();
        let mut acknowledged = acknowledged.into_iter().peekable();
        let mut floor = 0;
        for (started, revision, mark) in begun {
            while let Some((_, told)) = acknowledged.next_if(|(ended, _)| *ended < started) {
                floor = floor.max(told);
            }
            if revision <= floor {
                self.violations.push(Violation::WentBack { mark: mark.to_owned(), revision, floor });
            }
        }
    }

    fn judge_read(&mut self, read: &Read) {
        if read.revision < read.floor {
            let (key, floor, revision) = (read.key.clone(), read.floor, read.revision);
            self.violations.push(Violation::StaleRead { key, floor, revision });
        }
        let past = self.past.get(&read.key).map_or(&[][..], Vec::as_slice);
        let count = past.partition_point(|(revision, _)| *revision <= read.revision);
        let expected = count.checked_sub(1).and_then(|newest| past[newest].1.clone());
        if expected != read.found {
            self.violations.push(Violation::WrongRead { read: format!("{read:?}"), expected });
        }
    }
}

#[cfg(test)]
mod tests;
