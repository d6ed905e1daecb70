//! The v2 keys API where members fail: three members of which clients need not know the leader, and both APIs on one
//! tree under load while the process is killed.

#![allow(clippy::unwrap_used, reason = "a test that meets an error has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use ::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use holdfast_tests::http::{self, Answer, AnswerStream, HttpError};
use holdfast_tests::process::POLL_INTERVAL;
use holdfast_tests::server::READY_DEADLINE;
use holdfast_tests::{Cluster, Implementation, Server};
use serde_json::Value;
use tokio::task::JoinSet;

const FORM: [(&str, &str); 1] = [("Content-Type", "application/x-www-form-urlencoded")];

/// Longest wait for anything on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long writers write before the process is killed.
const LOAD_TIME: Duration = Duration::from_secs(2);

async fn request(address: SocketAddr, method: Method, path: &str, form: &str) -> Result<Answer, HttpError> {
    http::send(address, method, &format!("/v2/keys{path}"), &FORM, form.to_owned()).await
}

async fn put(server: &Server, path: &str, form: &str) -> Answer {
    request(server.client_address(), Method::PUT, path, form).await.unwrap()
}

async fn get(server: &Server, path: &str) -> Answer {
    request(server.client_address(), Method::GET, path, "").await.unwrap()
}

async fn wait(server: &Server, path: &str) -> AnswerStream {
    let path = format!("/v2/keys{path}");
    http::open(server.client_address(), Method::GET, &path, &[], "").await.unwrap()
}

/// The next line of a wait.
async fn line(wait: &mut AnswerStream, rest: &mut String) -> Value {
    loop {
        if let Some((line, behind)) = rest.split_once('\n') {
            let event = serde_json::from_str(line).unwrap();
            *rest = behind.to_owned();
            return event;
        }
        let piece = wait.next(PATIENCE).await.unwrap().expect("the wait goes on");
        *rest += str::from_utf8(&piece).unwrap();
    }
}

