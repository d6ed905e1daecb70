//! Each violation is found in a history that has it, and none in a good one.

use std::time::{Duration, Instant};

use holdfast_proto::mvccpb::KeyValue;

use super::{Auditor, Violation};
use crate::history::{Change, History};
use crate::ledger::{Attempt, Found, Ledger, Outcome, Read, Write};

fn write(key: &str, value: &str) -> Write {
    Write { key: key.to_owned(), value: Some(value.to_owned()) }
}

/// Attempts one after the other, each over before the next begins.
fn ledger(attempts: Vec<(Vec<Write>, Outcome)>) -> Ledger {
    let start = Instant::now();
    let attempts = attempts.into_iter().zip(0..).map(|((writes, outcome), number)| {
        let started = start + Duration::from_secs(2 * number);
        Attempt { writes, started, ended: started + Duration::from_secs(1), outcome }
    });
    Ledger { attempts: attempts.collect(), reads: Vec::new() }
}

fn put(revision: i64, key: &str, value: &str, version: i64, create_revision: i64) -> Change {
    Change { revision, key: key.to_owned(), value: Some(value.to_owned()), version, create_revision }
}

fn delete(revision: i64, key: &str) -> Change {
    Change { revision, key: key.to_owned(), value: None, version: 0, create_revision: 0 }
}

fn history(changes: Vec<Change>, keys: &[(&str, &str, i64)]) -> History {
    let keys = keys.iter().map(|(key, value, mod_revision)| KeyValue {
        key: (*key).to_owned().into(),
        value: (*value).to_owned().into(),
        mod_revision: *mod_revision,
        ..KeyValue::default()
    });
    let revision = changes.last().map_or(1, |change| change.revision);
    History { revision, changes, keys: keys.collect() }
}

fn good_ledger() -> Ledger {
    ledger(vec![
        (vec![write("a", "1")], Outcome::Acknowledged(2)),
        (vec![write("a", "2"), write("b", "2+")], Outcome::Unknown("gone".to_owned())),
        (vec![write("a", "3")], Outcome::Refused("full".to_owned())),
        (vec![Write { key: "b".to_owned(), value: None }, write("a", "4")], Outcome::Acknowledged(4)),
        (vec![write("c", "5")], Outcome::Unknown("gone".to_owned())),
    ])
}

fn good_changes() -> Vec<Change> {
    vec![
        put(2, "a", "1", 1, 2),
        put(3, "a", "2", 2, 2),
        put(3, "b", "2+", 1, 3),
        delete(4, "b"),
        put(4, "a", "4", 3, 2),
    ]
}

fn judge(ledger: Ledger, history: &History) -> Vec<Violation> {
    Auditor::new(1).judge(ledger, history)
}

#[test]
fn a_good_history_has_no_violation() {
    assert_eq!(judge(good_ledger(), &history(good_changes(), &[("a", "4", 4)])), []);
}

#[test]
fn an_unknown_attempt_may_turn_up_in_a_later_step() {
    let mut auditor = Auditor::new(1);
    assert_eq!(auditor.judge(good_ledger(), &history(good_changes(), &[("a", "4", 4)])), []);
    let late = history(vec![put(5, "c", "5", 1, 5)], &[("a", "4", 4), ("c", "5", 5)]);
    assert_eq!(auditor.judge(Ledger::default(), &late), []);
    assert_eq!(auditor.revision(), 5);
}

#[test]
fn a_lost_write_is_found() {
    let mut changes = good_changes();
    changes.truncate(3);
    let found = judge(good_ledger(), &history(changes, &[("a", "2", 3), ("b", "2+", 3)]));
    assert_eq!(found, [Violation::Lost { mark: "4".to_owned(), told: 4 }]);
}

#[test]
fn a_write_applied_twice_is_found() {
    let mut changes = good_changes();
    changes.push(put(5, "a", "4", 4, 2));
    let found = judge(good_ledger(), &history(changes, &[("a", "4", 5)]));
    assert_eq!(found, [Violation::Twice { mark: "4".to_owned(), first: 4, second: 5 }]);
}

