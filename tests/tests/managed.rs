//! The managed way to form a cluster: blank members wait, one is initialised once, the others are taken in, and none of
//! them ever makes a cluster by itself.

#![allow(clippy::unwrap_used, reason = "a test that meets an error has failed")]

use std::time::{Duration, Instant};

use holdfast_tests::process::POLL_INTERVAL;
use holdfast_tests::server::{READY_DEADLINE, ServerPlan};
use holdfast_tests::{Implementation, Server, http};
use serde_json::{Value, json};

/// Longest wait for anything on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

const CLUSTER: &str = "--expected-cluster-id=cdf818194e3a8c32";
const CLUSTER_ID: u64 = 0xcdf8_1819_4e3a_8c32;

/// A managed member on a folder of its own.
fn managed(name: &str, cluster: &str) -> Server {
    let mut server = ServerPlan::new(Implementation::Holdfast).name(name).spawn().unwrap();
    server.kill();
    // What it did meanwhile is not what is tested.
    let _ = std::fs::remove_dir_all(server.data_dir());
    let own = format!("--initial-advertise-peer-urls={}", server.peer_url());
    server.set_flags(&[&format!("--name={name}"), &own, "--managed", cluster]);
    server.spawn().unwrap();
    server
}

async fn ask(server: &Server, path: &str, body: Value) -> Result<http::Answer, http::HttpError> {
    http::post(server.client_address(), &format!("/holdfast/v1/{path}"), body.to_string()).await
}

/// Asks until the server answers with a body for which `is_it` holds.
async fn await_state(server: &Server, is_it: impl Fn(&Value) -> bool) -> Value {
    let start = Instant::now();
    loop {
        if let Ok(answer) = ask(server, "state", json!({})).await
            && let Ok(state) = answer.json()
            && is_it(&state)
        {
            return state;
        }
        assert!(start.elapsed() < PATIENCE, "it does not get there:\n{}", server.output());
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

fn is_blank(state: &Value) -> bool {
    state["is_blank"] == true
}

async fn configuration(server: &Server) -> Value {
    ask(server, "membership", json!({})).await.unwrap().json().unwrap()
}

/// Takes blank members in as learners, by one who runs.
async fn take_in(first: &Server, blanks: &[&Server]) {
    let number = configuration(first).await["configuration"].clone();
    let add: Vec<Value> = blanks.iter().map(|blank| json!({ "peer_urls": [blank.peer_url()] })).collect();
    let request = json!({ "expected_configuration": number, "add": add });
    let taken = ask(first, "membership/change", request).await.unwrap();
    assert!(taken.status.is_success(), "{}", taken.text());
}

/// Waits until all members are in sync, then makes them voters in one step.
async fn promote_all(first: &Server, count: usize) {
    let start = Instant::now();
    let now = loop {
        let now = configuration(first).await;
        if now["members"].as_array().unwrap().iter().filter(|it| it["is_in_sync"] == true).count() == count {
            break now;
        }
        assert!(start.elapsed() < PATIENCE, "the learners do not catch up: {now}");
        tokio::time::sleep(POLL_INTERVAL).await;
    };
    let ids: Vec<&Value> = now["members"].as_array().unwrap().iter().map(|it| &it["id"]).collect();
    let request = json!({ "expected_configuration": now["configuration"], "voters": ids });
    let grown = ask(first, "membership/change", request).await.unwrap();
    assert!(grown.status.is_success(), "{}", grown.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn blank_members_wait_and_become_a_cluster_when_told() {
    let mut servers: Vec<Server> = ["m1", "m2", "m3"].iter().map(|name| managed(name, CLUSTER)).collect();
    for server in &servers {
        let state = await_state(server, is_blank).await;
        assert_eq!(state["cluster_id"], CLUSTER_ID.to_string(), "{state}");
        assert_eq!(state["peer_urls"], json!([server.peer_url()]));
        let read = http::post(server.client_address(), "/v3/kv/range", r#"{"key":"YQ=="}"#).await.unwrap();
        assert_eq!(read.status.as_u16(), 503, "{}", read.text());
        assert!(!server.data_dir().exists(), "a blank member touches nothing");
    }
    let other = ask(&servers[0], "initialize", json!({ "cluster_id": "1" })).await.unwrap();
    assert_eq!(other.status.as_u16(), 400, "{}", other.text());
    let begun =
        ask(&servers[0], "initialize", json!({ "cluster_id": CLUSTER_ID.to_string() })).await.unwrap();
    assert!(begun.status.is_success(), "{}", begun.text());
    servers[0].wait_ready(READY_DEADLINE).await.unwrap();
    let again =
        ask(&servers[0], "initialize", json!({ "cluster_id": CLUSTER_ID.to_string() })).await.unwrap();
    assert!(again.text().contains("already"), "{}", again.text());

    take_in(&servers[0], &[&servers[1], &servers[2]]).await;
    for server in &servers[1..] {
        let state = await_state(server, |state| !is_blank(state)).await;
        assert_eq!(state["cluster_id"], CLUSTER_ID.to_string());
    }
    promote_all(&servers[0], 3).await;
    for server in &mut servers {
        server.wait_ready(READY_DEADLINE).await.unwrap();
        let members = http::post(server.client_address(), "/v3/cluster/member/list", "{}").await.unwrap();
        let members: Value = members.json().unwrap();
        assert_eq!(members["members"].as_array().unwrap().len(), 3, "{members}");
    }
    // An emptied volume is a blank member, whatever it was before: it waits, and nobody takes it for what it was.
    let lost = &mut servers[2];
    lost.kill();
    std::fs::remove_dir_all(lost.data_dir()).unwrap();
    lost.spawn().unwrap();
    await_state(lost, is_blank).await;
    let quiet = Instant::now();
    while quiet.elapsed() < Duration::from_secs(3) {
        let state = ask(&servers[2], "state", json!({})).await.unwrap().json().unwrap();
        assert!(is_blank(&state), "{state}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    // The last one of three knows who votes, though it cannot know whether that still holds.
    servers[1].kill();
    let known: Value =
        ask(&servers[0], "membership", json!({ "serializable": true })).await.unwrap().json().unwrap();
    let voters = known["members"].as_array().unwrap().iter().filter(|it| it["role"].is_null()).count();
    assert_eq!(voters, 3, "{known}");
    // A restart of one with data needs nobody.
    servers[1].spawn().unwrap();
    servers[1].wait_ready(READY_DEADLINE).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn data_or_peers_of_another_cluster_end_a_managed_member() {
    let mut first = managed("m1", CLUSTER);
    await_state(&first, is_blank).await;
    ask(&first, "initialize", json!({ "cluster_id": CLUSTER_ID.to_string() })).await.unwrap();
    first.wait_ready(READY_DEADLINE).await.unwrap();
    let mut stranger = managed("m2", "--initial-cluster-token=another");
    await_state(&stranger, is_blank).await;
    take_in(&first, &[&stranger]).await;
    let status = stranger.process().wait(PATIENCE).unwrap();
    assert_eq!(status.code(), Some(1), "{}", stranger.output());
    assert!(stranger.output().contains("take this member for one of theirs"), "{}", stranger.output());
    first.kill();
    first.set_flags(&["--managed", "--expected-cluster-id=1"]);
    first.spawn().unwrap();
    let status = first.process().wait(PATIENCE).unwrap();
    assert_eq!(status.code(), Some(1), "{}", first.output());
    assert!(first.output().contains("belongs to cluster cdf818194e3a8c32"), "{}", first.output());
}
