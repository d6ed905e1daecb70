//! The harness itself, tried on the reference server: what the other suites rest on. Must not test Holdfast.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use holdfast_tests::binaries::{ReferenceTool, have_reference};
use holdfast_tests::{Cluster, Implementation, Server};

#[tokio::test]
async fn a_member_keeps_its_data_over_a_crash() {
    if !have_reference("a_member_keeps_its_data_over_a_crash", &[ReferenceTool::Etcd]) {
        return;
    }
    let mut server = Server::start(Implementation::Etcd).await.unwrap();
    server.connect().await.unwrap().put("key", "value", None).await.unwrap();
    assert!(server.process().resident_bytes() > 1 << 20);
    assert!(server.process().cpu_time() > Duration::ZERO);

    server.kill();
    assert!(!server.is_ready().await);
    server.restart().await.unwrap();
    let read = server.connect().await.unwrap().get("key", None).await.unwrap();
    assert_eq!(read.kvs()[0].value(), b"value");
    assert!(server.stop(Duration::from_secs(10)).is_ok());
}

#[tokio::test]
async fn a_cluster_elects_again_when_its_leader_pauses() {
    if !have_reference("a_cluster_elects_again_when_its_leader_pauses", &[ReferenceTool::Etcd]) {
        return;
    }
    let mut cluster = Cluster::start(Implementation::Etcd).await.unwrap();
    let old = cluster.wait_leader(Duration::from_secs(10)).await;
    cluster.members[old].process().pause();
    let new = cluster.wait_leader(Duration::from_secs(10)).await;
    assert_ne!(old, new);
    cluster.members[old].process().resume();
    cluster.wait_ready(Duration::from_secs(10)).await.unwrap();
}
