//! Unit tests of apply: what each command answers and leaves behind.

use super::*;
use crate::error::{CompactError, LeaseGrantError, LeaseRevokeError, PutError, TxnError};
use crate::ids::{LogIndex, MemberId, Term};
use crate::key_range::KeyRange;
use crate::request::{DeleteRangeRequest, PutRequest};
use crate::response::{Alarm, AlarmKind, DeleteRangeResponse, EventKind, KeyValue, PutResponse};
use crate::test_store::{TERM, TestStore, put};

mod auth;
mod invariants;

fn prev_of(response: Response) -> Option<KeyValue> {
    match response {
        Response::Put(PutResponse { prev_kv }) => prev_kv,
        other => panic!("not the answer of a put: {other:?}"),
    }
}

fn kv(key: &'static str, value: &'static str, numbers: (i64, i64, i64)) -> KeyValue {
    KeyValue {
        key: key.into(),
        value: value.into(),
        create_revision: Revision(numbers.0),
        mod_revision: Revision(numbers.1),
        version: numbers.2,
        lease: LeaseId::NONE,
    }
}

#[test]
fn a_fresh_store_stands_at_revision_1_and_the_first_write_makes_2() {
    let mut store = TestStore::new();
    assert_eq!((store.revision(), store.machine.head().compacted), (Revision(1), Revision(-1)));
    assert_eq!(store.put("a", "1"), Revision(2));
    assert_eq!(store.get("a"), Some(kv("a", "1", (2, 2, 1))));
    store.check_invariants();
}

#[test]
fn an_update_keeps_the_create_revision_and_a_put_after_a_deletion_starts_anew() {
    let mut store = TestStore::new();
    store.put("a", "1");
    store.put("a", "2");
    assert_eq!(store.get("a"), Some(kv("a", "2", (2, 3, 2))));
    assert_eq!(store.delete("a"), 1);
    assert_eq!((store.get("a"), store.revision()), (None, Revision(4)));
    store.put("a", "3");
    assert_eq!(store.get("a"), Some(kv("a", "3", (5, 5, 1))));
    store.check_invariants();
}

#[test]
fn prev_kv_is_answered_only_when_asked_for_and_there() {
    let mut store = TestStore::new();
    let ask = |value| Operation::Put(PutRequest { prev_kv: true, ..put("a", value) });
    assert_eq!(prev_of(store.apply(ask("1")).unwrap()), None);
    assert_eq!(prev_of(store.apply(ask("2")).unwrap()), Some(kv("a", "1", (2, 2, 1))));
    assert_eq!(prev_of(store.apply(Operation::Put(put("a", "3"))).unwrap()), None);
    store.delete("a");
    assert_eq!(prev_of(store.apply(ask("4")).unwrap()), None);
}

#[test]
fn every_event_tells_the_version_before_it_and_a_deletion_only_key_and_revision() {
    let mut store = TestStore::new();
    store.put("a", "1");
    let event = store.effects.events[0].events[0].clone();
    assert_eq!((event.kind, event.kv, event.prev_kv), (EventKind::Put, kv("a", "1", (2, 2, 1)), None));
    store.put("a", "2");
    assert_eq!(store.effects.events[0].events[0].prev_kv, Some(kv("a", "1", (2, 2, 1))));
    store.delete("a");
    let event = store.effects.events[0].events[0].clone();
    assert_eq!((event.kind, event.kv), (EventKind::Delete, kv("a", "", (0, 4, 0))));
    assert_eq!(event.prev_kv, Some(kv("a", "2", (2, 3, 2))));
    store.put("a", "3");
    assert_eq!(store.effects.events[0].events[0].prev_kv, None);
}

