//! A member for tests: on a runtime of its own, so that it can be killed with everything it does, and restarted.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use holdfast_core::command::{Command, Operation};
use holdfast_core::ids::{ClusterId, LeaseId, MemberId};
use holdfast_core::request::PutRequest;
use tokio::runtime::Runtime;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;

use super::engines::MemoryEngines;
use crate::data_dir::DataDir;
use crate::handle::{
    AppliedNews, ApplyObserver, Consensus, ConsensusConfig, Founding, MemberIdentity, MembershipRules, Peer,
    Prepared, ProposeError, StartError,
};
use crate::state::engines::Engines;

/// Longest that any awaited condition may take.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Counts news.
#[derive(Default)]
pub struct Recorder {
    /// Events of all revisions.
    pub events: AtomicU64,
    /// How often a snapshot replaced the state.
    pub replaced: AtomicU64,
}

impl ApplyObserver for Recorder {
    fn applied(&self, news: AppliedNews) {
        let events: usize = news.events.iter().map(|revision| revision.events.len()).sum();
        self.events.fetch_add(events as u64, Ordering::SeqCst);
        self.replaced.fetch_add(u64::from(news.replaced), Ordering::SeqCst);
    }
}

/// A member that may be running.
pub struct TestNode {
    /// How it starts.
    pub config: ConsensusConfig,
    /// What it stores on.
    pub engines: Arc<dyn Engines>,
    /// What it told its observer, since the first start.
    pub recorder: Arc<Recorder>,
    address: SocketAddr,
    running: Option<(Runtime, Consensus)>,
}

/// Who a member of the test cluster is.
pub fn founding(member: u64, members: Vec<Peer>) -> Founding {
    let identity = MemberIdentity { cluster_id: ClusterId(0xc1), member_id: MemberId(member) };
    Founding { identity, members }
}

/// A config with etcd's default timing.
pub fn config(member: u64, initial_members: Vec<Peer>, data_dir: PathBuf) -> ConsensusConfig {
    ConsensusConfig {
        founding: Some(founding(member, initial_members)),
        expected_cluster: None,
        membership: MembershipRules::default(),
        data_dir,
        heartbeat_interval: Duration::from_millis(100),
        election_timeout: Duration::from_millis(1000),
        snapshot_entries: 10_000,
        catch_up_entries: 5_000,
        cache_bytes: 16 << 20,
        secure_dial: None,
    }
}

/// A port that is free now.
pub fn free_address() -> SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// A member of a new cluster.
pub fn peer(id: u64, address: SocketAddr) -> Peer {
    Peer {
        id: MemberId(id),
        peer_urls: vec![format!("http://{address}")],
        name: format!("m{id}"),
        is_learner: false,
    }
}

/// A put.
pub fn put(key: &str, value: &str) -> Command {
    Command::from(Operation::Put(PutRequest {
        key: Bytes::copy_from_slice(key.as_bytes()),
        value: Bytes::copy_from_slice(value.as_bytes()),
        lease: LeaseId::NONE,
        prev_kv: false,
        ignore_value: false,
        ignore_lease: false,
    }))
}

/// Waits until `condition` holds.
pub fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < PATIENCE, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

impl TestNode {
    /// A member that is not started yet.
    pub fn new(config: ConsensusConfig, engines: Arc<dyn Engines>, address: SocketAddr) -> TestNode {
        TestNode { config, engines, recorder: Arc::default(), address, running: None }
    }

    /// Starts it, waiting for the end of an earlier life where necessary.
    pub fn start(&mut self) {
        let started = Instant::now();
        loop {
            match self.try_start() {
                Ok(()) => return,
                Err(StartError::DataDir { reason, .. })
                    if reason.contains("in use") && started.elapsed() < PATIENCE =>
                {
                    std::thread::sleep(Duration::from_millis(10));
                }
                Err(error) => panic!("member does not start: {error}"),
            }
        }
    }

    /// Starts it.
    pub fn try_start(&mut self) -> Result<(), StartError> {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let observer = Arc::clone(&self.recorder) as Arc<dyn ApplyObserver>;
        let opening = Prepared::open_on(Arc::clone(&self.engines), self.config.clone());
        let prepared = runtime.block_on(opening)?;
        let consensus = runtime.block_on(prepared.start(observer))?;
        let routes = consensus.peer_routes();
        let address = self.address;
        consensus.peer_runtime().spawn(async move {
            let incoming = loop {
                match TcpIncoming::bind(address) {
                    Ok(incoming) => break incoming.with_nodelay(Some(true)),
                    Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
                }
            };
            Server::builder().add_routes(routes).serve_with_incoming(incoming).await.unwrap();
        });
        self.running = Some((runtime, consensus));
        Ok(())
    }

    /// Ends it at once, as far as a process can do that to a part of itself.
    pub fn kill(&mut self) {
        if let Some((runtime, consensus)) = self.running.take() {
            drop(consensus);
            runtime.shutdown_background();
        }
    }

    /// Stops it in order.
    pub fn stop(&mut self) {
        if let Some((runtime, consensus)) = self.running.take() {
            runtime.block_on(consensus.stop());
            drop(consensus);
            runtime.shutdown_background();
        }
    }

    /// Kills it and waits until its folder may be opened again.
    pub fn kill_and_wait(&mut self) {
        self.kill();
        wait_until("the folder is free", || DataDir::open(&self.config.data_dir).is_ok());
    }

    /// Kills it before it can write down what is committed, as one that ends in order does, and makes `engines` forget
    /// what was not durable.
    pub fn crash(&mut self, engines: &MemoryEngines) {
        engines.fail_writes();
        self.kill_and_wait();
        engines.crash();
        engines.allow_writes();
    }

    /// Whether it runs.
    pub fn is_running(&self) -> bool {
        self.running.is_some()
    }

    /// The running consensus.
    pub fn consensus(&self) -> &Consensus {
        &self.running.as_ref().expect("the member runs").1
    }

    /// Runs something on the member's own runtime.
    pub fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        self.running.as_ref().expect("the member runs").0.block_on(work)
    }

    /// The runtime's handle.
    pub fn handle(&self) -> tokio::runtime::Handle {
        self.running.as_ref().expect("the member runs").0.handle().clone()
    }

    /// Puts a key.
    pub fn put(&self, key: &str, value: &str) -> Result<i64, ProposeError> {
        let applied = self.block_on(self.consensus().propose(put(key, value)))?;
        assert!(applied.result.is_ok(), "{applied:?}");
        Ok(applied.revision.0)
    }

    /// Puts many keys with large values at once, so that they share log batches and take a while to apply; returns the
    /// newest revision.
    pub fn put_many_large(&self, name: &str) -> i64 {
        let value = "v".repeat(64 << 10);
        let proposals = (0..200).map(|number| {
            let (consensus, command) = (self.consensus().clone(), put(&format!("{name}-{number}"), &value));
            self.handle().spawn(async move { consensus.propose(command).await.unwrap().revision.0 })
        });
        let proposals: Vec<_> = proposals.collect();
        proposals.into_iter().map(|proposal| self.block_on(proposal).unwrap()).max().unwrap()
    }

    /// The value of a key as this member has applied it.
    pub fn get(&self, key: &str) -> Option<String> {
        let found = self.consensus().view().get(key.as_bytes()).unwrap()?;
        Some(String::from_utf8(found.value.to_vec()).unwrap())
    }
}

impl Drop for TestNode {
    fn drop(&mut self) {
        self.kill();
    }
}
