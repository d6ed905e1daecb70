//! Puts a member's threads and tasks together and takes them apart again: log thread, apply thread, flush thread, one
//! thread for Raft and its connections, and a few tasks on the caller's runtime.

use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Instant;

use holdfast_core::ids::MemberId;
use holdfast_storage::log_engine::LogEngine;
use openraft::async_runtime::watch::WatchReceiver;
use openraft::errors::{InitializeError, RaftError};
use parking_lot::{Mutex, RwLock};
use tokio::runtime::Handle;
use tokio::sync::{Notify, Semaphore, mpsc as tokio_mpsc, oneshot};
use tokio::task::AbortHandle;

use crate::failure::Failure;
use crate::forward;
use crate::forward::pending::PendingForwards;
use crate::handle::{ApplyObserver, ConsensusConfig, Founding, MemberIdentity, StartError};
use crate::leader_heard::LeaderHeard;
use crate::limits::{RETIRED_STATE_GRACE, SHUTDOWN_TIMEOUT, STOP_FLUSH_TIMEOUT};
use crate::log::sole_voter::SoleVoter;
use crate::log::store::LogStore;
use crate::log::tail::LogTail;
use crate::log::thread::{LogOperation, LogQueue, LogThread};
use crate::log::writer::LogWriter;
use crate::member::{Leadership, Member};
use crate::membership::{self, removed::RemovedMembers};
use crate::peers::book::PeerBook;
use crate::peers::link::LinkFactory;
use crate::peers::vote_hold::VoteHold;
use crate::raft_thread::{self, RaftParts, RaftThread};
use crate::read_barrier::{self, ReadBarrier};
use crate::settings::raft_config;
use crate::start::{Opened, initial_nodes, no_thread};
use crate::state::engines::Engines;
use crate::state::flush::FlushClock;
use crate::state::machine::StateMachine;
use crate::state::published::Published;
use crate::state::worker::{self, ApplyWorker, Job, WorkerParts};
use crate::status;
use crate::types::{Raft, StoredMembership, position_or_none};

/// A member with everything that runs for it.
pub struct Running {
    member: Arc<Member>,
    tasks: Vec<AbortHandle>,
    /// Ends the thread of Raft when dropped.
    raft_thread: Mutex<Option<RaftThread>>,
    peer_runtime: Handle,
}

/// What exists before Raft does.
pub struct Foundation {
    /// What the apply thread works with.
    pub parts: WorkerParts,
    /// The log.
    pub log: LogStore,
    in_flight: Arc<AtomicU64>,
    worker: Arc<Mutex<ApplyWorker>>,
    jobs: mpsc::Sender<Job>,
    /// Signalled after each flush.
    flushed: Arc<Notify>,
    is_log_short: bool,
}

impl Foundation {
    /// Wires what was opened and starts the threads that do not need Raft.
    pub fn lay(
        opened: Opened,
        engines: Arc<dyn Engines>,
        config: &ConsensusConfig,
        observer: Arc<dyn ApplyObserver>,
    ) -> Result<Foundation, StartError> {
        let id = opened.identity.member_id.0;
        // The vote on disk is of an earlier life, whatever it says: this one has yet to be elected.
        let sole_voter = Arc::new(SoleVoter::new(id));
        sole_voter.set_applied_term(opened.machine.head().applied.term.0);
        let flushed = Arc::new(Notify::new());
        let on_durable = Arc::clone(&flushed);
        let flush = FlushClock::new(
            Arc::clone(&opened.engine),
            opened.position.clone(),
            config.snapshot_entries,
            move || on_durable.notify_one(),
        );
        let view = opened.machine.read_view(Arc::clone(&opened.rows));
        let removed = RemovedMembers::default();
        removed.replace(opened.removed);
        let parts = WorkerParts {
            published: Arc::new(Published::new(view)),
            observer,
            sole_voter: Arc::clone(&sole_voter),
            forwards: Arc::new(PendingForwards::new(id)),
            flush: Arc::new(flush),
            engines,
            data_dir: opened.data_dir,
            failure: Arc::new(Failure::new()),
            removed: Arc::new(removed),
            counters: Arc::default(),
        };
        let committed = position_or_none(opened.tail.committed().as_ref()).index.0;
        let tail = Arc::new(Mutex::new(opened.tail));
        let log = LogStore {
            committed: Arc::new(AtomicU64::new(committed)),
            writer: Arc::new(Mutex::new(log_writer(&opened.log, &tail, &parts))),
            engine: opened.log,
            tail,
            queue: Arc::new(LogQueue::default()),
            sole_voter,
        };
        let membership = opened.position.membership;
        let worker = ApplyWorker::new(parts.clone(), opened.engine, opened.machine, opened.rows, membership);
        let worker = Arc::new(Mutex::new(worker));
        let in_flight = Arc::new(AtomicU64::new(0));
        start_log_thread(&log, &in_flight)?;
        let jobs = start_apply_thread(&worker)?;
        start_flush_thread(&parts)?;
        Ok(Foundation { parts, log, in_flight, worker, jobs, flushed, is_log_short: opened.is_log_short })
    }