#[test]
fn ignore_value_and_ignore_lease_keep_what_is_stored() {
    let mut store = TestStore::new();
    store.grant(5);
    store.put_with_lease("a", "1", 5);
    let keep_value = PutRequest { ignore_value: true, ..put("a", "") };
    store.apply(Operation::Put(keep_value.clone())).unwrap();
    let now = store.get("a").unwrap();
    assert_eq!((now.value.as_ref(), now.lease, now.version), (b"1".as_slice(), LeaseId::NONE, 2));
    assert_eq!(store.view().lease_keys(LeaseId(5)).unwrap(), Vec::<Bytes>::new());
    store.put_with_lease("a", "1", 5);
    let keep_lease = PutRequest { ignore_lease: true, ..put("a", "2") };
    store.apply(Operation::Put(keep_lease.clone())).unwrap();
    let now = store.get("a").unwrap();
    assert_eq!((now.value.as_ref(), now.lease), (b"2".as_slice(), LeaseId(5)));
    store.check_invariants();
    store.delete("a");
    let revision = store.revision();
    for request in [keep_value, keep_lease] {
        assert_eq!(store.apply(Operation::Put(request)), Err(PutError::KeyNotFound.into()));
    }
    assert_eq!(store.revision(), revision);
}

#[test]
fn a_put_needs_its_lease_and_moves_the_key_between_leases() {
    let mut store = TestStore::new();
    let request = PutRequest { lease: LeaseId(5), ..put("a", "1") };
    assert_eq!(store.apply(Operation::Put(request)), Err(PutError::LeaseNotFound.into()));
    assert_eq!(store.revision(), Revision(1));
    store.grant(5);
    store.grant(6);
    store.put_with_lease("a", "1", 5);
    store.put_with_lease("a", "1", 6);
    assert_eq!(store.view().lease_keys(LeaseId(5)).unwrap(), Vec::<Bytes>::new());
    assert_eq!(store.view().lease_keys(LeaseId(6)).unwrap(), ["a"]);
    store.put("a", "detached");
    assert_eq!(store.view().lease_keys(LeaseId(6)).unwrap(), Vec::<Bytes>::new());
    store.check_invariants();
}

#[test]
fn a_missing_lease_is_refused_before_a_missing_key() {
    let mut store = TestStore::new();
    let request = PutRequest { lease: LeaseId(5), ignore_value: true, ..put("a", "") };
    assert_eq!(store.apply(Operation::Put(request)), Err(PutError::LeaseNotFound.into()));
}

#[test]
fn a_deletion_takes_a_revision_only_when_it_deletes() {
    let mut store = TestStore::new();
    store.put("a", "1");
    store.put("b", "2");
    assert_eq!(store.delete("c"), 0);
    assert_eq!(store.delete_range(KeyRange::Bounded { start: "b".into(), end: "a".into() }), 0);
    assert_eq!(store.revision(), Revision(3));
    assert!(store.effects.events.is_empty());
    let range = KeyRange::prefix(b"");
    let response = store.apply(Operation::DeleteRange(DeleteRangeRequest { range, prev_kv: true })).unwrap();
    let prev_kvs = vec![kv("a", "1", (2, 2, 1)), kv("b", "2", (3, 3, 1))];
    assert_eq!(response, Response::DeleteRange(DeleteRangeResponse { deleted: 2, prev_kvs }));
    assert_eq!(store.revision(), Revision(4));
    let keys: Vec<_> = store.effects.events[0].events.iter().map(|event| event.kv.key.clone()).collect();
    assert_eq!(keys, ["a", "b"]);
    assert_eq!(store.delete_range(KeyRange::prefix(b"")), 0, "tombstones are not deleted again");
    store.check_invariants();
}

