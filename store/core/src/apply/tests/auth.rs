//! Users, roles and the check before every command.

use crate::auth::{
    AuthChange, AuthChangeError, Caller, Permission, PermissionError, PermissionKind, Secret, TokenId,
    TokenRenewal, V2RolePermissions, V2RolePut, V2UserPut, V2UserRoles,
};
use crate::command::{Command, Operation};
use crate::error::ApplyError;
use crate::ids::{AuthRevision, LeaseId, MemberId, Revision};
use crate::key_range::KeyRange;
use crate::layout::auth as layout;
use crate::request::{
    Compare, CompareResult, CompareTarget, DeleteRangeRequest, PutRequest, RangeRequest, TxnOperation,
    TxnRequest,
};
use crate::response::{AlarmKind, Response};
use crate::rows::{Rows, Table};
use crate::test_store::{TestStore, put};
use crate::v2::{V2Get, V2Operation, V2Path, V2Request};

type Outcome = Result<Response, ApplyError>;

fn name(text: &str) -> String {
    text.to_owned()
}

fn add_user(store: &mut TestStore, user: &str) -> Outcome {
    let password_hash = Some(Secret::new("hash".into()));
    store.change(AuthChange::UserAdd { name: name(user), password_hash })
}

fn grant(store: &mut TestStore, user: &str, role: &str) -> Outcome {
    store.change(AuthChange::UserGrantRole { user: name(user), role: name(role) })
}

fn permit(store: &mut TestStore, role: &str, (key, end): (&str, &str), kind: PermissionKind) -> Outcome {
    let permission = Permission { key: name(key).into(), range_end: name(end).into(), kind };
    store.change(AuthChange::RoleGrantPermission { role: name(role), permission })
}

impl TestStore {
    fn change(&mut self, change: AuthChange) -> Outcome {
        self.run_commands(&[Command::of_member(Operation::Auth(change))]).remove(0)
    }

    fn auth_revision(&self) -> AuthRevision {
        self.view().auth().revision()
    }

    fn caller(&self, user: &str) -> Caller {
        Caller::User { name: name(user), auth_revision: self.auth_revision() }
    }

    fn apply_as(&mut self, user: &str, operation: Operation) -> Outcome {
        let caller = self.caller(user);
        self.run_commands(&[Command { caller, operation }]).remove(0)
    }
}

/// Root, a reader of `/r/`, a writer of `/w/` and one who may do both with `/b/` and reads `/r/`.
fn guarded() -> TestStore {
    let mut store = TestStore::new();
    for user in ["root", "reader", "writer", "both"] {
        add_user(&mut store, user).unwrap();
    }
    for role in ["readers", "writers", "owners"] {
        store.change(AuthChange::RoleAdd { name: name(role) }).unwrap();
    }
    permit(&mut store, "readers", ("/r/", "/r0"), PermissionKind::Read).unwrap();
    permit(&mut store, "writers", ("/w/", "/w0"), PermissionKind::Write).unwrap();
    permit(&mut store, "owners", ("/b/", "/b0"), PermissionKind::ReadWrite).unwrap();
    for (user, role) in [
        ("root", "root"),
        ("reader", "readers"),
        ("writer", "writers"),
        ("both", "owners"),
        ("both", "readers"),
    ] {
        grant(&mut store, user, role).unwrap();
    }
    store.change(AuthChange::Enable { token_key: Secret::new("key".into()) }).unwrap();
    store
}

fn denied(outcome: &Outcome) -> bool {
    matches!(outcome, Err(ApplyError::Permission(PermissionError::Denied)))
}

