//! Members that are started again with other flags: once there is data, it says which member of which cluster runs, as
//! in etcd.

#![allow(clippy::unwrap_used, reason = "a test that meets an error has failed")]

use std::time::{Duration, Instant};

use holdfast_tests::process::POLL_INTERVAL;
use holdfast_tests::server::{READY_DEADLINE, ServerPlan};
use holdfast_tests::{Cluster, Implementation, Server, http};
use serde_json::Value;

/// How long a stop may take.
const STOP_DEADLINE: Duration = Duration::from_secs(10);

const WRONG: &str = "--initial-cluster=x=http://127.0.0.1:1,y=http://127.0.0.1:2";

async fn post(server: &Server, path: &str, body: &str) -> Value {
    http::post(server.client_address(), path, body.to_owned()).await.unwrap().json().unwrap()
}

/// The members as the server lists them once all have made themselves known, and which member of which cluster it says
/// it is.
async fn identity(server: &Server) -> (Value, Value, Value) {
    let start = Instant::now();
    loop {
        let answer = post(server, "/v3/cluster/member/list", "{}").await;
        let mut members = answer["members"].as_array().unwrap().iter();
        if members.all(|member| member["clientURLs"].is_array()) {
            let header = &answer["header"];
            return (answer["members"].clone(), header["member_id"].clone(), header["cluster_id"].clone());
        }
        assert!(start.elapsed() < READY_DEADLINE, "{answer}");
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

async fn restart_with(server: &mut Server, flags: &[&str]) {
    server.stop(STOP_DEADLINE).unwrap();
    server.set_flags(flags);
    server.spawn().unwrap();
    server.wait_ready(READY_DEADLINE).await.unwrap();
}

#[tokio::test]
async fn one_member_is_who_it_was_whatever_the_flags_say() {
    let mut server = ServerPlan::new(Implementation::Holdfast).name("first").start().await.unwrap();
    post(&server, "/v3/kv/put", r#"{"key":"YQ==","value":"MQ=="}"#).await;
    let before = identity(&server).await;
    assert_eq!(before.0[0]["name"], "first");
    for flags in [
        &[][..],
        &["--initial-cluster-token=other", "--initial-advertise-peer-urls=http://127.0.0.1:1"],
        &[WRONG],
        &[WRONG, "--initial-cluster-state=existing"],
        &["--initial-cluster=no-cluster-at-all", "--initial-cluster-state=new"],
    ] {
        restart_with(&mut server, flags).await;
        assert_eq!(identity(&server).await, before, "{flags:?}");
        let read = post(&server, "/v3/kv/range", r#"{"key":"YQ=="}"#).await;
        assert_eq!(read["kvs"][0]["value"], "MQ==", "{flags:?}");
    }
    let output = server.output();
    assert!(output.contains("the --initial-* settings have no effect"), "{output}");
    assert!(output.contains("without effect now"), "{output}");
    // As in etcd, a name that is given is the member's from now on.
    restart_with(&mut server, &["--name=second"]).await;
    let start = Instant::now();
    while identity(&server).await.0[0]["name"] != "second" {
        assert!(start.elapsed() < READY_DEADLINE, "the name does not get known");
    }
}

#[tokio::test]
async fn a_member_of_three_comes_back_without_naming_the_others() {
    let mut cluster = Cluster::start(Implementation::Holdfast).await.unwrap();
    let before = identity(&cluster.members[1]).await;
    restart_with(&mut cluster.members[1], &[]).await;
    assert_eq!(identity(&cluster.members[1]).await, before);
    // All at once: nobody is there who could tell.
    for member in &mut cluster.members {
        member.kill();
        member.set_flags(&[WRONG]);
    }
    for member in &mut cluster.members {
        member.spawn().unwrap();
    }
    cluster.wait_ready(READY_DEADLINE).await.unwrap();
    assert_eq!(identity(&cluster.members[1]).await, before);
}

#[tokio::test]
async fn etcd_does_the_same() {
    if !holdfast_tests::binaries::have_reference(
        "etcd_does_the_same",
        &[holdfast_tests::binaries::ReferenceTool::Etcd],
    ) {
        return;
    }
    let mut server = ServerPlan::new(Implementation::Etcd).name("first").start().await.unwrap();
    let before = identity(&server).await;
    restart_with(&mut server, &["--name=first", WRONG, "--initial-cluster-state=existing"]).await;
    assert_eq!(identity(&server).await, before);
}