#[test]
fn compaction_refuses_the_past_and_the_future_and_keeps_its_own_revision_readable() {
    let mut store = TestStore::new();
    assert_eq!(store.compact(-1), Err(CompactError::Compacted { compacted: Revision(-1) }.into()));
    assert_eq!(store.compact(0), Ok(Response::Compact), "0 is allowed on a fresh store");
    assert_eq!(store.compact(2), Err(CompactError::Future { newest: Revision(1) }.into()));
    store.put("a", "1");
    store.put("a", "2");
    store.put("a", "3");
    assert_eq!(store.compact(3), Ok(Response::Compact));
    assert_eq!(store.effects.compacted, Some(Revision(3)));
    assert_eq!(store.compact(3), Err(CompactError::Compacted { compacted: Revision(3) }.into()));
    let view = store.view();
    assert_eq!(view.check_revision(Revision(3)), Ok(()));
    assert_eq!(view.check_revision(Revision(2)), Err(CompactError::Compacted { compacted: Revision(3) }));
    assert_eq!(view.check_revision(Revision(5)), Err(CompactError::Future { newest: Revision(4) }));
    store.check_invariants();
}

#[test]
fn a_compacted_tombstone_counts_as_absent_whether_or_not_its_row_is_gone() {
    let build = |filtered: bool| {
        let mut store = TestStore::new();
        store.put("a", "1");
        store.delete("a");
        store.compact(3).unwrap();
        if filtered {
            store.filter(|| true);
            assert!(store.table(Table::Current).is_empty());
        }
        store.put("a", "2");
        store.check_invariants();
        (store.effects.rows.clone(), store.effects.events.clone())
    };
    assert_eq!(build(false), build(true));
}

#[test]
fn revoking_deletes_the_keys_in_key_order_in_one_revision() {
    let mut store = TestStore::new();
    store.grant(5);
    for key in ["c", "a", "b"] {
        store.put_with_lease(key, "1", 5);
    }
    assert_eq!(store.apply(Operation::LeaseRevoke { id: LeaseId(5) }), Ok(Response::LeaseRevoke));
    assert_eq!(store.revision(), Revision(5));
    let keys: Vec<_> = store.effects.events[0].events.iter().map(|event| event.kv.key.clone()).collect();
    assert_eq!(keys, ["a", "b", "c"]);
    assert_eq!(store.effects.leases, [LeaseChange::Ended { id: LeaseId(5) }]);
    let not_found = Err(LeaseRevokeError::NotFound.into());
    assert_eq!(store.apply(Operation::LeaseRevoke { id: LeaseId(5) }), not_found);
    store.check_invariants();
}

#[test]
fn a_lease_without_keys_ends_without_a_revision() {
    let mut store = TestStore::new();
    store.grant(5);
    store.apply(Operation::LeaseRevoke { id: LeaseId(5) }).unwrap();
    assert_eq!((store.revision(), store.view().leases().unwrap().len()), (Revision(1), 0));
}

#[test]
fn grants_are_refused_for_a_taken_id_and_answer_the_time_to_live() {
    let mut store = TestStore::new();
    let grant = Operation::LeaseGrant { id: LeaseId(5), ttl_seconds: 60 };
    let granted = Response::LeaseGrant { id: LeaseId(5), ttl_seconds: 60 };
    assert_eq!(store.apply(grant.clone()), Ok(granted));
    assert_eq!(store.effects.leases, [LeaseChange::Granted { id: LeaseId(5), ttl_seconds: 60 }]);
    assert_eq!(store.apply(grant), Err(LeaseGrantError::Exists.into()));
    assert!(store.effects.leases.is_empty());
    assert_eq!(store.revision(), Revision(1));
}

#[test]
fn expiry_ends_each_lease_in_a_revision_of_its_own_and_passes_over_missing_ones() {
    let mut store = TestStore::new();
    store.grant(5);
    store.grant(6);
    store.put_with_lease("a", "1", 5);
    store.put_with_lease("b", "1", 6);
    let ids = vec![LeaseId(6), LeaseId(4), LeaseId(5)];
    assert_eq!(store.apply(Operation::LeaseExpire { ids, term: TERM }), Ok(Response::Done));
    let revisions: Vec<_> = store.effects.events.iter().map(|events| events.revision.0).collect();
    assert_eq!(revisions, [4, 5]);
    let ended = [6, 5].map(|id| LeaseChange::Ended { id: LeaseId(id) });
    assert_eq!(store.effects.leases, ended);
    store.check_invariants();
}

