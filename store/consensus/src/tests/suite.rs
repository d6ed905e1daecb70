//! openraft's own tests of a log store and a state machine, on both engines.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use holdfast_core::ids::{ClusterId, MemberId};
use openraft::StorageError;
use openraft::testing::log::{StoreBuilder, Suite};
use tempfile::TempDir;

use super::engines::MemoryEngines;
use crate::handle::{AppliedNews, ApplyObserver, ConsensusConfig, Founding, MemberIdentity, MembershipRules};
use crate::log::store::LogStore;
use crate::log::thread::LogOperation;
use crate::running::Foundation;
use crate::start::open;
use crate::state::engines::{Engines, RocksEngines};
use crate::state::machine::StateMachine;
use crate::types::RaftTypes;

struct Nobody;

impl ApplyObserver for Nobody {
    fn applied(&self, _news: AppliedNews) {}
}

/// Keeps the folder, and ends the threads afterwards.
struct Guard {
    _folder: TempDir,
    foundation: Foundation,
}

impl Drop for Guard {
    fn drop(&mut self) {
        let (done, _) = tokio::sync::oneshot::channel();
        self.foundation.log.queue.push(LogOperation::Stop { done });
        self.foundation.parts.flush.stop();
    }
}

struct Builder<E>(E);

impl<E, F> StoreBuilder<RaftTypes, LogStore, StateMachine, Guard> for Builder<F>
where
    E: Engines,
    F: Fn() -> E + Send + Sync,
{
    async fn build(&self) -> Result<(Guard, LogStore, StateMachine), StorageError<RaftTypes>> {
        let folder = tempfile::tempdir().unwrap();
        let config = ConsensusConfig {
            founding: Some(Founding {
                identity: MemberIdentity { cluster_id: ClusterId(1), member_id: MemberId(1) },
                members: Vec::new(),
            }),
            expected_cluster: None,
            membership: MembershipRules::default(),
            data_dir: folder.path().join("data"),
            heartbeat_interval: Duration::from_millis(100),
            election_timeout: Duration::from_secs(1),
            snapshot_entries: 10_000,
            catch_up_entries: 5_000,
            cache_bytes: 16 << 20,
            secure_dial: None,
        };
        let engines: Arc<dyn Engines> = Arc::new((self.0)());
        let opened = open(engines.as_ref(), &config).unwrap();
        let foundation = Foundation::lay(opened, engines, &config, Arc::new(Nobody)).unwrap();
        let log = foundation.log.clone();
        let state = foundation.state_machine(&Arc::new(AtomicBool::new(true)));
        Ok((Guard { _folder: folder, foundation }, log, state))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn openrafts_suite_passes_on_rocksdb() {
    Suite::test_all(Builder(|| RocksEngines { cache_bytes: 16 << 20 })).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn openrafts_suite_passes_in_memory() {
    Suite::test_all(Builder(MemoryEngines::default)).await.unwrap();
}
