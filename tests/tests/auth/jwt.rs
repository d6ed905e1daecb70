//! JSON web tokens, at etcd and at Holdfast with the same key: stale after any change of users, and good on members that
//! can only check them.

use std::path::{Path, PathBuf};
use std::process::Command;

use holdfast_proto::etcdserverpb as pb;
use holdfast_tests::binaries::{ReferenceTool, have_reference};
use holdfast_tests::server::ServerPlan;
use holdfast_tests::{Cluster, Implementation};
use tonic::Code;

use crate::subject::{Subject, password, show};

/// A pair of keys made for this run.
fn key_pair(folder: &Path) -> (PathBuf, PathBuf) {
    let (public, private) = (folder.join("jwt.pub"), folder.join("jwt.key"));
    let openssl = |arguments: &[&str]| {
        let output = Command::new("openssl").args(arguments).output().unwrap();
        assert!(output.status.success(), "openssl {arguments:?}");
    };
    let (public_text, private_text) = (public.to_str().unwrap(), private.to_str().unwrap());
    openssl(&["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", private_text]);
    openssl(&["pkey", "-in", private_text, "-pubout", "-out", public_text]);
    (public, private)
}

/// What a client with one token meets while users are changed.
async fn story(implementation: Implementation, flag: &str) -> Vec<String> {
    let server = ServerPlan::new(implementation).flag(flag).start().await.unwrap();
    let subject = Subject::new(&server).await;
    subject.set_up().await;
    let mut told = Vec::new();
    let mut tell = |what: &str, outcome: Result<(), tonic::Status>| {
        told.push(format!("{what}: {}", outcome.map_or_else(|status| show(&status), |()| "done".to_owned())));
    };
    let owner = subject.log_in("owner", &password("owner")).await;
    let root = subject.log_in("root", &password("root")).await;
    tell("read", subject.range("o/1", Some(&owner)).await.map(|_| ()));
    tell("read what is not theirs", subject.range("x/1", Some(&owner)).await.map(|_| ()));
    subject.add_user("another", "p", Some(&root)).await;
    tell("read after a change", subject.range("o/1", Some(&owner)).await.map(|_| ()));
    let put = pb::PutRequest { key: "o/1".into(), value: "2".into(), ..Default::default() };
    tell("put after a change", subject.put(put, Some(&owner)).await.map(|_| ()));
    let list = pb::AuthUserListRequest {};
    let listed: Result<pb::AuthUserListResponse, _> =
        subject.try_call("etcdserverpb.Auth/UserList", list, Some(&root)).await;
    tell("administer after a change", listed.map(|_| ()));
    let owner = subject.log_in("owner", &password("owner")).await;
    tell("read with a new token", subject.range("o/1", Some(&owner)).await.map(|_| ()));
    let (head, signature) = owner.rsplit_once('.').unwrap();
    let forged = format!("{head}.{}", signature.chars().rev().collect::<String>());
    tell("read with a forged token", subject.range("o/1", Some(&forged)).await.map(|_| ()));
    let unsigned = "eyJhbGciOiJub25lIn0.eyJ1c2VybmFtZSI6InJvb3QiLCJyZXZpc2lvbiI6OTl9.";
    tell("read with an unsigned token", subject.range("o/1", Some(unsigned)).await.map(|_| ()));
    told
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_live_and_die_as_at_etcd() {
    if !have_reference("tokens_live_and_die_as_at_etcd", &[ReferenceTool::Etcd]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (public, private) = key_pair(folder.path());
    let flag = format!(
        "--auth-token=jwt,pub-key={},priv-key={},sign-method=ES256,ttl=10m",
        public.display(),
        private.display()
    );
    let (reference, ours) =
        tokio::join!(story(Implementation::Etcd, &flag), story(Implementation::Holdfast, &flag));
    assert_eq!(reference, ours);
    assert!(reference.contains(&"read: done".to_owned()), "{reference:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_with_the_public_key_check_what_others_make() {
    let folder = tempfile::tempdir().unwrap();
    let (public, private) = key_pair(folder.path());
    let checks = format!("--auth-token=jwt,pub-key={},sign-method=ES256", public.display());
    let makes = format!("--auth-token=jwt,priv-key={},sign-method=ES256", private.display());
    let is_first = std::cell::Cell::new(true);
    let adapt = |plan: ServerPlan| plan.flag(if is_first.replace(false) { &makes } else { &checks });
    let cluster = Cluster::start_with(Implementation::Holdfast, 3, adapt).await.unwrap();
    let mut members = Vec::new();
    for member in &cluster.members {
        members.push(Subject::new(member).await);
    }
    members[0].set_up().await;
    let token = members[0].log_in("owner", &password("owner")).await;
    for member in &members {
        assert_eq!(member.range("o/1", Some(&token)).await.unwrap().count, 1);
    }
    let refused = members[1].try_log_in("owner", &password("owner")).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unknown);
    assert_eq!(refused.message(), "auth: token signing attempted with verify-only key");
}