#[test]
fn a_dropped_event_is_found() {
    let changes: Vec<Change> = good_changes().into_iter().filter(|change| change.revision != 3).collect();
    let found = judge(good_ledger(), &history(changes, &[("a", "4", 4)]));
    assert!(found.contains(&Violation::NotNext { expected: 3, found: 4 }), "{found:?}");
}

#[test]
fn half_a_transaction_is_found() {
    let mut changes = good_changes();
    changes.remove(2);
    changes.remove(2);
    let found = judge(good_ledger(), &history(changes, &[("a", "4", 4)]));
    let half = |violation: &Violation| matches!(violation, Violation::OtherContent { revision: 3, .. });
    assert!(found.iter().any(half), "{found:?}");
}

#[test]
fn a_refused_write_that_was_done_is_found() {
    let mut changes = good_changes();
    changes.push(put(5, "a", "3", 4, 2));
    let found = judge(good_ledger(), &history(changes, &[("a", "3", 5)]));
    assert_eq!(found, [Violation::RefusedYetDone { mark: "3".to_owned(), revision: 5 }]);
}

#[test]
fn another_revision_than_told_and_one_that_went_back_are_found() {
    let told = ledger(vec![
        (vec![write("a", "1")], Outcome::Acknowledged(3)),
        (vec![write("a", "2")], Outcome::Unknown("gone".to_owned())),
    ]);
    let changes = vec![put(2, "a", "2", 1, 2), put(3, "a", "1", 2, 2)];
    let found = judge(told, &history(changes.clone(), &[("a", "1", 3)]));
    assert_eq!(found, [Violation::WentBack { mark: "2".to_owned(), revision: 2, floor: 3 }]);
    let told = ledger(vec![
        (vec![write("a", "2")], Outcome::Acknowledged(2)),
        (vec![write("a", "1")], Outcome::Acknowledged(4)),
    ]);
    let found = judge(told, &history(changes, &[("a", "1", 3)]));
    assert_eq!(found, [Violation::OtherRevision { mark: "1".to_owned(), told: 4, found: 3 }]);
}

#[test]
fn keys_and_counters_that_do_not_follow_from_the_changes_are_found() {
    let found = judge(good_ledger(), &history(good_changes(), &[("a", "2", 3)]));
    assert!(matches!(&found[..], [Violation::OtherKey { .. }]), "{found:?}");
    let found = judge(good_ledger(), &history(good_changes(), &[("a", "4", 4), ("z", "9", 4)]));
    assert!(matches!(&found[..], [Violation::OtherKey { changes_say: None, .. }]), "{found:?}");
    let mut changes = good_changes();
    changes[1].version = 3;
    let found = judge(good_ledger(), &history(changes, &[("a", "4", 4)]));
    assert!(matches!(&found[..], [Violation::OtherCounters { version: 2, .. }]), "{found:?}");
}

#[test]
fn a_value_that_nobody_wrote_is_found() {
    let mut changes = good_changes();
    changes.push(put(5, "a", "x", 4, 2));
    let found = judge(good_ledger(), &history(changes, &[("a", "x", 5)]));
    assert!(matches!(&found[..], [Violation::Stranger { revision: 5, .. }]), "{found:?}");
}

#[test]
fn stale_and_wrong_reads_are_found() {
    let read = |floor, revision, found: Option<(&str, i64)>| Read {
        key: "a".to_owned(),
        floor,
        revision,
        found: found.map(|(value, mod_revision)| Found { value: value.to_owned(), mod_revision }),
    };
    let judged = |read: Read| {
        let mut ledger = good_ledger();
        ledger.reads.push(read);
        judge(ledger, &history(good_changes(), &[("a", "4", 4)]))
    };
    assert_eq!(judged(read(3, 3, Some(("2", 3)))), []);
    assert_eq!(judged(read(0, 1, None)), []);
    let stale = Violation::StaleRead { key: "a".to_owned(), floor: 4, revision: 3 };
    assert_eq!(judged(read(4, 3, Some(("2", 3)))), [stale]);
    assert!(matches!(&judged(read(0, 4, Some(("2", 3))))[..], [Violation::WrongRead { .. }]));
    assert!(matches!(&judged(read(0, 2, None))[..], [Violation::WrongRead { .. }]));
}
