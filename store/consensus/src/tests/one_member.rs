//! One member alone: proposing, reading, restarting, crashing, sharing of fsyncs.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use holdfast_core::ids::{ClusterId, MemberId};
use holdfast_storage::engine::Engine;
use holdfast_storage::log_engine::LogEngine;
use holdfast_storage::open_error::OpenError;
use tempfile::TempDir;

use super::engines::MemoryEngines;
use super::node::{TestNode, config, founding, free_address, peer, put};
use crate::handle::{ProposeError, StartError};
use crate::state::engines::{Engines, RocksEngines};

fn one_member(folder: &TempDir, engines: Arc<dyn Engines>) -> TestNode {
    let address = free_address();
    TestNode::new(config(1, vec![peer(1, address)], folder.path().join("data")), engines, address)
}

fn rocks() -> Arc<dyn Engines> {
    Arc::new(RocksEngines { cache_bytes: 16 << 20 })
}

#[test]
fn a_put_is_visible_as_soon_as_it_is_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let mut node = one_member(&folder, rocks());
    node.start();
    assert_eq!(node.put("a", "1"), Ok(2));
    assert_eq!(node.get("a").as_deref(), Some("1"));
    assert_eq!(node.recorder.events.load(Ordering::SeqCst), 1);
    node.block_on(node.consensus().read_barrier()).unwrap();
    let status = node.consensus().status();
    assert!(status.is_leader, "{status:?}");
    assert_eq!(status.leader, Some(MemberId(1)));
    assert_eq!(status.applied_index, status.last_log_index);
    assert_eq!(status.members, vec![peer_named(&status.members)]);
}

fn peer_named(members: &[crate::handle::Peer]) -> crate::handle::Peer {
    let only = members.first().expect("one member").clone();
    assert_eq!((only.id, only.name.as_str(), only.is_learner), (MemberId(1), "m1", false));
    only
}

#[test]
fn a_restart_finds_what_was_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let mut node = one_member(&folder, rocks());
    node.start();
    for number in 0..100 {
        node.put(&format!("k{number}"), "v").unwrap();
    }
    let before = node.consensus().view().head().clone();
    node.kill();
    node.start();
    node.block_on(node.consensus().read_barrier()).unwrap();
    let after = node.consensus().view().head().clone();
    assert_eq!((after.revision, after.accumulator), (before.revision, before.accumulator));
    assert_eq!(node.put("another", "v"), Ok(102));
    node.stop();
    node.start();
    node.block_on(node.consensus().read_barrier()).unwrap();
    assert_eq!(node.get("another").as_deref(), Some("v"));
}

#[test]
fn a_crash_that_forgets_everything_unsynced_loses_nothing_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let engines = Arc::new(MemoryEngines::syncing_in(Duration::from_millis(1)));
    let mut node = one_member(&folder, Arc::clone(&engines) as Arc<dyn Engines>);
    node.config.snapshot_entries = 7;
    let mut acknowledged = Vec::new();
    for round in 0..5 {
        node.start();
        for number in 0..20 {
            let key = format!("r{round}k{number}");
            acknowledged.push((key.clone(), node.put(&key, "v").unwrap()));
        }
        node.kill_and_wait();
        engines.crash();
    }
    node.start();
    node.block_on(node.consensus().read_barrier()).unwrap();
    for (key, revision) in acknowledged {
        let found = node.consensus().view().get(key.as_bytes()).unwrap();
        assert_eq!(found.map(|found| found.mod_revision.0), Some(revision), "{key}");
    }
}

/// Entries are acknowledged before it is on disk that they are committed, so a restart has some of them to apply yet.
#[test]
fn the_first_read_after_a_crash_sees_all_that_was_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let engines = Arc::new(MemoryEngines::syncing_in(Duration::from_millis(1)));
    let mut node = one_member(&folder, Arc::clone(&engines) as Arc<dyn Engines>);
    for round in 0..5 {
        node.start();
        let acknowledged = node.put_many_large(&format!("round{round}"));
        node.crash(&engines);
        node.start();
        node.block_on(node.consensus().read_barrier()).unwrap();
        assert_eq!(node.consensus().view().head().revision.0, acknowledged, "round {round}");
        node.kill();
    }
}

/// Raft's metrics know no membership until its task runs; whoever believes them takes this member for no voter at all.
#[test]
fn a_member_alone_leads_on_after_every_crash() {
    let folder = tempfile::tempdir().unwrap();
    let engines = Arc::new(MemoryEngines::syncing_in(Duration::from_millis(1)));
    let mut node = one_member(&folder, Arc::clone(&engines) as Arc<dyn Engines>);
    node.config.heartbeat_interval = Duration::from_millis(10);
    node.config.election_timeout = Duration::from_millis(100);
    node.start();
    for round in 0..5 {
        node.put_many_large(&format!("round{round}"));
        node.crash(&engines);
        node.start();
        // Longer than it takes to give up on a leader that nobody follows.
        std::thread::sleep(Duration::from_millis(400));
        let status = node.consensus().status();
        assert_eq!((status.leader, status.is_leader), (Some(MemberId(1)), true), "round {round}");
        node.put("after", "1").unwrap();
    }
}

