//! Three members over loopback: replication, failover, catching up, reads that are never stale.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, Instant};

use holdfast_core::ids::{MemberId, Revision};
use holdfast_proto::peer as wire;
use tempfile::TempDir;
use tonic::Code;

use super::engines::MemoryEngines;
use super::node::{TestNode, config, free_address, peer, put, wait_until};
use crate::handle::{AskHandler, ProposeError};
use crate::state::engines::{Engines, RocksEngines};

struct Cluster {
    nodes: Vec<TestNode>,
    addresses: Vec<SocketAddr>,
    _folder: TempDir,
}

impl Cluster {
    /// A started cluster, on engines made for each member.
    fn start(engines: impl Fn() -> Arc<dyn Engines>, adjust: impl Fn(&mut TestNode)) -> Cluster {
        let folder = tempfile::tempdir().unwrap();
        let addresses: Vec<SocketAddr> = (0..3).map(|_| free_address()).collect();
        let peers: Vec<_> =
            addresses.iter().enumerate().map(|(index, address)| peer(index as u64 + 1, *address)).collect();
        let nodes = (1..=3_u64).map(|id| {
            let data_dir = folder.path().join(format!("m{id}"));
            let address = addresses[id as usize - 1];
            let mut node = TestNode::new(config(id, peers.clone(), data_dir), engines(), address);
            adjust(&mut node);
            node.start();
            node
        });
        let nodes = nodes.collect();
        let cluster = Cluster { nodes, addresses, _folder: folder };
        cluster.leader();
        cluster
    }

    fn in_memory() -> Cluster {
        Cluster::start(|| Arc::new(MemoryEngines::default()), |_| {})
    }

    /// Index of the leader that a majority of the running members agrees on and that has a quorum.
    fn leader(&self) -> usize {
        let mut found = None;
        wait_until("a leader is known", || {
            found = self.nodes.iter().position(|node| {
                node.is_running() && {
                    let status = node.consensus().status();
                    status.is_leader && self.followers_of(status.leader.unwrap()) >= 2
                }
            });
            found.is_some()
        });
        found.unwrap()
    }

    fn followers_of(&self, leader: MemberId) -> usize {
        let running = self.nodes.iter().filter(|node| node.is_running());
        running.filter(|node| node.consensus().status().leader == Some(leader)).count()
    }

    fn follower(&self) -> usize {
        let leader = self.leader();
        (0..3).find(|index| *index != leader && self.nodes[*index].is_running()).unwrap()
    }

    /// Waits until all running members stand at the same revision with the same content.
    fn assert_equal(&self, revision: i64) {
        wait_until("all members are equal", || {
            let heads = self.nodes.iter().filter(|node| node.is_running()).map(|node| {
                let view = node.consensus().view();
                (view.head().revision, view.head().accumulator)
            });
            let heads: Vec<_> = heads.collect();
            heads.iter().all(|head| *head == heads[0] && head.0 == Revision(revision))
        });
    }
}

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
fn no_linearizable_read_is_stale_while_leadership_moves() {
    let cluster = Cluster::in_memory();
    let acknowledged = Arc::new(AtomicI64::new(1));
    let is_over = Arc::new(AtomicBool::new(false));
    let reads = Arc::new(AtomicI64::new(0));
    let readers = cluster.nodes.iter().flat_map(|node| [node, node]).map(|node| {
        let consensus = node.consensus().clone();
        let (acknowledged, is_over, reads) =
            (Arc::clone(&acknowledged), Arc::clone(&is_over), Arc::clone(&reads));
        node.handle().spawn(async move {
            while !is_over.load(Ordering::SeqCst) {
                let least = acknowledged.load(Ordering::SeqCst);
                if consensus.read_barrier().await.is_ok() {
                    let seen = consensus.view().head().revision.0;
                    assert!(seen >= least, "revision {least} was acknowledged, a read saw {seen}");
                    reads.fetch_add(1, Ordering::SeqCst);
                }
            }
        })
    });
    let readers: Vec<_> = readers.collect();
    for round in 0..4 {
        for number in 0..50 {
            let node = &cluster.nodes[number % 3];
            if let Ok(revision) = node.put(&format!("r{round}k{number}"), "v") {
                acknowledged.fetch_max(revision, Ordering::SeqCst);
            }
        }
        let leader = &cluster.nodes[cluster.leader()];
        leader.block_on(leader.consensus().transfer_leadership(None)).unwrap();
    }
    is_over.store(true, Ordering::SeqCst);
    for reader in readers {
        cluster.nodes[0].block_on(reader).unwrap();
    }
    assert!(acknowledged.load(Ordering::SeqCst) > 150);
    assert!(reads.load(Ordering::SeqCst) > 20, "{reads:?} reads");
}