    /// openraft's side of the state machine.
    pub fn state_machine(&self, is_started: &Arc<AtomicBool>) -> StateMachine {
        StateMachine {
            jobs: self.jobs.clone(),
            worker: Arc::clone(&self.worker),
            flush: Arc::clone(&self.parts.flush),
            is_started: Arc::clone(is_started),
        }
    }
}

impl Running {
    /// Starts a member.
    pub async fn start(
        opened: Opened,
        engines: Arc<dyn Engines>,
        config: ConsensusConfig,
        observer: Arc<dyn ApplyObserver>,
    ) -> Result<Running, StartError> {
        let identity @ MemberIdentity { cluster_id, member_id: MemberId(id) } = opened.identity;
        let raft_settings = raft_config(&config, cluster_id)?;
        let foundation = Foundation::lay(opened, engines, &config, observer)?;
        let counters = Arc::clone(&foundation.parts.counters);
        let book = Arc::new(PeerBook::new(identity, counters, config.secure_dial.clone()));
        let is_started = Arc::new(AtomicBool::new(false));
        let raft_parts = RaftParts {
            config: raft_settings,
            id,
            links: LinkFactory { book: Arc::clone(&book) },
            log: foundation.log.clone(),
            state: foundation.state_machine(&is_started),
        };
        let (raft, raft_thread) = raft_thread::start(raft_parts).await?;
        is_started.store(true, Ordering::Release);
        let effective = effective_membership(&raft).await?;
        foundation.parts.sole_voter.set_membership(effective.membership());
        let (forward_queue, forwarded) = tokio_mpsc::unbounded_channel();
        let flushed = Arc::clone(&foundation.flushed);
        let has_others = effective.voter_ids().any(|voter| voter != id);
        let vote_hold = VoteHold::new(foundation.is_log_short && has_others);
        if vote_hold.is_held() {
            raft.runtime_config().elect(false);
        }
        let member = Arc::new(Member {
            id,
            election_timeout: config.election_timeout,
            book,
            published: foundation.parts.published,
            tail: foundation.log.tail,
            committed: foundation.log.committed,
            log_queue: foundation.log.queue,
            sole_voter: foundation.parts.sole_voter,
            flush: foundation.parts.flush,
            forwards: foundation.parts.forwards,
            forward_queue,
            barrier: ReadBarrier::default(),
            vote_hold,
            data_dir: foundation.parts.data_dir,
            failure: foundation.parts.failure,
            asks: RwLock::new(None),
            leadership: Leadership::default(),
            heard: LeaderHeard::default(),
            receiving: Semaphore::new(1),
            in_flight: foundation.in_flight,
            counters: foundation.parts.counters,
            rules: config.membership,
            changes: Arc::default(),
            removed: foundation.parts.removed,
            is_stopping: AtomicBool::new(false),
            raft,
        });
        bootstrap(&member.raft, config.founding.as_ref()).await?;
        if effective.voter_ids().eq([id]) {
            elect_alone(&member.raft).await?;
        }
        status::publish(&member, &member.raft.server_metrics().borrow_watched(), Instant::now());
        let mut tasks = vec![
            spawn(status::run(Arc::clone(&member))),
            spawn(read_barrier::run(Arc::clone(&member))),
            spawn(forward::client::run(Arc::clone(&member), forwarded)),
            spawn(purge_after_flush(Arc::clone(&member), flushed)),
            spawn(remove_retired(Arc::clone(&member))),
        ];
        tasks.extend(membership::start_tasks(&member));
        let peer_runtime = raft_thread.runtime.clone();
        Ok(Running { member, tasks, raft_thread: Mutex::new(Some(raft_thread)), peer_runtime })
    }

    /// What tasks and callers share.
    pub fn member(&self) -> &Arc<Member> {
        &self.member
    }

    /// Where the peer port is best served.
    pub fn peer_runtime(&self) -> &Handle {
        &self.peer_runtime
    }