#[test]
fn an_expiry_proposed_by_a_deposed_leader_is_refused() {
    let mut store = TestStore::new();
    store.grant(5);
    let stale = Operation::LeaseExpire { ids: vec![LeaseId(5)], term: Term(TERM.0 - 1) };
    assert_eq!(store.apply(stale), Err(ApplyError::StaleExpiry));
    assert!(store.view().lease(LeaseId(5)).unwrap().is_some());
}

#[test]
fn checkpoints_change_only_what_remains() {
    let mut store = TestStore::new();
    store.grant(5);
    let remaining_seconds = vec![(LeaseId(5), 17), (LeaseId(6), 3)];
    store.apply(Operation::LeaseCheckpoint { remaining_seconds }).unwrap();
    let lease = store.view().lease(LeaseId(5)).unwrap().unwrap();
    assert_eq!((lease.granted_ttl_seconds, lease.remaining_ttl_seconds), (60, 17));
    assert_eq!(store.view().leases().unwrap(), [lease]);
}

#[test]
fn without_space_what_adds_data_is_refused_and_the_rest_goes_on() {
    let mut store = TestStore::new();
    store.grant(5);
    store.put("a", "1");
    let (member, kind) = (MemberId(1), AlarmKind::NoSpace);
    let raised = Response::Alarm(vec![Alarm { member, kind }]);
    assert_eq!(store.apply(Operation::AlarmRaise { member, kind }), Ok(raised.clone()));
    assert_eq!(store.apply(Operation::AlarmRaise { member, kind }), Ok(raised.clone()), "again");
    let no_space = Err(ApplyError::NoSpace);
    assert_eq!(store.apply(Operation::Put(put("a", "2"))), no_space);
    assert_eq!(store.txn(vec![crate::request::TxnOperation::Put(put("a", "2"))]), no_space);
    let grant = Operation::LeaseGrant { id: LeaseId(6), ttl_seconds: 60 };
    assert_eq!(store.apply(grant.clone()), no_space);
    assert!(store.txn(Vec::new()).is_ok());
    assert_eq!(store.delete("a"), 1);
    assert!(store.apply(Operation::LeaseRevoke { id: LeaseId(5) }).is_ok());
    assert!(store.compact(3).is_ok());
    assert_eq!(Machine::load(&store.rows).unwrap().head().alarms, [Alarm { member, kind }]);
    let clear = Operation::AlarmClear { member: MemberId(2), kind: None };
    assert_eq!(store.apply(clear), Ok(Response::Alarm(Vec::new())), "another member's alarms");
    let clear = Operation::AlarmClear { member: MemberId(0), kind: Some(kind) };
    assert_eq!(store.apply(clear), Ok(raised));
    assert!(store.apply(grant).is_ok());
}

#[test]
fn a_corrupt_member_stops_all_changes_of_data() {
    let mut store = TestStore::new();
    store.grant(5);
    for kind in [AlarmKind::NoSpace, AlarmKind::Corrupt] {
        store.apply(Operation::AlarmRaise { member: MemberId(1), kind }).unwrap();
    }
    let refused = [
        Operation::Put(put("a", "1")),
        Operation::DeleteRange(DeleteRangeRequest { range: KeyRange::prefix(b""), prev_kv: false }),
        Operation::Txn(Default::default()),
        Operation::Compact { revision: Revision(1) },
        Operation::LeaseGrant { id: LeaseId(6), ttl_seconds: 60 },
        Operation::LeaseRevoke { id: LeaseId(5) },
        Operation::LeaseExpire { ids: vec![LeaseId(5)], term: TERM },
    ];
    for operation in refused {
        assert_eq!(store.apply(operation.clone()), Err(ApplyError::Corrupt), "{operation:?}");
    }
    let publish = Operation::MemberPublish { member: MemberId(1), attributes: "x".into() };
    assert_eq!(store.apply(publish), Ok(Response::Done));
    let clear = Operation::AlarmClear { member: MemberId(0), kind: None };
    assert!(matches!(store.apply(clear), Ok(Response::Alarm(alarms)) if alarms.len() == 2));
    assert!(store.apply(Operation::Put(put("a", "1"))).is_ok());
}