async fn await_gone(server: &Server, path: &str) {
    let start = Instant::now();
    while get(server, path).await.status.as_u16() != 404 {
        assert!(start.elapsed() < PATIENCE, "{path} does not end");
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

/// How many members are listed with an address.
async fn machines(server: &Server) -> usize {
    let listed = http::get(server.client_address(), "/v2/machines").await.unwrap();
    listed.text().split(", ").filter(|url| !url.is_empty()).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_member_answers_and_a_nodes_time_outlives_the_leader() {
    let mut cluster = Cluster::start(Implementation::Holdfast).await.unwrap();
    let leader = cluster.wait_leader(PATIENCE).await;
    // Members say where they serve once they run; one that ends before could not be listed.
    let start = Instant::now();
    while machines(&cluster.members[0]).await != 3 {
        assert!(start.elapsed() < PATIENCE, "not all members are listed");
        tokio::time::sleep(POLL_INTERVAL).await;
    }
    let mut waits = Vec::new();
    for member in &cluster.members {
        waits.push(wait(member, "/all?wait=true&stream=true&recursive=true").await);
    }
    for (number, member) in cluster.members.iter().enumerate() {
        let answer = put(member, &format!("/all/{number}"), "value=1").await;
        assert_eq!(answer.status.as_u16(), 201, "{}", answer.text());
        for other in &cluster.members {
            let read = get(other, &format!("/all/{number}?quorum=true")).await;
            assert_eq!(read.json().unwrap()["node"], answer.json().unwrap()["node"]);
            assert_eq!(read.header("x-etcd-cluster-id"), answer.header("x-etcd-cluster-id"));
        }
    }
    for wait in &mut waits {
        let mut rest = String::new();
        for number in 0..3 {
            assert_eq!(line(wait, &mut rest).await["node"]["key"], format!("/all/{number}"));
        }
    }
    let follower = (leader + 1) % 3;
    put(&cluster.members[follower], "/kept", "value=1&ttl=100").await;
    put(&cluster.members[follower], "/short", "value=1&ttl=3").await;
    put(&cluster.members[follower], "/dir", "dir=true&ttl=3").await;
    put(&cluster.members[follower], "/dir/below", "value=1").await;
    let begun = Instant::now();
    cluster.members[leader].kill();
    await_gone(&cluster.members[follower], "/short").await;
    await_gone(&cluster.members[follower], "/dir").await;
    // Times are in the log, so that a new leader does not start them anew.
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
    assert_eq!(get(&cluster.members[follower], "/kept").await.status.as_u16(), 200);
    assert_eq!(machines(&cluster.members[follower]).await, 3);
    let leader_member =
        http::get(cluster.members[follower].client_address(), "/v2/members/leader").await.unwrap();
    assert!(leader_member.json().unwrap()["clientURLs"][0].is_string(), "{}", leader_member.text());
}

/// What was acknowledged: keys and their indexes.
type Acknowledged = BTreeMap<String, u64>;

/// Writes one key after the other through the v2 API until it fails.
async fn write_v2(address: SocketAddr, writer: usize, stop: Arc<AtomicBool>) -> Acknowledged {
    let mut acknowledged = Acknowledged::new();
    for number in 0.. {
        let key = format!("/load/two-{writer}/{number:06}");
        let Ok(answer) = request(address, Method::PUT, &key, "value=v").await else { break };
        acknowledged.insert(key, answer.json().unwrap()["node"]["modifiedIndex"].as_u64().unwrap());
        if stop.load(Ordering::Relaxed) {
            break;
        }
    }
    acknowledged
}

/// The same through the v3 API.
async fn write_v3(address: SocketAddr, writer: usize, stop: Arc<AtomicBool>) -> Acknowledged {
    let mut acknowledged = Acknowledged::new();
    for number in 0.. {
        let key = format!("/load/three-{writer}/{number:06}");
        let body = format!(r#"{{"key":"{}","value":"dg=="}}"#, STANDARD.encode(&key));
        let Ok(answer) = http::post(address, "/v3/kv/put", body).await else { break };
        let revision = answer.json().unwrap()["header"]["revision"].as_str().unwrap().parse().unwrap();
        acknowledged.insert(key, revision);
        if stop.load(Ordering::Relaxed) {
            break;
        }
    }
    acknowledged
}

/// Every file of a listing with its index.
fn files(node: &Value, found: &mut Acknowledged) {
    if node["dir"].is_null() {
        let key = node["key"].as_str().unwrap().to_owned();
        found.insert(key, node["modifiedIndex"].as_u64().unwrap());
    }
    node["nodes"].as_array().into_iter().flatten().for_each(|node| files(node, found));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_apis_write_one_tree_and_a_kill_loses_nothing() {
    let mut server = Server::start(Implementation::Holdfast).await.unwrap();
    let address = server.client_address();
    let stop = Arc::new(AtomicBool::new(false));
    let mut writers = JoinSet::new();
    for writer in 0..4 {
        writers.spawn(write_v2(address, writer, stop.clone()));
        writers.spawn(write_v3(address, writer, stop.clone()));
    }
    tokio::time::sleep(LOAD_TIME).await;
    server.kill();
    stop.store(true, Ordering::Relaxed);
    let acknowledged: Acknowledged = writers.join_all().await.into_iter().flatten().collect();
    assert!(acknowledged.len() > 100, "only {} writes", acknowledged.len());
    let indexes: BTreeSet<u64> = acknowledged.values().copied().collect();
    assert_eq!(indexes.len(), acknowledged.len(), "each write has an index of its own");

    server.spawn().unwrap();
    server.wait_ready(READY_DEADLINE).await.unwrap();
    let mut found = Acknowledged::new();
    let listing = get(&server, "/load?recursive=true&quorum=true").await;
    files(&listing.json().unwrap()["node"], &mut found);
    for (key, index) in &acknowledged {
        assert_eq!(found.get(key), Some(index), "{key}");
    }
    // History tells the same, in order: each change one index behind the last.
    let mut history = wait(&server, "/load?wait=true&stream=true&recursive=true&waitIndex=2").await;
    let mut rest = String::new();
    let mut last = 1;
    for _ in 0..found.len() {
        let event = line(&mut history, &mut rest).await;
        let index = event["node"]["modifiedIndex"].as_u64().unwrap();
        assert_eq!(index, last + 1, "{event}");
        assert_eq!(found.get(event["node"]["key"].as_str().unwrap()), Some(&index));
        last = index;
    }
}