    /// Hands leadership over, stops Raft, flushes, and writes what is left of the log.
    pub async fn stop(&self) {
        if self.member.is_stopping.swap(true, Ordering::AcqRel) {
            return;
        }
        if self.member.is_leader() {
            // Alone, or with nobody to take over, there is nothing to hand over.
            let _ = self.member.transfer_leadership(None).await;
        }
        // Cut off where it takes longer: nothing that was acknowledged depends on it.
        let _ = tokio::time::timeout(SHUTDOWN_TIMEOUT, self.member.raft.shutdown()).await;
        self.raft_thread.lock().take();
        let (flushed, wait) = oneshot::channel();
        let member = Arc::clone(&self.member);
        std::thread::spawn(move || {
            if let Err(fault) = member.flush.flush() {
                tracing::warn!(%fault, "the state was not flushed; the next start replays the log");
            }
            // The wait for it may be over.
            let _ = flushed.send(());
        });
        let _ = tokio::time::timeout(STOP_FLUSH_TIMEOUT, wait).await;
        let (done, written) = oneshot::channel();
        self.member.log_queue.push(LogOperation::Stop { done });
        let _ = tokio::time::timeout(STOP_FLUSH_TIMEOUT, written).await;
        self.member.flush.stop();
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.member.is_stopping.store(true, Ordering::Release);
        self.raft_thread.lock().take();
        self.member.flush.stop();
        let (done, _) = oneshot::channel();
        self.member.log_queue.push(LogOperation::Stop { done });
        for task in &self.tasks {
            task.abort();
        }
    }
}

fn spawn(task: impl Future<Output = ()> + Send + 'static) -> AbortHandle {
    tokio::spawn(task).abort_handle()
}

fn log_writer(engine: &Arc<dyn LogEngine>, tail: &Arc<Mutex<LogTail>>, parts: &WorkerParts) -> LogWriter {
    LogWriter {
        engine: Arc::clone(engine),
        tail: Arc::clone(tail),
        counters: Arc::clone(&parts.counters),
        failure: Arc::clone(&parts.failure),
        _data_dir: Arc::clone(&parts.data_dir),
        written_committed: None,
        is_quick: true,
        is_ended: false,
    }
}

fn start_log_thread(log: &LogStore, in_flight: &Arc<AtomicU64>) -> Result<(), StartError> {
    let thread = LogThread { writer: Arc::clone(&log.writer), in_flight: Arc::clone(in_flight) };
    let queue = Arc::clone(&log.queue);
    start_thread("raft-log", move || thread.run(&queue))
}

fn start_apply_thread(worker: &Arc<Mutex<ApplyWorker>>) -> Result<mpsc::Sender<Job>, StartError> {
    let (jobs, received) = mpsc::channel();
    let worker = Arc::clone(worker);
    start_thread("apply", move || worker::run(&worker, &received))?;
    Ok(jobs)
}

fn start_flush_thread(parts: &WorkerParts) -> Result<(), StartError> {
    let parts = parts.clone();
    // All of the parts: the folder stays locked for as long as a flush may write.
    start_thread("flush", move || parts.flush.run(&parts.failure))
}

fn start_thread(name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), StartError> {
    std::thread::Builder::new().name(name.to_owned()).spawn(work).map_err(no_thread)?;
    Ok(())
}

/// The newest membership in the log, from Raft's own task: its metrics are empty until that has begun to run.
async fn effective_membership(raft: &Raft) -> Result<Arc<StoredMembership>, StartError> {
    let effective = raft.with_raft_state(|state| Arc::clone(state.membership_state.effective()));
    effective.await.map_err(|fatal| StartError::Raft(fatal.to_string()))
}

/// Makes a new cluster's first membership. Every member of a static cluster does it, with the same content, so that the
/// cluster forms whichever of them come up.
async fn bootstrap(raft: &Raft, founding: Option<&Founding>) -> Result<(), StartError> {
    let refused = |error: &dyn std::fmt::Display| StartError::Raft(error.to_string());
    let Some(founding) = founding.filter(|founding| !founding.members.is_empty()) else { return Ok(()) };
    if raft.is_initialized().await.map_err(|fatal| refused(&fatal))? {
        return Ok(());
    }
    match raft.initialize(initial_nodes(founding)).await {
        Ok(()) => Ok(()),
        // Another member was quicker and has sent its log already.
        Err(RaftError::APIError(InitializeError::NotAllowed(_))) => Ok(()),
        Err(error) => Err(refused(&error)),
    }
}

/// Elects the only voter at once: nobody else could be elected, so there is no reason to wait for the timer.
async fn elect_alone(raft: &Raft) -> Result<(), StartError> {
    raft.trigger().elect(false).await.map_err(|fatal| StartError::Raft(fatal.to_string()))
}

/// Tells Raft after each flush that it may purge the log behind it.
async fn purge_after_flush(member: Arc<Member>, flushed: Arc<Notify>) {
    loop {
        flushed.notified().await;
        if member.raft.trigger().snapshot().await.is_err() {
            return;
        }
    }
}

/// Removes the files of a state that a snapshot replaced, once nobody can still read them.
async fn remove_retired(member: Arc<Member>) {
    let mut before = member.data_dir.active_state();
    loop {
        tokio::time::sleep(RETIRED_STATE_GRACE).await;
        let data_dir = Arc::clone(&member.data_dir);
        let retired_below = before;
        before = data_dir.active_state();
        let removal = tokio::task::spawn_blocking(move || data_dir.remove_states_below(retired_below));
        if let Ok(Err(error)) = removal.await {
            tracing::warn!(%error, "files of an earlier state stay behind");
        }
    }
}
