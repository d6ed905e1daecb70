//! Three members over loopback: replication, failover, catching up, what they answer each other.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use holdfast_proto::peer as wire;
use tonic::Code;

use super::cluster::Cluster;
use super::engines::MemoryEngines;
use super::node::{put, wait_until};
use crate::handle::{AskHandler, ProposeError};
use crate::state::engines::{Engines, RocksEngines};

#[test]
fn a_write_through_any_member_reaches_all() {
    let cluster = Cluster::start(|| Arc::new(RocksEngines { cache_bytes: 16 << 20 }), |_| {});
    for (index, node) in cluster.nodes.iter().enumerate() {
        let revision = node.put(&format!("k{index}"), "v").unwrap();
        assert_eq!(revision, index as i64 + 2);
        // Whoever acknowledges has applied it.
        assert_eq!(node.get(&format!("k{index}")).as_deref(), Some("v"));
    }
    cluster.assert_equal(4);
    let leader = cluster.nodes[cluster.leader()].consensus().status();
    assert_eq!(leader.members.len(), 3);
    assert!(leader.term.0 > 0);
}

#[test]
fn traffic_between_members_is_counted() {
    let mut cluster = Cluster::in_memory();
    let (leader, follower) = (cluster.leader(), cluster.follower());
    cluster.nodes[follower].put("k", "v").unwrap();
    let (leader_id, follower_id) = (leader as u64 + 1, follower as u64 + 1);
    let counters = |node: usize, peer: u64| cluster.nodes[node].consensus().counters().peer(peer);
    let (to_follower, to_leader) = (counters(leader, follower_id), counters(follower, leader_id));
    wait_until("heartbeats are answered", || to_follower.round_trips.read().count > 0);
    for bytes in [
        &to_follower.sent_bytes,
        &to_follower.received_bytes,
        &to_leader.sent_bytes,
        &to_leader.received_bytes,
    ] {
        wait_until("bytes are counted", || bytes.load(Ordering::Relaxed) > 0);
    }
    let before = to_follower.send_failures.load(Ordering::Relaxed);
    cluster.nodes[follower].kill();
    wait_until("failures are counted", || to_follower.send_failures.load(Ordering::Relaxed) > before);
    assert!(cluster.nodes[leader].consensus().counters().state_writes.read().count > 0);
}

#[test]
fn writes_resume_soon_after_the_leader_dies_and_nothing_acknowledged_is_lost() {
    let mut cluster = Cluster::in_memory();
    let mut acknowledged = Vec::new();
    let mut revision = 1;
    for round in 0..3 {
        for number in 0..20 {
            let key = format!("r{round}k{number}");
            revision = cluster.nodes[cluster.leader()].put(&key, "v").unwrap();
            acknowledged.push((key, revision));
        }
        let leader = cluster.leader();
        cluster.nodes[leader].kill();
        let killed = Instant::now();
        let survivor = (leader + 1) % 3;
        let key = format!("r{round}after");
        // A proposal that was handed to the dead leader has an unknown outcome; the client tries again.
        loop {
            match cluster.nodes[survivor].put(&key, "v") {
                Ok(acknowledged) => {
                    revision = acknowledged;
                    break;
                }
                Err(ProposeError::LeaderChanged) => {}
                Err(error) => panic!("{error}"),
            }
        }
        let outage = killed.elapsed();
        assert!(outage < Duration::from_millis(2500), "no write for {outage:?}");
        acknowledged.push((key, revision));
        cluster.nodes[leader].start();
    }
    cluster.assert_equal(revision);
    for node in &cluster.nodes {
        for (key, revision) in &acknowledged {
            let found = node.consensus().view().get(key.as_bytes()).unwrap();
            assert_eq!(found.map(|found| found.mod_revision.0), Some(*revision), "{key}");
        }
    }
}

#[test]
fn a_member_that_was_away_catches_up_by_log() {
    let mut cluster = Cluster::start(|| Arc::new(RocksEngines { cache_bytes: 16 << 20 }), |_| {});
    cluster.nodes[0].put("before", "v").unwrap();
    let away = cluster.follower();
    cluster.nodes[away].kill();
    let leader = cluster.leader();
    let mut revision = 0;
    for number in 0..200 {
        revision = cluster.nodes[leader].put(&format!("k{number}"), "v").unwrap();
    }
    cluster.nodes[away].start();
    cluster.assert_equal(revision);
    assert_eq!(cluster.nodes[away].recorder.replaced.load(Ordering::SeqCst), 0, "no snapshot was needed");
}