#[test]
fn concurrent_proposals_share_an_fsync() {
    let folder = tempfile::tempdir().unwrap();
    let engines = Arc::new(MemoryEngines::syncing_in(Duration::from_millis(5)));
    let mut node = one_member(&folder, engines);
    node.start();
    node.put("first", "v").unwrap();
    let before = node.consensus().counters().log_syncs.read().count;
    let proposals = (0..100).map(|proposer| {
        let consensus = node.consensus().clone();
        node.handle().spawn(async move {
            for number in 0..5 {
                consensus.propose(put(&format!("p{proposer}n{number}"), "v")).await.unwrap();
            }
        })
    });
    let proposals: Vec<_> = proposals.collect();
    for proposal in proposals {
        node.block_on(proposal).unwrap();
    }
    let syncs = node.consensus().counters().log_syncs.read().count - before;
    assert_eq!(node.consensus().view().head().revision.0, 502);
    assert!((5..=50).contains(&syncs), "500 proposals by 100 proposers took {syncs} fsyncs");
}

#[test]
fn a_failed_log_write_ends_the_member() {
    let folder = tempfile::tempdir().unwrap();
    let engines = Arc::new(MemoryEngines::default());
    let mut node = one_member(&folder, Arc::clone(&engines) as Arc<dyn Engines>);
    node.start();
    node.put("a", "1").unwrap();
    engines.fail_writes();
    let outcome = node.put("b", "2");
    assert!(matches!(outcome, Err(ProposeError::Stopped | ProposeError::LeaderChanged)), "{outcome:?}");
    let reason = node.block_on(node.consensus().ended()).to_string();
    assert!(reason.contains("the log cannot be written"), "{reason}");
    assert_eq!(node.put("c", "3"), Err(ProposeError::Stopped));
}

#[test]
fn the_data_says_whose_it_is_and_another_cluster_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut node = one_member(&folder, rocks());
    node.start();
    node.stop();
    node.kill_and_wait();
    node.config.expected_cluster = Some(ClusterId(0xc2));
    let refusal = node.try_start().unwrap_err();
    assert!(matches!(refusal, StartError::OtherCluster { found: 0xc1, expected: 0xc2 }), "{refusal}");
    node.config.expected_cluster = None;
    let stranger = peer(2, free_address());
    for founding in [None, Some(founding(2, vec![stranger]))] {
        node.config.founding = founding;
        node.start();
        let members = node.consensus().status().members;
        assert_eq!(members.iter().map(|member| member.id).collect::<Vec<_>>(), [MemberId(1)]);
        node.put("a", "1").unwrap();
        node.stop();
    }
}

#[test]
fn a_folder_without_a_member_needs_to_be_told_who_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let mut node = one_member(&folder, rocks());
    let told = node.config.founding.take();
    let refusal = node.try_start().unwrap_err();
    assert!(matches!(refusal, StartError::NoMember), "{refusal}");
    node.config.founding = told;
    node.start();
}

/// Engines that can only be opened where the ballast was given up.
struct FullDisk {
    data_dir: PathBuf,
    inner: MemoryEngines,
}

impl FullDisk {
    fn room(&self) -> Result<(), OpenError> {
        let path = self.data_dir.clone();
        let is_full = path.join("reserve").exists();
        let reason = "the test wants it".to_owned();
        if is_full { Err(OpenError::OutOfSpace { path, reason }) } else { Ok(()) }
    }
}

impl Engines for FullDisk {
    fn open_log(&self, path: &Path) -> Result<Arc<dyn LogEngine>, OpenError> {
        self.room().and_then(|()| self.inner.open_log(path))
    }

    fn open_state(&self, path: &Path) -> Result<Arc<dyn Engine>, OpenError> {
        self.room().and_then(|()| self.inner.open_state(path))
    }
}

#[test]
fn a_start_on_a_full_disk_takes_the_ballast() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("data");
    std::fs::create_dir(&data_dir).unwrap();
    std::fs::write(data_dir.join("reserve"), "").unwrap();
    let engines = FullDisk { data_dir: data_dir.clone(), inner: MemoryEngines::default() };
    let mut node = one_member(&folder, Arc::new(engines));
    node.start();
    assert!(!data_dir.join("reserve").exists());
    node.put("a", "1").unwrap();
}

#[test]
fn a_folder_in_use_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut node = one_member(&folder, rocks());
    node.start();
    let mut second = one_member(&folder, rocks());
    let refusal = second.try_start().unwrap_err();
    assert!(refusal.to_string().contains("in use"), "{refusal}");
}
