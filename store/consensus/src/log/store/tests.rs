//! Which entries Raft's own thread writes. No log thread runs here: what is on disk was written by `append`.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use openraft::async_runtime::Oneshot;
use openraft::entry::RaftEntry;

use super::*;
use crate::counters::Counters;
use crate::data_dir::DataDir;
use crate::failure::Failure;
use crate::state::engines::Engines;
use crate::tests::engines::MemoryEngines;
use crate::types::{MemberNode, Membership, Proposal, log_id};

type TokioOneshot = openraft::type_config::alias::OneshotOf<RaftTypes>;
type Written = <TokioOneshot as Oneshot>::Receiver<Result<(), io::Error>>;

const TERM: u64 = 3;

struct Fixture {
    store: LogStore,
    engines: MemoryEngines,
    _folder: tempfile::TempDir,
}

fn fixture(voters: &[u64], leader: u64) -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let engines = MemoryEngines::syncing_in(Duration::ZERO);
    let engine = engines.open_log(folder.path()).unwrap();
    let tail = Arc::new(Mutex::new(LogTail::new(None, None, None, None, 1 << 20)));
    let writer = LogWriter {
        engine: Arc::clone(&engine),
        tail: Arc::clone(&tail),
        counters: Arc::new(Counters::default()),
        failure: Arc::new(Failure::new()),
        _data_dir: Arc::new(DataDir::open(&folder.path().join("data")).unwrap()),
        written_committed: None,
        is_quick: true,
        is_ended: false,
    };
    let sole_voter = SoleVoter::new(1);
    let voters: BTreeSet<u64> = voters.iter().copied().collect();
    let nodes: BTreeMap<u64, MemberNode> = voters.iter().map(|id| (*id, MemberNode::default())).collect();
    sole_voter.set_membership(&Membership::new(vec![voters], nodes).unwrap());
    sole_voter.set_vote(&Vote::new_committed(TERM, leader));
    sole_voter.set_applied_term(TERM);
    let store = LogStore {
        engine,
        tail,
        queue: Arc::default(),
        writer: Arc::new(Mutex::new(writer)),
        sole_voter: Arc::new(sole_voter),
        committed: Arc::default(),
    };
    Fixture { store, engines, _folder: folder }
}

impl Fixture {
    fn append(&mut self, indexes: std::ops::Range<u64>, bytes: usize) -> Written {
        let entries = indexes.map(|index| {
            let encoded = vec![0; bytes].into();
            Entry::new_normal(log_id(TERM, index), Proposal { command: None, encoded, origin: None })
        });
        let entries: Vec<Entry> = entries.collect();
        let (done, written) = TokioOneshot::channel();
        futures::executor::block_on(self.store.append(entries, IOFlushed::signal(done))).unwrap();
        written
    }

    fn on_disk(&self) -> Option<(u64, u64)> {
        self.store.engine.bounds().unwrap()
    }
}

#[test]
fn a_lone_entry_is_on_disk_when_append_returns() {
    for (voters, leader) in [(&[1][..], 1), (&[1, 2, 3][..], 2)] {
        let mut fixture = fixture(voters, leader);
        let mut written = fixture.append(0..1, 100);
        assert!(matches!(written.try_recv(), Ok(Ok(()))));
        assert_eq!(fixture.on_disk(), Some((1, 1)));
        assert!(fixture.store.queue.is_empty());
    }
}

#[test]
fn an_entry_behind_one_that_is_not_committed_is_left_to_the_log_thread() {
    let mut fixture = fixture(&[1], 1);
    fixture.append(0..1, 100);
    let mut second = fixture.append(1..2, 100);
    assert!(second.try_recv().is_err());
    assert_eq!(fixture.on_disk(), Some((1, 1)));
    assert!(!fixture.store.queue.is_empty());
    fixture.store.committed.store(2, Ordering::Release);
    let mut third = fixture.append(2..3, 100);
    assert!(third.try_recv().is_err(), "it must not overtake what is in the queue");
    assert_eq!(fixture.on_disk(), Some((1, 1)));
}

#[test]
fn several_entries_and_large_ones_are_left_to_the_log_thread() {
    for (indexes, bytes) in [(0..2, 100), (0..1, LONE_ENTRY_BYTES_MAX + 1)] {
        let mut fixture = fixture(&[1], 1);
        assert!(fixture.append(indexes, bytes).try_recv().is_err());
        assert_eq!(fixture.on_disk(), None);
    }
}

#[test]
fn a_leader_of_others_never_waits_for_its_own_disk() {
    let mut fixture = fixture(&[1, 2, 3], 1);
    assert!(fixture.append(0..1, 100).try_recv().is_err());
    assert_eq!(fixture.on_disk(), None);
}

#[test]
fn after_a_slow_sync_the_log_thread_writes() {
    let mut fixture = fixture(&[1], 1);
    fixture.store.writer.lock().is_quick = false;
    assert!(fixture.append(0..1, 100).try_recv().is_err());
    assert_eq!(fixture.on_disk(), None);
}

#[test]
fn after_a_write_that_failed_nothing_is_written_any_more() {
    let mut fixture = fixture(&[1], 1);
    fixture.engines.fail_writes();
    let mut failed = fixture.append(0..1, 100);
    assert!(matches!(failed.try_recv(), Ok(Err(_))));
    assert!(fixture.store.writer.lock().failure.has_failed());
    fixture.engines.allow_writes();
    fixture.store.committed.store(1, Ordering::Release);
    let mut next = fixture.append(1..2, 100);
    assert!(next.try_recv().is_err());
    assert_eq!(fixture.on_disk(), None);
}