fn catches_up_by_snapshot(engines: impl Fn() -> Arc<dyn Engines>) {
    let mut cluster = Cluster::start(engines, |node| {
        node.config.snapshot_entries = 50;
        node.config.catch_up_entries = 10;
    });
    cluster.nodes[0].put("before", "v").unwrap();
    let away = cluster.follower();
    cluster.nodes[away].kill();
    let leader = cluster.leader();
    let mut revision = 0;
    for number in 0..300 {
        revision = cluster.nodes[leader].put(&format!("k{number}"), "v").unwrap();
    }
    // Flushes that only the number of entries calls for are some time apart.
    // Both members must purge: either may lead by the time the third comes back.
    wait_until("the log is purged", || {
        revision = cluster.nodes[leader].put("again", "v").unwrap();
        let mut running = cluster.nodes.iter().filter(|node| node.is_running());
        running.all(|node| node.consensus().purged_index().0 > 100)
    });
    cluster.nodes[away].start();
    cluster.assert_equal(revision);
    // The view is published a moment before the observer hears of it.
    wait_until("a snapshot was installed", || {
        cluster.nodes[away].recorder.replaced.load(Ordering::SeqCst) > 0
    });
    assert_eq!(cluster.nodes[away].get("k7").as_deref(), Some("v"));
    // It goes on with the log, and a restart finds the new state.
    let revision = cluster.nodes[leader].put("after", "v").unwrap();
    cluster.assert_equal(revision);
    cluster.nodes[away].stop();
    cluster.nodes[away].start();
    cluster.assert_equal(revision);
}

#[test]
fn a_member_that_was_away_too_long_catches_up_by_snapshot() {
    catches_up_by_snapshot(|| Arc::new(RocksEngines { cache_bytes: 16 << 20 }));
}

#[test]
fn snapshots_work_in_memory_too() {
    catches_up_by_snapshot(|| Arc::new(MemoryEngines::default()));
}

#[test]
fn a_voter_confirms_only_the_leader_and_the_term_that_has_its_vote() {
    let cluster = Cluster::in_memory();
    let (leader, follower) = (cluster.leader(), cluster.follower());
    let term = cluster.nodes[leader].consensus().status().term.0;
    let url = format!("http://{}", cluster.addresses[follower]);
    let answers = cluster.nodes[leader].block_on(async {
        let mut client = wire::peer_client::PeerClient::connect(url).await.unwrap();
        let mut answers = Vec::new();
        for (from, term) in [(leader, term), (leader, term + 1), (leader, term - 1), (follower, term)] {
            let (from, to) = (from as u64 + 1, follower as u64 + 1);
            let header = Some(wire::Header { cluster_id: 0xc1, from, to });
            let answer = client.confirm(wire::ConfirmRequest { header, term }).await.unwrap();
            answers.push(answer.into_inner().confirmed);
        }
        answers
    });
    assert_eq!(answers, [true, false, false, false]);
}

struct Doubler;

impl AskHandler for Doubler {
    fn answer(
        &self,
        kind: u32,
        payload: bytes::Bytes,
    ) -> std::pin::Pin<Box<dyn Future<Output = Option<bytes::Bytes>> + Send + '_>> {
        Box::pin(
            async move { Some(bytes::Bytes::from([&payload[..], &payload[..], &[kind as u8]].concat())) },
        )
    }
}

#[test]
fn any_member_can_ask_the_leader() {
    let cluster = Cluster::in_memory();
    let leader = cluster.leader();
    cluster.nodes[leader].consensus().serve_asks(Arc::new(Doubler));
    for node in &cluster.nodes {
        let answer = node.block_on(node.consensus().ask_leader(7, bytes::Bytes::from_static(b"x"))).unwrap();
        assert_eq!(&answer[..], b"xx\x07");
    }
}

#[test]
fn a_request_for_another_cluster_is_refused() {
    let cluster = Cluster::in_memory();
    let url = format!("http://{}", cluster.addresses[0]);
    let status = cluster.nodes[0].block_on(async {
        let mut client = wire::peer_client::PeerClient::connect(url).await.unwrap();
        let header = Some(wire::Header { cluster_id: 0xbad, from: 9, to: 1 });
        client.read_index(wire::ReadIndexRequest { header, voted_term: 0 }).await.unwrap_err()
    });
    assert_eq!(status.code(), Code::FailedPrecondition);
    assert!(status.message().contains("belongs to cluster c1, the request is for cluster bad"), "{status}");
}

#[test]
fn every_write_through_a_follower_has_its_own_answer() {
    let cluster = Cluster::in_memory();
    let node = &cluster.nodes[cluster.follower()];
    for number in 0..200 {
        node.put(&format!("one after the other {number}"), "v").unwrap();
    }
    let writers = (0..20).map(|writer| {
        let consensus = node.consensus().clone();
        node.handle().spawn(async move {
            for number in 0..10 {
                let key = format!("w{writer}n{number}");
                let applied = consensus.propose(put(&key, "v")).await.unwrap();
                let seen = consensus.view().get(key.as_bytes()).unwrap().expect("it is applied here");
                assert_eq!(seen.mod_revision, applied.revision);
            }
        })
    });
    let writers: Vec<_> = writers.collect();
    for writer in writers {
        node.block_on(writer).unwrap();
    }
    cluster.assert_equal(401);
}