#[test]
fn members_versions_and_membership_are_read_back() {
    let mut store = TestStore::new();
    assert_eq!(store.view().membership().unwrap(), None);
    assert_eq!(store.view().cluster_version().unwrap(), None);
    for (member, attributes) in [(300, "later"), (2, "b"), (1, "a"), (300, "c")] {
        let attributes = Bytes::from(attributes);
        store.apply(Operation::MemberPublish { member: MemberId(member), attributes }).unwrap();
    }
    store.apply(Operation::ClusterVersionSet { version: "3.7.0".into() }).unwrap();
    let position = LogPosition { term: Term(2), index: LogIndex(9) };
    let mut batch = store.machine.begin(&store.rows);
    batch.set_membership(position, "encoded".into());
    batch.skip(position);
    let effects = batch.finish().unwrap();
    store.rows.apply(&effects.rows);
    let view = store.view();
    let members = view.published_members().unwrap();
    let expected = [(1, "a"), (2, "b"), (300, "c")];
    assert_eq!(members, expected.map(|(member, attributes)| (MemberId(member), Bytes::from(attributes))));
    assert_eq!(view.cluster_version().unwrap().as_deref(), Some("3.7.0"));
    assert_eq!(view.membership().unwrap(), Some((position, Bytes::from("encoded"))));
    assert_eq!(view.head().applied, position);
}

#[test]
fn a_removed_member_is_remembered_and_publishes_no_more() {
    let mut store = TestStore::new();
    let publish = |member| Operation::MemberPublish { member: MemberId(member), attributes: "x".into() };
    for member in [1, 2, 300] {
        store.apply(publish(member)).unwrap();
    }
    let mut batch = store.machine.begin(&store.rows);
    for member in [300, 2, 7] {
        batch.member_removed(MemberId(member));
    }
    let effects = batch.finish().unwrap();
    store.rows.apply(&effects.rows);
    assert_eq!(store.apply(publish(300)), Ok(Response::Done));
    assert_eq!(store.view().removed_members().unwrap(), [2, 7, 300].map(MemberId));
    assert_eq!(store.view().published_members().unwrap(), [(MemberId(1), Bytes::from("x"))]);
}

#[test]
fn a_run_that_is_dropped_leaves_no_trace() {
    let mut store = TestStore::new();
    store.put("a", "1");
    let before = store.machine.head().clone();
    let mut batch = store.machine.begin(&store.rows);
    let position = LogPosition { term: TERM, index: LogIndex(99) };
    batch.apply(position, &Command::from(Operation::Put(put("b", "2")))).unwrap();
    drop(batch);
    assert_eq!(*store.machine.head(), before);
    store.put("c", "3");
    store.check_invariants();
}

#[test]
fn later_entries_of_a_run_see_earlier_ones() {
    let mut store = TestStore::new();
    let delete = Operation::DeleteRange(DeleteRangeRequest { range: KeyRange::prefix(b""), prev_kv: false });
    store.run(&[
        Operation::Put(put("a", "1")),
        Operation::Put(put("a", "2")),
        delete,
        Operation::Put(put("a", "3")),
    ]);
    assert_eq!(store.get("a"), Some(kv("a", "3", (5, 5, 1))));
    let revisions: Vec<_> = store.effects.events.iter().map(|events| events.revision.0).collect();
    assert_eq!(revisions, [2, 3, 4, 5]);
    store.check_invariants();
}

#[test]
fn the_refusals_of_puts_inside_transactions_are_the_transactions_own() {
    let mut store = TestStore::new();
    let request = PutRequest { ignore_value: true, ..put("a", "") };
    let refused = store.txn(vec![crate::request::TxnOperation::Put(request)]);
    assert_eq!(refused, Err(TxnError::Put(PutError::KeyNotFound).into()));
}