fn refused(outcome: Outcome) -> PermissionError {
    match outcome {
        Err(ApplyError::Permission(refusal)) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

fn put_operation(key: &str) -> Operation {
    Operation::Put(put(key, "v"))
}

fn delete(start: &str, end: &str, prev_kv: bool) -> DeleteRangeRequest {
    let range = KeyRange::from_wire(name(start).into(), name(end).into());
    DeleteRangeRequest { range, prev_kv }
}

fn range(start: &str, end: &str) -> RangeRequest {
    RangeRequest::all(KeyRange::from_wire(name(start).into(), name(end).into()))
}

#[test]
fn enabling_needs_a_root_user_with_the_root_role() {
    let mut store = TestStore::new();
    let enable = || AuthChange::Enable { token_key: Secret::new("key".into()) };
    assert_eq!(store.change(enable()), Err(AuthChangeError::RootUserNotFound.into()));
    add_user(&mut store, "root").unwrap();
    assert_eq!(store.change(enable()), Err(AuthChangeError::RootRoleNotGranted.into()));
    grant(&mut store, "root", "root").unwrap();
    let before = store.auth_revision();
    store.change(enable()).unwrap();
    assert_eq!(store.auth_revision(), before, "as with etcd, enabling is no new revision");
    assert_eq!(store.effects.auth_changed, Some(Revision::FRESH));
    store.change(AuthChange::Enable { token_key: Secret::new("other".into()) }).unwrap();
    assert_eq!(store.view().auth().token_key(), &Secret::new("key".into()), "it was on already");
    store.change(AuthChange::Disable).unwrap();
    assert_eq!(store.auth_revision().0, before.0 + 1);
    store.change(AuthChange::Disable).unwrap();
    assert_eq!(store.auth_revision().0, before.0 + 1, "it was off already");
    store.check_invariants();
}

#[test]
fn every_change_raises_the_revision_but_one_that_changes_nothing() {
    let mut store = TestStore::new();
    assert_eq!(store.auth_revision(), AuthRevision(1));
    add_user(&mut store, "u").unwrap();
    store.change(AuthChange::RoleAdd { name: name("r") }).unwrap();
    grant(&mut store, "u", "r").unwrap();
    assert_eq!(store.auth_revision(), AuthRevision(4));
    grant(&mut store, "u", "r").unwrap();
    assert_eq!(store.auth_revision(), AuthRevision(4));
    permit(&mut store, "r", ("a", "b"), PermissionKind::Read).unwrap();
    permit(&mut store, "r", ("a", "b"), PermissionKind::Read).unwrap();
    assert_eq!(store.auth_revision(), AuthRevision(6));
    assert_eq!(store.view().auth().role("r").unwrap().permissions.len(), 1);
    store.change(AuthChange::RoleDelete { name: name("r") }).unwrap();
    assert!(store.view().auth().user("u").unwrap().roles.is_empty());
    store.change(AuthChange::UserDelete { name: name("u") }).unwrap();
    assert_eq!(store.auth_revision(), AuthRevision(8));
    assert!(store.rows.get(Table::Auth, &layout::user_key("u")).unwrap().is_none());
    store.check_invariants();
}

#[test]
fn what_is_not_there_or_there_already_is_refused() {
    use AuthChangeError as E;
    let mut store = TestStore::new();
    add_user(&mut store, "u").unwrap();
    store.change(AuthChange::RoleAdd { name: name("r") }).unwrap();
    let before = store.auth_revision();
    assert_eq!(add_user(&mut store, "u"), Err(E::UserExists.into()));
    assert_eq!(add_user(&mut store, ""), Err(E::UserEmpty.into()));
    assert_eq!(grant(&mut store, "x", "r"), Err(E::UserNotFound.into()));
    assert_eq!(grant(&mut store, "u", "x"), Err(E::RoleNotFound.into()));
    assert_eq!(permit(&mut store, "x", ("a", ""), PermissionKind::Read), Err(E::RoleNotFound.into()));
    assert_eq!(permit(&mut store, "x", ("b", "a"), PermissionKind::Read), Err(E::InvalidManagement.into()));
    let (key, range_end) = ("a".into(), "".into());
    let cases = [
        (AuthChange::UserDelete { name: name("x") }, E::UserNotFound),
        (AuthChange::UserRevokeRole { user: name("x"), role: name("r") }, E::UserNotFound),
        (AuthChange::UserRevokeRole { user: name("u"), role: name("r") }, E::RoleNotGranted),
        (
            AuthChange::UserChangePassword { name: name("x"), password_hash: Secret::default() },
            E::UserNotFound,
        ),
        (AuthChange::RoleAdd { name: name("r") }, E::RoleExists),
        (AuthChange::RoleAdd { name: name("") }, E::RoleEmpty),
        (AuthChange::RoleDelete { name: name("x") }, E::RoleNotFound),
        (AuthChange::RoleRevokePermission { role: name("r"), key, range_end }, E::PermissionNotGranted),
    ];
    for (change, expected) in cases {
        assert_eq!(store.change(change.clone()), Err(expected.into()), "{change:?}");
    }
    assert_eq!(store.auth_revision(), before, "a refusal is no change");
}

#[test]
fn root_cannot_be_locked_out_while_authentication_is_on() {
    let mut store = guarded();
    store.change(AuthChange::RoleAdd { name: name("root") }).unwrap();
    let changes = [
        AuthChange::UserDelete { name: name("root") },
        AuthChange::UserRevokeRole { user: name("root"), role: name("root") },
        AuthChange::RoleDelete { name: name("root") },
    ];
    for change in &changes {
        assert_eq!(store.change(change.clone()), Err(AuthChangeError::InvalidManagement.into()));
    }
    store.change(AuthChange::Disable).unwrap();
    let [delete, revoke, delete_role] = changes;
    for change in [revoke, delete_role, delete] {
        store.change(change).unwrap();
    }
}

#[test]
fn keys_are_read_and_written_by_those_who_may() {
    let mut store = guarded();
    store.apply_as("writer", put_operation("/w/a")).unwrap();
    store.apply_as("both", put_operation("/b/a")).unwrap();
    store.apply_as("root", put_operation("anything")).unwrap();
    for (user, key) in [("reader", "/r/a"), ("writer", "/r/a"), ("writer", "/w0"), ("both", "/r/a")] {
        assert!(denied(&store.apply_as(user, put_operation(key))), "{user} {key}");
    }
    assert!(denied(&store.apply_as("stranger", put_operation("/w/a"))));
    let with_previous = |key| Operation::Put(PutRequest { prev_kv: true, ..put(key, "v") });
    assert!(denied(&store.apply_as("writer", with_previous("/w/a"))), "what was there may not be read");
    store.apply_as("both", with_previous("/b/a")).unwrap();
    store.apply_as("writer", Operation::DeleteRange(delete("/w/", "/w0", false))).unwrap();
    assert!(denied(&store.apply_as("writer", Operation::DeleteRange(delete("/w/", "/w0", true)))));
    assert!(denied(&store.apply_as("writer", Operation::DeleteRange(delete("/w/", "/w1", false)))));
    assert!(denied(&store.apply_as("writer", Operation::DeleteRange(delete("/w/", "\0", false)))));
}

#[test]
fn whoever_does_not_say_who_it_is_may_do_nothing() {
    let mut store = guarded();
    let operations = [
        put_operation("/w/a"),
        Operation::DeleteRange(delete("/w/a", "", false)),
        Operation::Compact { revision: Revision(1) },
        Operation::LeaseGrant { id: LeaseId(1), ttl_seconds: 10 },
        Operation::LeaseRevoke { id: LeaseId(1) },
        Operation::AlarmRaise { member: MemberId(1), kind: AlarmKind::NoSpace },
        Operation::AlarmClear { member: MemberId(0), kind: None },
        Operation::Auth(AuthChange::Disable),
        Operation::V2(v2_set("/w/a")),
    ];
    for operation in operations {
        assert_eq!(refused(store.apply(operation.clone())), PermissionError::Nobody, "{operation:?}");
    }
    assert_eq!(store.revision(), Revision::FRESH);
}

#[test]
fn members_expire_leases_and_compact_without_credentials() {
    let mut store = guarded();
    store.apply_as("both", Operation::LeaseGrant { id: LeaseId(1), ttl_seconds: 10 }).unwrap();
    store.apply(Operation::LeaseExpire { ids: vec![LeaseId(1)], term: crate::test_store::TERM }).unwrap();
    store.put_as_root("k");
    let compact = Operation::Compact { revision: store.revision() };
    assert_eq!(refused(store.apply(compact.clone())), PermissionError::Nobody);
    store.run_commands(&[Command::of_member(compact)]).remove(0).unwrap();
}

impl TestStore {
    fn put_as_root(&mut self, key: &str) {
        self.apply_as("root", put_operation(key)).unwrap();
    }
}

/// CVE-2026-33343 and CVE-2026-44283: what a nested transaction does counts as much as what the outer one does.
#[test]
fn a_transaction_is_checked_in_both_branches_at_every_depth() {
    let mut store = guarded();
    let wrapped = |operation: TxnOperation| {
        let inner = TxnRequest { failure: vec![operation], ..TxnRequest::default() };
        let middle = TxnRequest { success: vec![TxnOperation::Txn(inner)], ..TxnRequest::default() };
        TxnRequest { failure: vec![TxnOperation::Txn(middle)], ..TxnRequest::default() }
    };
    let previous = PutRequest { prev_kv: true, ..put("/w/a", "v") };
    let forbidden = [
        TxnOperation::Range(range("/b/a", "")),
        TxnOperation::Put(put("/b/a", "v")),
        TxnOperation::Put(previous),
        TxnOperation::DeleteRange(delete("/b/a", "", false)),
        TxnOperation::DeleteRange(delete("/w/a", "", true)),
    ];
    for operation in forbidden {
        let flat = TxnRequest { success: vec![operation.clone()], ..TxnRequest::default() };
        assert!(denied(&store.apply_as("writer", Operation::Txn(flat))), "{operation:?}");
        assert!(
            denied(&store.apply_as("writer", Operation::Txn(wrapped(operation.clone())))),
            "{operation:?}"
        );
    }
    let compare = Compare {
        range: KeyRange::Single("/b/a".into()),
        result: CompareResult::Equal,
        target: CompareTarget::Version(0),
    };
    let compares = TxnRequest { compares: vec![compare], ..TxnRequest::default() };
    assert!(denied(&store.apply_as("writer", Operation::Txn(compares.clone()))));
    assert!(denied(&store.apply_as("writer", Operation::Txn(wrapped(TxnOperation::Txn(compares))))));
    let allowed = wrapped(TxnOperation::Put(put("/w/a", "v")));
    store.apply_as("writer", Operation::Txn(allowed)).unwrap();
    assert!(store.view().get(b"/b/a").unwrap().is_none());
}

#[test]
fn a_lease_belongs_to_those_who_may_write_all_of_its_keys() {
    let mut store = guarded();
    let lease = LeaseId(9);
    let put_under = |key| Operation::Put(PutRequest { lease, ..put(key, "v") });
    store.apply_as("both", Operation::LeaseGrant { id: lease, ttl_seconds: 10 }).unwrap();
    store.apply_as("both", put_under("/b/a")).unwrap();
    assert!(denied(&store.apply_as("writer", put_under("/w/a"))), "the lease has keys of others");
    let txn = TxnRequest {
        success: vec![TxnOperation::Put(PutRequest { lease, ..put("/w/a", "v") })],
        ..TxnRequest::default()
    };
    assert!(denied(&store.apply_as("writer", Operation::Txn(txn))));
    assert!(denied(&store.apply_as("writer", Operation::LeaseRevoke { id: lease })));
    let view = store.view();
    let (writer, reader, both) = (store.caller("writer"), store.caller("reader"), store.caller("both"));
    assert!(view.guard(&writer).lease_writes(lease).is_err());
    assert!(view.guard(&both).lease_writes(lease).is_ok());
    assert!(view.guard(&reader).lease_reads(lease).is_err());
    assert!(view.guard(&both).lease_reads(lease).is_ok());
    store.apply_as("both", Operation::LeaseRevoke { id: lease }).unwrap();
    assert!(store.get("/b/a").is_none());
}

#[test]
fn administration_needs_the_root_role() {
    let mut store = guarded();
    store.put_as_root("k");
    let operations = [
        Operation::Compact { revision: Revision(2) },
        Operation::AlarmRaise { member: MemberId(1), kind: AlarmKind::NoSpace },
        Operation::AlarmClear { member: MemberId(0), kind: None },
        Operation::Auth(AuthChange::RoleAdd { name: name("n") }),
        Operation::Auth(AuthChange::Enable { token_key: Secret::default() }),
        Operation::Auth(AuthChange::Disable),
    ];
    for operation in operations {
        assert!(denied(&store.apply_as("both", operation.clone())), "{operation:?}");
        let unknown = refused(store.apply_as("stranger", operation.clone()));
        assert_eq!(unknown, PermissionError::UserNotFound);
        store.apply_as("root", operation).unwrap();
    }
}

/// etcd #14571, #11651: whatever the edge found, the state at the entry's place in the log decides.
#[test]
fn a_command_checked_under_older_rights_is_refused() {
    let mut store = guarded();
    let before = store.caller("writer");
    let root = store.caller("root");
    store.change(AuthChange::UserRevokeRole { user: name("writer"), role: name("writers") }).unwrap();
    let as_before = |operation| Command { caller: before.clone(), operation };
    let put = store.run_commands(&[as_before(put_operation("/w/a"))]).remove(0);
    assert_eq!(refused(put), PermissionError::OldRevision);
    assert!(denied(&store.apply_as("writer", put_operation("/w/a"))));
    // As with etcd, the root role is asked for as it is now.
    let role = Operation::Auth(AuthChange::RoleAdd { name: name("n") });
    store.run_commands(&[Command { caller: root.clone(), operation: role }]).remove(0).unwrap();
    store
        .change(AuthChange::UserChangePassword { name: name("root"), password_hash: Secret::default() })
        .unwrap();
    let role = Operation::Auth(AuthChange::RoleAdd { name: name("m") });
    let outcome = store.run_commands(&[Command { caller: root, operation: role }]).remove(0);
    assert_eq!(refused(outcome), PermissionError::OldRevision, "its credentials are void");
}

#[test]
fn rights_within_one_run_follow_the_changes_before_them() {
    let mut store = guarded();
    let revoke = AuthChange::UserRevokeRole { user: name("writer"), role: name("writers") };
    let command = || Command { caller: store.caller("writer"), operation: put_operation("/w/a") };
    let commands = [command(), Command::of_member(Operation::Auth(revoke)), command()];
    let outcomes = store.run_commands(&commands);
    assert!(outcomes[0].is_ok());
    assert_eq!(refused(outcomes[2].clone()), PermissionError::OldRevision);
    assert_eq!(store.effects.auth_changed, Some(Revision(2)), "the put before happened under the old rights");
    store.check_invariants();
}

#[test]
fn a_user_without_a_password_never_gets_one() {
    let mut store = TestStore::new();
    store.change(AuthChange::UserAdd { name: name("u"), password_hash: None }).unwrap();
    let password_hash = Secret::new("hash".into());
    store.change(AuthChange::UserChangePassword { name: name("u"), password_hash }).unwrap();
    assert_eq!(store.view().auth().user("u").unwrap().password_hash, None);
    assert_eq!(store.auth_revision(), AuthRevision(3));
}

#[test]
fn permissions_of_several_roles_are_one() {
    let mut store = guarded();
    store.change(AuthChange::RoleAdd { name: name("more") }).unwrap();
    permit(&mut store, "more", ("/r0", "/r1"), PermissionKind::Read).unwrap();
    grant(&mut store, "reader", "more").unwrap();
    let reader = store.caller("reader");
    let view = store.view();
    assert!(view.guard(&reader).read(&range("/r/", "/r1").range).is_ok());
    store.change(AuthChange::RoleDelete { name: name("more") }).unwrap();
    let reader = store.caller("reader");
    let view = store.view();
    assert!(view.guard(&reader).read(&range("/r/", "/r1").range).is_err());
    assert!(view.guard(&reader).read(&range("/r/", "/r0").range).is_ok());
}

fn path(text: &str) -> V2Path {
    V2Path::clean(text.as_bytes()).unwrap()
}

fn v2_set(text: &str) -> V2Request {
    let operation =
        V2Operation::Set { value: "v".into(), is_directory: false, time_to_live: None, is_refresh: false };
    V2Request { path: path(text), operation }
}

#[test]
fn changes_of_nodes_need_all_keys_that_they_touch() {
    let mut store = guarded();
    store.apply_as("both", Operation::V2(v2_set("/b/x"))).unwrap();
    store.apply_as("both", Operation::V2(v2_set("/b/d/e/f"))).unwrap();
    assert!(
        denied(&store.apply_as("writer", Operation::V2(v2_set("/w/x")))),
        "the answer tells what was there"
    );
    assert!(denied(&store.apply_as("both", Operation::V2(v2_set("/c/x")))));
    let delete = |text: &str| {
        let operation = V2Operation::Delete { is_directory: true, is_recursive: true };
        Operation::V2(V2Request { path: path(text), operation })
    };
    store.put_as_root("/b");
    assert!(denied(&store.apply_as("both", delete("/b"))), "/b itself is not theirs");
    store.apply_as("both", delete("/b/d")).unwrap();
    let in_order =
        V2Operation::Create { value: "v".into(), is_directory: false, time_to_live: None, is_in_order: true };
    let queue = |text: &str| Operation::V2(V2Request { path: path(text), operation: in_order.clone() });
    store.apply_as("both", queue("/b/queue")).unwrap();
    assert!(denied(&store.apply_as("both", queue("/c"))));
    let (both, reader) = (store.caller("both"), store.caller("reader"));
    let view = store.view();
    let all = V2Get { is_recursive: true, is_sorted: false, is_directory: false };
    assert!(view.guard(&both).v2_get(&path("/b/queue"), all).is_ok());
    assert!(view.guard(&reader).v2_get(&path("/b/queue"), all).is_err());
    assert!(view.guard(&reader).v2_get(&path("/b/x"), all).is_err());
    assert!(view.guard(&reader).v2_get(&path("/"), all).is_err());
    assert!(view.guard(&both).v2_wait(&path("/b/queue"), true).is_ok());
    assert!(view.guard(&reader).v2_wait(&path("/b/queue"), false).is_err());
}

#[test]
fn renewed_tokens_last_until_they_run_out_or_authentication_ends() {
    let mut store = guarded();
    let id = |number: u8| TokenId([number; 16]);
    let renew = |now_unix_seconds, number, until_unix_seconds| AuthChange::RenewTokens {
        now_unix_seconds,
        renewals: vec![TokenRenewal { id: id(number), until_unix_seconds }],
    };
    let (revision, hash) = store.view().auth_hash().unwrap();
    store.change(renew(100, 1, 200)).unwrap();
    store.change(renew(100, 2, 150)).unwrap();
    store.change(renew(100, 1, 190)).unwrap();
    assert_eq!(store.view().auth().renewed_until(&id(1)), Some(200), "the later end counts");
    assert_eq!(store.view().auth_hash().unwrap(), (revision, hash), "no change of users or roles");
    assert_eq!(store.effects.auth_changed, None);
    store.check_invariants();
    store.change(renew(160, 3, 300)).unwrap();
    assert_eq!(store.view().auth().renewed_until(&id(2)), None);
    assert!(store.rows.get(Table::Auth, &layout::renewed_token_key(&id(2))).unwrap().is_none());
    store.change(AuthChange::Disable).unwrap();
    assert_eq!(store.view().auth().renewed_until(&id(3)), None);
    store.check_invariants();
}

#[test]
fn members_with_the_same_users_have_the_same_hash() {
    let (mut one, mut other) = (guarded(), guarded());
    assert_eq!(one.view().auth_hash().unwrap(), other.view().auth_hash().unwrap());
    add_user(&mut one, "a").unwrap();
    add_user(&mut other, "b").unwrap();
    let (one, other) = (one.view().auth_hash().unwrap(), other.view().auth_hash().unwrap());
    assert_eq!(one.0, other.0);
    assert_ne!(one.1, other.1);
    assert_eq!(TestStore::new().view().auth_hash().unwrap(), (AuthRevision(1), 0));
}

#[test]
fn a_put_of_the_v2_api_changes_password_and_roles_in_one_step() {
    let mut store = guarded();
    let stale = store.caller("root");
    let before = store.auth_revision();
    let put = |name: &str, password: Option<&'static str>, roles| {
        let password_hash = password.map(|hash| Secret::new(hash.into()));
        AuthChange::V2UserPut(V2UserPut { name: name.to_owned(), password_hash, roles })
    };
    let merge = |grant: &str, revoke: &str| V2UserRoles::Merge {
        grant: vec![name(grant)],
        revoke: vec![name(revoke)],
    };
    let answer = store.change(put("reader", Some("new"), merge("writers", "readers"))).unwrap();
    let Response::V2User(user, false) = answer else { panic!("not a user: {answer:?}") };
    assert_eq!(store.auth_revision(), AuthRevision(before.0 + 1), "one change, one revision");
    assert_eq!((user.credentials_since, user.roles), (store.auth_revision(), [name("writers")].into()));
    assert!(denied(&store.apply_as("reader", Operation::DeleteRange(delete("/r/a", "", false)))));
    store.apply_as("reader", put_operation("/w/a")).unwrap();
    // Only roles: the password is as old as before.
    let answer = store.change(put("reader", None, merge("readers", "writers"))).unwrap();
    let Response::V2User(user, _) = answer else { panic!("not a user: {answer:?}") };
    assert_eq!(user.credentials_since, AuthRevision(before.0 + 1));
    // A refusal changes nothing, and what was checked before is to be checked again.
    let now = store.auth_revision();
    assert!(store.change(put("reader", None, merge("readers", "writers"))).is_err());
    assert_eq!(
        store.change(put("", Some("x"), V2UserRoles::Make(vec![]))),
        Err(AuthChangeError::UserEmpty.into())
    );
    let role = V2RolePut { name: name(""), permissions: V2RolePermissions::Make(Default::default()) };
    assert_eq!(store.change(AuthChange::V2RolePut(role)), Err(AuthChangeError::RoleEmpty.into()));
    assert_eq!(store.auth_revision(), now);
    let outcome =
        store.run_commands(&[Command { caller: stale, operation: put_operation("/r/b") }]).remove(0);
    assert_eq!(refused(outcome), PermissionError::OldRevision);
}
