//! Clients of the v2 API that others wrote, against Holdfast.

#![allow(clippy::unwrap_used, reason = "a test that meets an error has failed")]

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use holdfast_tests::binaries::{ReferenceTool, can_run, have_reference, reference};
use holdfast_tests::postgres::Patroni;
use holdfast_tests::{Implementation, Server, http};
use tokio::time::sleep;

#[tokio::test]
async fn python_etcd_finds_what_it_promises() {
    if !have_reference("python_etcd_finds_what_it_promises", &[ReferenceTool::PythonEtcd]) {
        return;
    }
    let server = Server::start(Implementation::Holdfast).await.unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/python_etcd.py");
    let address = server.client_address();
    let run = Command::new(reference(ReferenceTool::PythonEtcd).unwrap())
        .arg(script)
        .args([address.ip().to_string(), address.port().to_string()])
        .output()
        .unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
}

/// How long Patroni is watched, the restart of the store in the middle: six times the life of its key.
const WATCHED: Duration = Duration::from_secs(120);

async fn is_primary(address: SocketAddr) -> bool {
    http::get(address, "/primary").await.is_ok_and(|answer| answer.status.is_success())
}

#[tokio::test]
async fn patroni_keeps_its_leader_key_through_a_restart_of_the_store() {
    let test = "patroni_keeps_its_leader_key_through_a_restart_of_the_store";
    if !can_run(test, Patroni::is_installed()) {
        return;
    }
    let mut server = Server::start(Implementation::Holdfast).await.unwrap();
    let patroni = Patroni::start("pg1", "demo", server.client_address()).unwrap();
    let started = Instant::now();
    while !is_primary(patroni.rest_address()).await {
        assert!(started.elapsed() < Duration::from_secs(90), "no primary:\n{}", patroni.output());
        sleep(Duration::from_millis(200)).await;
    }
    let (begin, mut is_restarted, mut indexes) = (Instant::now(), false, Vec::new());
    while begin.elapsed() < WATCHED {
        if !is_restarted && begin.elapsed() > WATCHED / 2 {
            server.restart().await.unwrap();
            is_restarted = true;
        }
        let answer = http::get(server.client_address(), "/v2/keys/service/demo/leader").await.unwrap();
        let node = answer.json().unwrap()["node"].clone();
        assert_eq!(node["value"], "pg1", "{}\n{}", answer.text(), patroni.output());
        indexes.push(node["modifiedIndex"].as_u64().unwrap());
        assert!(is_primary(patroni.rest_address()).await, "{}", patroni.output());
        sleep(Duration::from_millis(500)).await;
    }
    indexes.dedup();
    assert!(indexes.len() > 15, "the key is renewed every five seconds: {indexes:?}");
    assert!(indexes.is_sorted(), "{indexes:?}");
}
