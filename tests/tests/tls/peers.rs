//! TLS between members, and at their port: three that trust each other, and those who are none.

use std::path::PathBuf;
use std::time::Duration;

use holdfast_tests::certificates::{Authority, Issued, Wanted, replace};
use holdfast_tests::server::{READY_DEADLINE, ServerPlan};
use holdfast_tests::tls::{TlsClient, pair_flags, path_flag};
use holdfast_tests::{Cluster, Implementation, Server, http};
use tempfile::TempDir;

use super::member::{PUT, wait_log};

struct Files {
    folder: TempDir,
    authority: Authority,
}

impl Files {
    fn new() -> Files {
        let folder = TempDir::with_prefix("holdfast-tls-").unwrap();
        let authority = Authority::new("members");
        replace(&folder.path().join("ca.pem"), &authority.pem());
        replace(&folder.path().join("crl.pem"), &authority.revoke(&[66]));
        Files { folder, authority }
    }

    fn ca(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// A plan for a member that shows `own` and takes members of this CA.
    fn secured(&self, plan: ServerPlan, name: &str, own: &Issued) -> ServerPlan {
        let [certificate, key] = pair_flags("peer-", &own.write(self.folder.path(), name));
        plan.secure_peers()
            .flag(certificate)
            .flag(key)
            .flag("--peer-client-cert-auth")
            .flag(path_flag("peer-trusted-ca-file", &self.ca()))
            .flag(path_flag("peer-crl-file", &self.folder.path().join("crl.pem")))
    }
}

async fn put(server: &Server) -> bool {
    let answer = http::post(server.client_address(), "/v3/kv/put", PUT).await;
    answer.is_ok_and(|answer| answer.status.is_success())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_members_trust_each_other_through_a_leaders_death() {
    let files = Files::new();
    let own = files.authority.issue(&Wanted::new("member"));
    let mut cluster =
        Cluster::start_with(Implementation::Holdfast, 3, |plan| files.secured(plan, "member", &own))
            .await
            .unwrap();
    for member in &cluster.members {
        assert!(put(member).await);
        // Nothing but TLS is spoken between them.
        assert!(
            http::get(member.peer_address(), "/version").await.unwrap().text().contains("speaks TLS only")
        );
    }
    let leader = cluster.wait_leader(READY_DEADLINE).await;
    cluster.members[leader].kill();
    let next = cluster.wait_leader(READY_DEADLINE).await;
    assert_ne!(next, leader);
    assert!(put(&cluster.members[next]).await);
    cluster.members[leader].restart().await.unwrap();
    assert!(put(&cluster.members[leader]).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn certificates_that_members_made_are_enough_to_encrypt() {
    let cluster =
        Cluster::start_with(Implementation::Holdfast, 3, |plan| plan.secure_peers().flag("--peer-auto-tls"))
            .await
            .unwrap();
    for member in &cluster.members {
        assert!(put(member).await);
        assert!(member.data_dir().join("tls/peers/cert.pem").exists());
    }
}

/// Waits until the port for members refuses whoever shows `own`, for this reason.
async fn refused(files: &Files, server: &Server, own: Option<&Issued>, reason: &str) {
    let client = TlsClient::new(&[files.authority.pem()], own);
    let answer = client.post(server.peer_address(), "/version", "").await;
    assert!(answer.is_err(), "it is let in: {answer:?}");
    wait_log(server, &["a connection was refused", "members", reason]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_no_member_is_refused_with_its_reason() {
    let files = Files::new();
    let issue = |wanted: Wanted| files.authority.issue(&wanted);
    let own = issue(Wanted::new("member"));
    let plan = ServerPlan::new(Implementation::Holdfast);
    let plan = files.secured(plan, "member", &own).flag("--peer-cert-allowed-cn=member,third");
    let server = plan.start().await.unwrap();
    let other = Authority::new("members").issue(&Wanted::new("member"));
    refused(&files, &server, None, "it showed no certificate").await;
    refused(&files, &server, Some(&other), "signed by no CA of --peer-trusted-ca-file").await;
    refused(&files, &server, Some(&issue(Wanted::new("member").expired())), "has expired on").await;
    refused(&files, &server, Some(&issue(Wanted::new("member").serial(66))), "revoked, says --peer-crl-file")
        .await;
    refused(&files, &server, Some(&issue(Wanted::new("stranger"))), "allowed common names: member, third")
        .await;
    let elsewhere = issue(Wanted::new("member").hosts(&["192.0.2.1", "no.such.host.invalid"]));
    refused(
        &files,
        &server,
        Some(&elsewhere),
        "it comes from 127.0.0.1, and its certificate is for 192.0.2.1",
    )
    .await;
    let client = TlsClient::new(&[files.authority.pem()], Some(&issue(Wanted::new("third"))));
    assert_eq!(client.post(server.peer_address(), "/version", "").await.unwrap().status.as_u16(), 405);
    assert!(put(&server).await);
}

/// A member of two good ones and one that shows `bad`; the good ones serve, and say why the third is not reached.
async fn two_and_a_stranger(files: &Files, bad: &Issued, reason: &str) {
    let good = files.authority.issue(&Wanted::new("member"));
    let plan = |name: &str, own: &Issued| {
        files.secured(ServerPlan::new(Implementation::Holdfast).name(name), name, own)
    };
    let plans = [plan("one", &good), plan("two", &good), plan("three", bad)];
    let members = plans.each_ref().map(ServerPlan::as_initial_member).join(",");
    let [mut one, mut two, three] = plans.map(|plan| plan.initial_cluster(&members).spawn().unwrap());
    one.wait_ready(READY_DEADLINE).await.unwrap();
    two.wait_ready(READY_DEADLINE).await.unwrap();
    let leads = |server: &Server| server.output().contains("this member leads");
    let leader = if leads(&one) { &one } else { &two };
    wait_log(leader, &["a member cannot be reached", "three", reason]).await;
    assert!(put(&one).await && put(&two).await);
    assert!(!three.is_ready().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_with_anothers_certificate_is_not_spoken_to() {
    let files = Files::new();
    let elsewhere = files.authority.issue(&Wanted::new("member").hosts(&["other.example"]));
    two_and_a_stranger(&files, &elsewhere, "its certificate is not for 127.0.0.1, but for").await;
    let stranger = Authority::new("members").issue(&Wanted::new("member"));
    two_and_a_stranger(&files, &stranger, "its certificate is signed by no CA of --peer-trusted-ca-file")
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_take_up_a_new_ca_and_new_certificates_while_they_serve() {
    let files = Files::new();
    let own = files.authority.issue(&Wanted::new("member"));
    let mut cluster =
        Cluster::start_with(Implementation::Holdfast, 3, |plan| files.secured(plan, "member", &own))
            .await
            .unwrap();
    let next = Authority::new("next");
    replace(&files.ca(), &format!("{}{}", files.authority.pem(), next.pem()));
    wait_all(&cluster, 1).await;
    let _ = next.issue(&Wanted::new("member")).write(files.folder.path(), "member");
    wait_all(&cluster, 2).await;
    replace(&files.ca(), &next.pem());
    wait_all(&cluster, 3).await;
    // Connections that are made now are made under the new CA alone.
    for index in 0..3 {
        cluster.members[index].restart().await.unwrap();
        assert!(put(&cluster.members[index]).await);
    }
}

async fn wait_all(cluster: &Cluster, count: usize) {
    let start = std::time::Instant::now();
    let taken = |member: &Server| member.output().matches("new TLS files are in use").count();
    while cluster.members.iter().any(|member| taken(member) < count) {
        assert!(start.elapsed() < READY_DEADLINE, "not all have taken up change {count}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Which members are reached by TLS, the data says: a member that has no TLS of its own, and no flag any more that names
/// the others, still speaks it with them. Whom it trusts then, the system says.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_without_tls_of_its_own_finds_those_that_have_it_again() {
    let files = Files::new();
    let own = files.authority.issue(&Wanted::new("member")).write(files.folder.path(), "member");
    let plan = |name: &str| {
        ServerPlan::new(Implementation::Holdfast).name(name).variable("SSL_CERT_FILE", files.ca())
    };
    let secured = |name: &str| {
        let [certificate, key] = pair_flags("peer-", &own);
        plan(name).secure_peers().flag(certificate).flag(key)
    };
    let plans = [secured("one"), secured("two"), plan("plain")];
    let members = plans.each_ref().map(ServerPlan::as_initial_member).join(",");
    let [mut one, mut two, mut plain] = plans.map(|plan| plan.initial_cluster(&members).spawn().unwrap());
    for member in [&mut one, &mut two, &mut plain] {
        member.wait_ready(READY_DEADLINE).await.unwrap();
    }
    plain.set_flags(&["--name=plain"]);
    plain.restart().await.unwrap();
    // Without the first member, both others are needed.
    one.kill();
    plain.wait_ready(READY_DEADLINE).await.unwrap();
    two.wait_ready(READY_DEADLINE).await.unwrap();
    assert!(put(&plain).await && put(&two).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_joins_over_tls() {
    let files = Files::new();
    let own = files.authority.issue(&Wanted::new("member"));
    let plan = |name: &str| files.secured(ServerPlan::new(Implementation::Holdfast).name(name), name, &own);
    let first = plan("one").start().await.unwrap();
    let second = plan("two");
    let url = second.as_initial_member().replace("two=", "");
    let add = format!(r#"{{"peerURLs":["{url}"]}}"#);
    let added = http::post(first.client_address(), "/v3/cluster/member/add", add).await.unwrap();
    assert!(added.status.is_success(), "{}", added.text());
    let members = format!("one={},{}", first.peer_url(), second.as_initial_member());
    let second =
        second.initial_cluster(&members).flag("--initial-cluster-state=existing").start().await.unwrap();
    assert!(put(&second).await && put(&first).await);
}
