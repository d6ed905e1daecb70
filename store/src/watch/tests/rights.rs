//! Watches when users and roles change: what happened before is told, what happened after is not, also when both are
//! applied in one run.

use holdfast_core::auth::{AuthChange, Permission, PermissionKind, Secret};

use super::*;
use crate::auth::{Authenticator, Claim, Shown};

fn change(change: AuthChange) -> Operation {
    Operation::Auth(change)
}

fn add_user(name: &str) -> Operation {
    change(AuthChange::UserAdd { name: name.to_owned(), password_hash: Some(Secret::new("hash".into())) })
}

fn grant(user: &str, role: &str) -> Operation {
    change(AuthChange::UserGrantRole { user: user.to_owned(), role: role.to_owned() })
}

fn revoke(user: &str, role: &str) -> Operation {
    change(AuthChange::UserRevokeRole { user: user.to_owned(), role: role.to_owned() })
}

/// A store where `reader` may read what begins with `a`.
fn guarded() -> Arc<Store> {
    let store = Store::new();
    let permission = Permission { key: "a".into(), range_end: "b".into(), kind: PermissionKind::Read };
    store.apply(vec![
        add_user("root"),
        grant("root", "root"),
        add_user("reader"),
        change(AuthChange::RoleAdd { name: "readers".to_owned() }),
        change(AuthChange::RoleGrantPermission { role: "readers".to_owned(), permission }),
        grant("reader", "readers"),
        change(AuthChange::Enable { token_key: Secret::new("key".into()) }),
    ]);
    store
}

fn asker(store: &Store, user: &str) -> Asker {
    let settings = AuthSettings { bcrypt_cost: 4, ..AuthSettings::default() };
    let authenticator = Arc::new(Authenticator::start(settings).unwrap());
    let (machine, rows) = &*store.machine.lock();
    let view = machine.read_view(Arc::new(rows.clone()));
    let credentials_since = view.auth().user(user).unwrap().credentials_since;
    let shown = Shown::CheckedLogin { user: user.to_owned(), credentials_since };
    Asker::new(authenticator, Claim { shown, ..Claim::default() })
}

fn prefix_a(start_revision: i64) -> pb::WatchCreateRequest {
    pb::WatchCreateRequest { key: "a".into(), range_end: "b".into(), start_revision, ..Default::default() }
}

async fn denied(client: &mut Client) {
    let ended = client.next().await;
    assert!(ended.canceled && !ended.created, "{ended:?}");
    assert!(ended.cancel_reason.ends_with("etcdserver: permission denied"), "{ended:?}");
}

#[tokio::test]
async fn events_of_the_same_run_are_told_up_to_the_revocation() {
    let store = guarded();
    let mut client = store.open_for(asker(&store, "reader"));
    client.create(prefix_a(0)).await;
    store.apply(vec![put("a1", "1"), revoke("reader", "readers"), put("a2", "2")]);
    assert_eq!(client.revisions_up_to(2).await, [2]);
    denied(&mut client).await;
    store.put("a3", "3");
    assert!(client.is_silent().await);
    assert_eq!(store.hub.watcher_count(), 0);
}

#[tokio::test]
async fn a_watcher_that_still_may_misses_nothing() {
    let store = guarded();
    let mut client = store.open_for(asker(&store, "reader"));
    client.create(prefix_a(0)).await;
    store.apply(vec![put("a1", "1"), add_user("other"), put("a2", "2"), add_user("another"), put("a3", "3")]);
    store.put("a4", "4");
    assert_eq!(client.revisions_up_to(5).await, [2, 3, 4, 5]);
}

#[tokio::test]
async fn a_watcher_that_reads_history_is_asked_too() {
    let store = guarded();
    store.put("a1", "1");
    let mut client = store.open_for(asker(&store, "reader"));
    store.apply(vec![revoke("reader", "readers")]);
    client.ask(RequestUnion::CreateRequest(prefix_a(1))).await;
    let refused = client.next().await;
    assert!(refused.created && refused.canceled && refused.watch_id == -1, "{refused:?}");
    store.apply(vec![grant("reader", "readers")]);
    client.create(prefix_a(1)).await;
    assert_eq!(client.revisions_up_to(2).await, [2]);
}

#[tokio::test]
async fn whoever_is_nobody_is_refused_and_a_snapshot_makes_everybody_ask_again() {
    let store = guarded();
    let mut nobody = store.open();
    nobody.ask(RequestUnion::CreateRequest(prefix_a(0))).await;
    let refused = nobody.next().await;
    assert!(refused.cancel_reason.ends_with("etcdserver: user name is empty"), "{refused:?}");
    let mut client = store.open_for(asker(&store, "reader"));
    client.create(prefix_a(0)).await;
    store.replace(vec![put("a1", "1"), revoke("reader", "readers"), put("a2", "2")]);
    denied(&mut client).await;
}
