//! What the tests of membership do again and again: join, settle, compare, see somebody go. Must not hold a test.

use std::time::{Duration, Instant};

use holdfast_tests::binaries::{ReferenceTool, have_reference};
use holdfast_tests::process::POLL_INTERVAL;
use holdfast_tests::server::{READY_DEADLINE, ServerPlan};
use holdfast_tests::{Implementation, Server, cluster, http};
use serde_json::{Value, json};

use crate::ctl::do_etcdctl;
use crate::load::{Written, stored};

/// Longest wait for anything on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The exit code of a member that was removed.
pub const REMOVED: i32 = 3;

/// Whether etcdctl is there.
pub fn have_etcdctl(test: &str) -> bool {
    have_reference(test, &[ReferenceTool::Etcdctl])
}

/// One member alone.
pub async fn alone() -> Server {
    ServerPlan::new(Implementation::Holdfast).name("m1").start().await.unwrap()
}

/// Adds a member by etcdctl and starts it as etcdctl says.
pub async fn join(all: &[&Server], name: &str, is_learner: bool) -> Server {
    let plan = ServerPlan::new(Implementation::Holdfast).name(name);
    let own = plan.as_initial_member();
    let peer_url = own.split_once('=').unwrap().1.to_owned();
    let peer_urls = format!("--peer-urls={peer_url}");
    let mut arguments = vec!["member", "add", name, &peer_urls];
    if is_learner {
        arguments.push("--learner");
    }
    let said = do_etcdctl(all, &arguments).await;
    assert!(said.contains("ETCD_INITIAL_CLUSTER_STATE=\"existing\""), "{said}");
    // Only one of those that run is named: the others' addresses come with the membership.
    let listed = format!("{own},{}", all[0].as_initial_member());
    let plan = plan.initial_cluster(&listed).flag("--initial-cluster-state=existing");
    plan.spawn().unwrap()
}

/// Waits until everyone runs, knows the same members and has the same data.
pub async fn wait_settled(servers: &mut [Server]) {
    for server in servers.iter_mut() {
        server.wait_ready(READY_DEADLINE).await.unwrap();
    }
    let start = Instant::now();
    loop {
        let mut views = Vec::new();
        for server in servers.iter() {
            views.push(membership(server).await);
        }
        let is_settled = |view: &Value| {
            let roles: Vec<&Value> =
                view["members"].as_array().unwrap().iter().map(|it| &it["role"]).collect();
            // VOTER is the default and left out.
            roles.len() == servers.len()
                && roles.iter().all(|role| role.is_null())
                && view["is_changing"].is_null()
        };
        if views.iter().all(is_settled) {
            return;
        }
        assert!(start.elapsed() < PATIENCE, "the members do not settle: {views:#?}");
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

/// The membership with its number, as a member knows it.
pub async fn membership(server: &Server) -> Value {
    let asked = http::post(server.client_address(), "/holdfast/v1/membership", "{}").await.unwrap();
    asked.json().unwrap()
}

/// Asks for a change of several members.
pub async fn change(server: &Server, change: Value) -> http::Answer {
    http::post(server.client_address(), "/holdfast/v1/membership/change", change.to_string()).await.unwrap()
}

/// The hash of the data at a revision.
pub async fn hash(server: &Server, revision: i64) -> Value {
    let body = json!({ "revision": revision }).to_string();
    let answer = http::post(server.client_address(), "/v3/maintenance/hashkv", body).await.unwrap();
    let answer: Value = answer.json().unwrap();
    assert!(answer["hash"].is_number(), "{answer}");
    answer["hash"].clone()
}

/// Insists that all members have the same data, everything acknowledged in it.
pub async fn check_data(servers: &[Server], written: &Written) {
    assert!(written.acknowledged.len() > 100, "only {} writes", written.acknowledged.len());
    let stored = stored(&servers[0]).await;
    for (key, revision) in &written.acknowledged {
        assert_eq!(stored.get(key), Some(revision), "{key}");
    }
    let last = *stored.values().max().unwrap();
    let start = Instant::now();
    let mut hashes = Vec::new();
    while hashes.len() < servers.len() {
        hashes.clear();
        for server in servers {
            let status = cluster::status(server).await.unwrap();
            let revision: i64 = status["header"]["revision"].as_str().unwrap().parse().unwrap();
            if revision >= last {
                hashes.push(hash(server, last).await);
            }
        }
        assert!(start.elapsed() < PATIENCE, "not everyone has revision {last}");
    }
    assert!(hashes.iter().all(|hash| hash == &hashes[0]), "{hashes:?}");
}

/// Waits until a member that was removed has stopped, and insists that it says so.
pub async fn check_removed(server: &mut Server) {
    let start = Instant::now();
    let status = loop {
        if let Some(status) = server.process().status().unwrap() {
            break status;
        }
        assert!(start.elapsed() < PATIENCE, "it runs on:\n{}", server.output());
        tokio::time::sleep(POLL_INTERVAL).await;
    };
    let output = server.output();
    assert_eq!(status.code(), Some(REMOVED), "{output}");
    assert!(output.contains("this member was removed from the cluster"), "{output}");
}

/// The index of the member that leads.
pub async fn leader_of(servers: &[Server]) -> usize {
    let start = Instant::now();
    loop {
        for (index, server) in servers.iter().enumerate() {
            if let Ok(status) = cluster::status(server).await
                && status["leader"].is_string()
                && status["leader"] == status["header"]["member_id"]
            {
                return index;
            }
        }
        assert!(start.elapsed() < PATIENCE, "nobody leads");
    }
}
