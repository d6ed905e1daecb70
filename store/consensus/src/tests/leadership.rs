//! Three members while leadership moves or is missing: no stale read, no write without a quorum, no long gap.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, Instant};

use super::cluster::Cluster;
use super::engines::MemoryEngines;
use super::node::{put, wait_until};
use crate::state::engines::Engines;

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
        cluster.nodes[leader].crash(&engines[leader]);
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