/// Back before anyone missed it, it must not take up its leadership where its disk says that it was.
#[test]
fn a_leader_that_restarts_at_once_answers_no_stale_read() {
    let engines = std::cell::RefCell::new(Vec::new());
    let new_engines = || {
        let new = Arc::new(MemoryEngines::syncing_in(Duration::from_millis(1)));
        engines.borrow_mut().push(Arc::clone(&new));
        new as Arc<dyn Engines>
    };
    let mut cluster = Cluster::start(new_engines, |_| {});
    let engines = engines.into_inner();
    for round in 0..5 {
        let leader = cluster.leader();
        let acknowledged = cluster.nodes[leader].put_many_large(&format!("round{round}"));
        // What ends in order writes down what is committed; a crash does not.
        engines[leader].fail_writes();
        cluster.nodes[leader].kill();
        let data_dir = cluster.nodes[leader].config.data_dir.clone();
        wait_until("the folder is free", || crate::data_dir::DataDir::open(&data_dir).is_ok());
        engines[leader].crash();
        engines[leader].allow_writes();
        cluster.nodes[leader].start();
        let node = &cluster.nodes[leader];
        node.block_on(node.consensus().read_barrier()).unwrap();
        assert!(node.consensus().view().head().revision.0 >= acknowledged, "round {round}");
    }
}

#[test]
fn a_leader_without_a_quorum_answers_no_read_and_no_write() {
    let mut cluster = Cluster::in_memory();
    cluster.nodes[0].put("a", "1").unwrap();
    let leader = cluster.leader();
    for index in (0..3).filter(|index| *index != leader) {
        cluster.nodes[index].kill();
    }
    let node = &cluster.nodes[leader];
    let consensus = node.consensus();
    let read = node.block_on(async {
        tokio::time::timeout(Duration::from_millis(2500), consensus.read_barrier()).await
    });
    assert!(!matches!(read, Ok(Ok(()))), "{read:?}");
    let write = node.block_on(async {
        tokio::time::timeout(Duration::from_secs(1), consensus.propose(put("b", "2"))).await
    });
    assert!(!matches!(write, Ok(Ok(_))), "{write:?}");
    assert!(!consensus.status().is_leader, "its quorum is gone");
}

#[test]
fn members_without_a_quorum_know_no_leader_and_find_one_again() {
    let mut cluster = Cluster::in_memory();
    let leader = cluster.leader();
    let follower = cluster.follower();
    let third = (0..3).find(|index| *index != leader && *index != follower).unwrap();
    // A leader that nobody follows.
    cluster.nodes[follower].kill();
    cluster.nodes[third].kill();
    wait_until("the leader gives up", || cluster.nodes[leader].consensus().status().leader.is_none());
    cluster.nodes[follower].start();
    assert!(cluster.nodes[cluster.leader()].put("a", "1").is_ok());
    // A follower whose leader is gone, and that cannot elect another.
    let leader = cluster.leader();
    let follower = cluster.follower();
    cluster.nodes[leader].kill();
    wait_until("the follower gives up", || cluster.nodes[follower].consensus().status().leader.is_none());
    cluster.nodes[third].start();
    assert!(cluster.nodes[cluster.leader()].put("b", "2").is_ok());
}

#[test]
fn stopping_the_leader_hands_over_at_once() {
    let mut cluster = Cluster::in_memory();
    cluster.nodes[0].put("a", "1").unwrap();
    let leader = cluster.leader();
    let other = (leader + 1) % 3;
    let stopping = Instant::now();
    cluster.nodes[leader].stop();
    let stop_took = stopping.elapsed();
    assert!(stop_took < Duration::from_millis(1500), "stopping took {stop_took:?}");
    let asking = Instant::now();
    let revision = cluster.nodes[other].put("b", "2").unwrap();
    let write_took = asking.elapsed();
    assert!(write_took < Duration::from_millis(700), "the next write took {write_took:?}");
    cluster.nodes[leader].start();
    cluster.assert_equal(revision);
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
