//! What the operator does about trust and access, against a real member: its certificates serve, authentication is set up
//! and kept, and an authority is replaced under load without a failed request.

#![allow(clippy::unwrap_used, reason = "a test that meets an error has failed")]

#[allow(dead_code, reason = "what the other tests of Secrets ask it for")]
mod fake;
mod real;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use holdfast_operator::access::{self, AccessStore, Keys, Kind, Right};
use holdfast_operator::crd::HoldfastCluster;
use holdfast_operator::store::{MemberClient, StoreError};
use holdfast_operator::trust::Trust;
use holdfast_plan::{ConditionKind, ConditionStatus};
use real::{RealMember, can_run, cluster, eventually};
use serde_json::{Value, json};
use tokio::task::JoinSet;

/// Clients that write while trust moves.
const CLIENTS: usize = 16;

const PUT: &str = "/v3/kv/put";

fn pair() -> Value {
    json!({ "key": "YQ==", "value": "dg==" })
}

async fn put(client: &MemberClient) -> Result<Value, StoreError> {
    client.post(PUT, &pair()).await
}

async fn look_after(member: &RealMember, cluster: &HoldfastCluster, trust: &Trust) -> access::Access {
    access::ensure(&member.api.client(), cluster, trust, vec![member.operator(cluster, trust)]).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_certificates_serve_and_tell_who_shows_them() {
    if !can_run("the_certificates_serve_and_tell_who_shows_them") {
        return;
    }
    let cluster = cluster(json!({}));
    let member = RealMember::start(&cluster).await;
    let trust = member.look(&cluster).await;
    let (state, shown) = member.operator(&cluster, &trust).state().await.unwrap();
    assert!(!state.is_blank);
    let server = trust.certificates.iter().find(|it| it.secret_name == "hf-server-tls").unwrap();
    assert_eq!(shown.fingerprint.as_ref(), Some(&server.fingerprint));
    put(&member.application(&cluster)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn authentication_is_set_up_once_and_put_right_again() {
    if !can_run("authentication_is_set_up_once_and_put_right_again") {
        return;
    }
    let mut cluster = cluster(json!({}));
    let member = RealMember::start(&cluster).await;
    let trust = member.look(&cluster).await;
    let made = look_after(&member, &cluster, &trust).await;
    assert_eq!(made.condition.kind, ConditionKind::AuthenticationReady);
    assert_eq!(
        (made.condition.status, made.root_secret_name.as_deref()),
        (ConditionStatus::True, Some("hf-root"))
    );
    assert!(made.done.iter().any(|line| line == "switched authentication on"), "{:?}", made.done);
    cluster.status.as_mut().unwrap().root_password_version.clone_from(&made.root_password_version);
    let again = look_after(&member, &cluster, &trust).await;
    assert_eq!((again.done, again.root_password_version), (vec![], made.root_password_version));

    // Who is who: by certificate, by password, and nobody.
    put(&member.application(&cluster)).await.unwrap();
    let password = member.api.text("hf-root", "password").unwrap();
    let root = |password: &str| member.with_password(&cluster, &trust, "root", password);
    put(&root(&password)).await.unwrap();
    assert!(put(&root("guess")).await.is_err());
    let refused =
        member.application(&cluster).post::<Value>("/v3/auth/user/list", &json!({})).await.unwrap_err();
    assert!(refused.is_refusal_with("permission denied"), "{refused}");

    // Somebody takes the operator's role and the application's right away.
    let _: Value = root(&password)
        .post("/v3/auth/user/revoke", &json!({ "name": "holdfast-operator", "role": "root" }))
        .await
        .unwrap();
    let all = json!({ "role": "app", "key": "AA==", "range_end": "AA==" });
    let _: Value = root(&password).post("/v3/auth/role/revoke", &all).await.unwrap();
    assert!(put(&member.application(&cluster)).await.is_err());
    member.operator(&cluster, &trust).linearizable_read().await.unwrap();
    let repaired = look_after(&member, &cluster, &trust).await;
    let said = ["gave the user holdfast-operator the role root", "gave the role app a right that it lacked"];
    assert_eq!(repaired.done, said);
    put(&member.application(&cluster)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn roots_password_follows_its_secret() {
    if !can_run("roots_password_follows_its_secret") {
        return;
    }
    let own = cluster(json!({}));
    let member = RealMember::start(&own).await;
    let trust = member.look(&own).await;
    let root =
        async |password: &str| put(&member.with_password(&own, &trust, "root", password)).await.is_ok();
    let first = look_after(&member, &own, &trust).await;
    let first_password = member.api.text("hf-root", "password").unwrap();
    let mut status = own.status.clone().unwrap();
    status.root_password_version = first.root_password_version;

    member.api.set_text("hf-root", "password", "another");
    let changed =
        look_after(&member, &HoldfastCluster { status: Some(status.clone()), ..own.clone() }, &trust).await;
    assert_eq!(changed.done, ["gave the user root the password in its Secret"]);
    assert!(root("another").await && !root(&first_password).await);
    status.root_password_version = changed.root_password_version;

    // One that the operator made comes back with another password; one that a user keeps leaves it alone.
    member.api.delete_secret("hf-root");
    let deleted =
        look_after(&member, &HoldfastCluster { status: Some(status.clone()), ..own.clone() }, &trust).await;
    assert_eq!(deleted.done.len(), 2, "{:?}", deleted.done);
    assert!(deleted.done[0].contains("the one before was deleted"), "{:?}", deleted.done);
    let made = member.api.text("hf-root", "password").unwrap();
    assert!(root(&made).await && !root("another").await);
    assert!(!deleted.done.iter().chain([&deleted.condition.message]).any(|line| line.contains(&made)));

    status.root_password_version.clone_from(&deleted.root_password_version);
    let mut theirs = HoldfastCluster { status: Some(status), ..own.clone() };
    theirs.spec.auth.root_secret_name = Some("mine".to_owned());
    let kept = look_after(&member, &theirs, &trust).await;
    assert_eq!(kept.done, Vec::<String>::new());
    assert_eq!(kept.root_password_version, deleted.root_password_version);
    assert!(kept.condition.message.contains("Secret mine is not there"), "{}", kept.condition.message);
    assert!(root(&made).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn users_and_roles_are_made_read_and_removed() {
    if !can_run("users_and_roles_are_made_read_and_removed") {
        return;
    }
    let cluster = cluster(json!({}));
    let member = RealMember::start(&cluster).await;
    let trust = member.look(&cluster).await;
    look_after(&member, &cluster, &trust).await;
    let store = AccessStore::new(vec![member.operator(&cluster, &trust)], None);
    let right = |first: &str, end: &str, kind| Right {
        keys: Keys { first: first.as_bytes().to_vec(), end: end.as_bytes().to_vec() },
        kind,
    };
    assert_eq!(store.role("readers").await.unwrap(), None);
    store.add_role("readers").await.unwrap();
    let rights = [right("/a/", "/a0", Kind::Read), right("k", "", Kind::Write), Right::all()];
    for right in &rights {
        store.grant("readers", right).await.unwrap();
    }
    assert_eq!(store.role("readers").await.unwrap(), Some(BTreeSet::from(rights.clone())));
    store.revoke("readers", &rights[1].keys).await.unwrap();
    store.grant("readers", &right("/a/", "/a0", Kind::ReadWrite)).await.unwrap();
    let now = BTreeSet::from([right("/a/", "/a0", Kind::ReadWrite), Right::all()]);
    assert_eq!(store.role("readers").await.unwrap(), Some(now));

    assert_eq!(store.user("ann").await.unwrap(), None);
    store.add_user("ann", Some("secret")).await.unwrap();
    store.grant_role("ann", "readers").await.unwrap();
    assert_eq!(store.user("ann").await.unwrap(), Some(BTreeSet::from(["readers".to_owned()])));
    assert_eq!(store.has_password("ann", "secret").await.unwrap(), Some(true));
    assert_eq!(store.has_password("ann", "guess").await.unwrap(), Some(false));
    store.change_password("ann", "better").await.unwrap();
    put(&member.with_password(&cluster, &trust, "ann", "better")).await.unwrap();
    store.revoke_role("ann", "readers").await.unwrap();
    assert!(put(&member.with_password(&cluster, &trust, "ann", "better")).await.is_err());
    for _ in 0..2 {
        store.delete_user("ann").await.unwrap();
        store.delete_role("readers").await.unwrap();
    }
    assert_eq!((store.user("ann").await.unwrap(), store.role("readers").await.unwrap()), (None, None));
}

/// Clients that write all the time, each on new connections made with what is mounted then.
struct Load {
    ends: AtomicBool,
    written: AtomicUsize,
}

async fn write_until_it_ends(
    load: Arc<Load>,
    member: Arc<RealMember>,
    cluster: HoldfastCluster,
) -> Result<(), String> {
    while !load.ends.load(Ordering::Relaxed) {
        // A client that follows its files, like the members, within moments.
        let client = member.application(&cluster);
        for _ in 0..5 {
            put(&client).await.map_err(|error| holdfast_operator::causes::with_causes(&error))?;
            load.written.fetch_add(1, Ordering::Relaxed);
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_authority_is_replaced_under_load_without_a_failed_request() {
    if !can_run("an_authority_is_replaced_under_load_without_a_failed_request") {
        return;
    }
    let overlap = json!({ "overlap": "4s" });
    let before = cluster(json!({ "tls": { "authority": overlap } }));
    let member = Arc::new(RealMember::start(&before).await);
    let trust = member.look(&before).await;
    look_after(&member, &before, &trust).await;
    let old_client = member.application(&before);
    let old_peers = member.api.text("hf-peer-tls", "ca.crt").unwrap();
    let load = Arc::new(Load { ends: AtomicBool::new(false), written: AtomicUsize::new(0) });
    let mut clients = JoinSet::new();
    for _ in 0..CLIENTS {
        clients.spawn(write_until_it_ends(Arc::clone(&load), Arc::clone(&member), before.clone()));
    }

    let rotate = cluster(json!({ "tls": { "rotate": "1", "authority": overlap } }));
    let mut done = Vec::new();
    eventually("the rotation", async || {
        let trust = member.look(&rotate).await;
        // Secrets come to pods late.
        tokio::time::sleep(Duration::from_millis(500)).await;
        member.sync();
        done.extend(trust.done);
        (trust.rotated.as_deref() == Some("1")).then_some(())
    })
    .await;
    // The narrowed trust reaches the member, and the load goes on over it.
    eventually("the end of the old authority", async || put(&old_client).await.is_err().then_some(())).await;
    let written = load.written.load(Ordering::Relaxed);
    eventually("further writes", async || {
        (load.written.load(Ordering::Relaxed) > written + 10 * CLIENTS).then_some(())
    })
    .await;
    load.ends.store(true, Ordering::Relaxed);
    while let Some(ended) = clients.join_next().await {
        ended.unwrap().unwrap();
    }
    assert_ne!(member.api.text("hf-peer-tls", "ca.crt").unwrap(), old_peers);
    let phases = [
        "made the next authority of hf-client-ca",
        "the new authority of hf-client-ca",
        "the old authority of hf-client-ca",
    ];
    let order: Vec<usize> = phases
        .iter()
        .map(|phase| {
            done.iter()
                .position(|line| line.starts_with(phase))
                .unwrap_or_else(|| panic!("{phase}: {done:?}"))
        })
        .collect();
    assert!(order.is_sorted(), "{done:?}");
    println!("{} writes of {CLIENTS} clients, none failed", load.written.load(Ordering::Relaxed));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn trust_is_not_swapped_before_the_member_has_it() {
    if !can_run("trust_is_not_swapped_before_the_member_has_it") {
        return;
    }
    let before = cluster(json!({}));
    let member = RealMember::start(&before).await;
    let rotate = cluster(json!({ "tls": { "rotate": "1", "authority": { "overlap": "0s" } } }));
    let mut trust = member.look(&rotate).await;
    for _ in 0..3 {
        trust = member.look(&rotate).await;
        let rotating =
            trust.conditions.iter().find(|it| it.kind == ConditionKind::AuthorityRotating).unwrap();
        assert_eq!(rotating.reason, "WideningTrust", "{rotating:?}");
        assert!(rotating.message.contains("hf-0 to trust the next authority"), "{rotating:?}");
    }
    assert_eq!(trust.rotated, None);
    eventually("the rotation", async || {
        member.sync();
        (member.look(&rotate).await.rotated.as_deref() == Some("1")).then_some(())
    })
    .await;
}
