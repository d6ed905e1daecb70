//! What the log thread makes of operations that come together.

use holdfast_storage::log_engine::{LogEngine, LogMeta};
use holdfast_storage::memory::MemoryLogEngine;
use openraft::async_runtime::Oneshot;
use openraft::entry::RaftEntry;

use super::*;
use crate::counters::Counters;
use crate::data_dir::DataDir;
use crate::entry_codec::{encode_position, encode_vote};
use crate::failure::Failure;
use crate::log::tail::LogTail;
use crate::types::log_id;

type Written = <TokioOneshot as Oneshot>::Receiver<Result<(), io::Error>>;
type TokioOneshot = openraft::type_config::alias::OneshotOf<RaftTypes>;

struct Parts {
    queue: Arc<LogQueue>,
    engine: Arc<MemoryLogEngine>,
    tail: Arc<Mutex<LogTail>>,
    counters: Arc<Counters>,
    thread: LogThread,
    _folder: tempfile::TempDir,
}

fn parts() -> Parts {
    let folder = tempfile::tempdir().unwrap();
    let engine = Arc::new(MemoryLogEngine::new());
    let tail = Arc::new(Mutex::new(LogTail::new(None, None, None, None, 1 << 20)));
    let counters = Arc::new(Counters::default());
    let writer = LogWriter {
        engine: Arc::clone(&engine) as Arc<dyn LogEngine>,
        tail: Arc::clone(&tail),
        counters: Arc::clone(&counters),
        failure: Arc::new(Failure::new()),
        _data_dir: Arc::new(DataDir::open(folder.path()).unwrap()),
        written_committed: None,
        is_quick: true,
        is_ended: false,
    };
    let thread = LogThread { writer: Arc::new(Mutex::new(writer)), in_flight: Arc::default() };
    Parts { queue: Arc::default(), engine, tail, counters, thread, _folder: folder }
}

fn append(parts: &Parts, term: u64, indexes: std::ops::Range<u64>) -> Written {
    let entries: Vec<Entry> = indexes.map(|index| Entry::new_blank(log_id(term, index))).collect();
    let mut tail = parts.tail.lock();
    tail.append(entries.iter().cloned());
    let (done, written) = TokioOneshot::channel();
    let callback = IOFlushed::signal(done);
    parts.queue.push(LogOperation::Append { entries, epoch: tail.epoch(), callback });
    written
}

fn run(parts: Parts) -> (Arc<MemoryLogEngine>, Arc<Counters>) {
    let (done, _) = oneshot::channel();
    parts.queue.push(LogOperation::Stop { done });
    parts.thread.run(&parts.queue);
    (parts.engine, parts.counters)
}

#[test]
fn operations_that_wait_together_share_one_sync_and_the_newest_callback_is_completed() {
    let parts = parts();
    let mut first = append(&parts, 1, 0..3);
    let mut second = append(&parts, 1, 3..5);
    let (done, mut voted) = oneshot::channel();
    parts.queue.push(LogOperation::Vote { vote: Vote::new(2, 1), done });
    let (engine, counters) = run(parts);
    assert_eq!(counters.log_syncs.read().count, 1);
    assert!(first.try_recv().is_err(), "an older callback is dropped: completion is a watermark");
    assert!(matches!(second.try_recv(), Ok(Ok(()))));
    assert!(matches!(voted.try_recv(), Ok(Ok(()))));
    assert_eq!(engine.bounds().unwrap(), Some((1, 5)));
    assert_eq!(engine.meta(LogMeta::Vote).unwrap(), Some(encode_vote(&Vote::new(2, 1))));
}

#[test]
fn entries_that_are_truncated_in_the_same_group_are_never_written() {
    let parts = parts();
    let _first = append(&parts, 1, 0..5);
    parts.tail.lock().truncate_after(Some(log_id(1, 1)));
    parts.queue.push(LogOperation::Truncate { from: 2 });
    let _second = append(&parts, 2, 2..3);
    let (engine, _) = run(parts);
    assert_eq!(engine.bounds().unwrap(), Some((1, 3)));
    let terms: Vec<u64> = engine
        .read(1, 10, usize::MAX)
        .unwrap()
        .into_iter()
        .map(|(_, bytes)| crate::entry_codec::entry_term(bytes).unwrap())
        .collect();
    assert_eq!(terms, vec![1, 1, 2]);
}

#[test]
fn a_purge_in_the_same_group_leaves_out_what_it_covers() {
    let parts = parts();
    let _first = append(&parts, 1, 0..5);
    parts.tail.lock().purge(log_id(1, 2));
    parts.queue.push(LogOperation::Purge { upto: log_id(1, 2) });
    let (engine, _) = run(parts);
    assert_eq!(engine.bounds().unwrap(), Some((4, 5)));
    assert_eq!(engine.meta(LogMeta::Purged).unwrap(), Some(encode_position(&log_id(1, 2))));
}

#[test]
fn a_committed_position_is_only_written_with_its_entries() {
    let parts = parts();
    let _first = append(&parts, 1, 0..3);
    // Followers may have made a quorum for an entry that this disk has not seen.
    parts.tail.lock().set_committed(Some(log_id(1, 9)));
    let (engine, _) = run(parts);
    assert_eq!(engine.meta(LogMeta::Committed).unwrap(), None);

    let parts = self::parts();
    let _first = append(&parts, 1, 0..3);
    parts.tail.lock().set_committed(Some(log_id(1, 2)));
    let (engine, _) = run(parts);
    assert_eq!(engine.meta(LogMeta::Committed).unwrap(), Some(encode_position(&log_id(1, 2))));
}
